// The key shown on a control presses it. Not while somebody types, but for Ctrl+Enter.
const typing = (target) => target.matches?.("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]");

export function setUpKeys(root) {
  root.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.ctrlKey) {
      event.target.closest("form")?.requestSubmit(event.target.closest("form").querySelector("[data-default]") ?? undefined);
      return;
    }
    const alt = event.altKey ? "Alt+" : "";
    if (event.ctrlKey || event.metaKey || (typing(event.target) && !alt && event.key !== "Escape")) return;
    const wanted = alt + (event.code.startsWith("Digit") ? event.code.slice(5) : event.key.length === 1 ? event.key.toUpperCase() : event.key);
    const control = root.querySelector(`[data-key="${CSS.escape(wanted)}"]`);
    if (!control) return;
    event.preventDefault();
    if (control.matches("input:not([type=radio]):not([type=checkbox]), textarea, select")) control.focus();
    else control.click();
  });
}
