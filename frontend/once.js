// One press too many sends nothing twice: until the page goes nothing is sent again, and each form carries a key by which
// the server knows it when it arrives again (site/once.py). A form that keeps a draft has the draft's key.
// Held no longer than the server waits for a first copy: then that one is lost.
const LOST = 60000;

// (`randomUUID` needs HTTPS, which not every house has.)
export const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

function keyField(form) {
  const found = form.querySelector("input[name=draft_key]");
  return found ?? form.appendChild(Object.assign(document.createElement("input"), { type: "hidden", name: "draft_key" }));
}

export function setUpOnce(root) {
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (Date.now() - Number(form.dataset.sentAt ?? 0) < LOST) {
      event.preventDefault();
      return;
    }
    form.dataset.sentAt = Date.now();
    const field = keyField(form);
    field.value ||= newKey();
  });
  // Stopped by its sender: the page stays, and the next press is meant. (No form is answered with a file; those are links.)
  window.navigation?.addEventListener("navigateerror", () => { for (const form of root.querySelectorAll("form[data-sent-at]")) delete form.dataset.sentAt; });
  // Back from the browser's own memory: a page with a form that was sent is asked for again.
  window.addEventListener("pageshow", (event) => { if (event.persisted && root.querySelector("form[data-sent-at]")) location.reload(); });
}
