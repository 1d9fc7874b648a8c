// Ctrl-K: go to any page, record or next step by a few letters. The page's own steps come from its keys.
const typing = (event) => event.key === "k" && (event.ctrlKey || event.metaKey);

export function setUpPalette(root) {
  const box = root.getElementById("palette");
  if (!box) return;
  const field = box.querySelector("input");
  const list = box.querySelector("[data-palette-list]");
  const own = box.querySelector("[data-palette-own]");
  const choices = () => [...box.querySelectorAll("[data-choice]")].filter((item) => !item.hidden);

  // What was found for other letters must not be chosen by a quick Enter.
  function narrow() {
    const words = field.value.trim().toLowerCase();
    const current = list.querySelector("[data-q]")?.dataset.q.toLowerCase() === words;
    for (const item of list.querySelectorAll("[data-choice]")) item.hidden = !current && !item.textContent.toLowerCase().includes(words);
  }

  function showOwn() {
    const words = field.value.trim().toLowerCase();
    narrow();
    const controls = [...document.querySelectorAll("main [data-key]")].filter((control) => control.matches("a, button") && control.offsetParent);
    own.replaceChildren(...controls.filter((control) => control.innerText.toLowerCase().includes(words)).slice(0, 8).map((control) => {
      const item = document.createElement("button");
      item.type = "button"; item.className = "caller"; item.dataset.choice = "";
      item.textContent = control.innerText.trim().replace(/\s+/g, " ");
      item.addEventListener("click", () => { box.close(); control.click(); });
      return item;
    }));
  }

  function mark(step) {
    const found = choices();
    if (found.length === 0) return;
    const at = found.findIndex((item) => item.classList.contains("on"));
    const next = found[(at + step + found.length) % found.length];
    for (const item of found) item.classList.toggle("on", item === next);
    next.scrollIntoView({ block: "nearest" });
  }

  function open() {
    if (box.open) return;
    box.showModal();
    field.value = "";
    field.dispatchEvent(new CustomEvent("again"));
    showOwn();
    field.focus();
  }

  document.addEventListener("keydown", (event) => { if (typing(event)) { event.preventDefault(); open(); } });
  for (const button of root.querySelectorAll("[data-palette-open]")) button.addEventListener("click", open);
  field.addEventListener("input", showOwn);
  document.addEventListener("htmx:after:swap", narrow);
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); box.close(); return; }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); mark(event.key === "ArrowDown" ? 1 : -1); }
    else if (event.key === "Enter") { event.preventDefault(); (choices().find((item) => item.classList.contains("on")) ?? choices()[0])?.click(); }
  });
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
  list.addEventListener("click", () => box.close());
}

// What the last step changed can be put back for ten seconds; then the offer goes.
export function setUpUndo(root) {
  for (const form of root.querySelectorAll("form.undo")) setTimeout(() => form.remove(), Number(form.dataset.seconds) * 1000);
}
