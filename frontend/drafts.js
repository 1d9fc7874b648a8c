// What was typed survives a lost connection: kept in this browser until the form has been sent.
const kept = (form) => [...form.elements].filter((e) => e.name && !["hidden", "password", "file", "submit", "button"].includes(e.type) && e.name !== "csrfmiddlewaretoken");

export function setUpDrafts(root) {
  for (const form of root.querySelectorAll("form[data-draft]")) {
    const key = `yz-draft:${form.dataset.draft}`;
    const note = form.querySelector("[data-draft-note]");
    const show = (which) => { if (note) note.textContent = note.dataset[which] ?? ""; };
    const stored = JSON.parse(localStorage.getItem(key) ?? "null");
    if (stored && !form.dataset.answered) {
      for (const field of kept(form)) {
        const value = stored[field.name];
        if (value === undefined) continue;
        if (["radio", "checkbox"].includes(field.type)) field.checked = [].concat(value).includes(field.value);
        else field.value = value;
      }
      show("restored");
    }
    form.addEventListener("input", () => {
      const values = {};
      for (const field of kept(form)) {
        if (["radio", "checkbox"].includes(field.type)) { if (field.checked) values[field.name] = [...(values[field.name] ?? []), field.value]; }
        else values[field.name] = field.value;
      }
      localStorage.setItem(key, JSON.stringify(values));
      show(navigator.onLine ? "saved" : "offline");
    });
    form.addEventListener("submit", (event) => {
      if (!navigator.onLine) {
        event.preventDefault();
        show("offline");
        window.addEventListener("online", () => form.requestSubmit(), { once: true });
        return;
      }
      sessionStorage.setItem("yz-sent", key);
    });
  }
  const sent = sessionStorage.getItem("yz-sent");
  if (sent && !document.querySelector("form[data-answered]")) localStorage.removeItem(sent);
  sessionStorage.removeItem("yz-sent");
}
