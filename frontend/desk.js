// 登记台 by keyboard: arrows and Enter choose a caller, the category follows the words, “done already” opens its two fields.
// With somebody chosen Ctrl+Enter dispatches, with nobody it registers; the button says so.
function setUpEnds(form, whom) {
  const settle = () => {
    for (const button of form.querySelectorAll("[data-chosen]")) {
      const its = (button.dataset.chosen === "yes") === Boolean(whom.value);
      button.toggleAttribute("data-default", its);
      button.classList.toggle("btn-primary", its);
    }
  };
  whom.addEventListener("change", settle);
  form.addEventListener("reset", () => setTimeout(settle));
  document.addEventListener("htmx:after:swap", settle);
  window.addEventListener("pageshow", settle);
  settle();
}

export function setUpDesk(root) {
  for (const field of root.querySelectorAll("input[data-choose]")) {
    // Whoever types faster than the page loads has typed already. A chosen caller stays chosen.
    setTimeout(() => { if (field.value && document.getElementById(field.dataset.choose).childElementCount === 0) field.dispatchEvent(new CustomEvent("again")); }, 600);
    const choices = () => [...document.querySelectorAll(`#${field.dataset.choose} [data-choice]`)];
    field.addEventListener("keydown", (event) => {
      const found = choices();
      if (event.isComposing || found.length === 0) {
        if (event.key === "Enter") event.preventDefault();
        return;
      }
      const at = found.findIndex((item) => item.classList.contains("on"));
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        const next = found[(at + (event.key === "ArrowDown" ? 1 : -1) + found.length) % found.length];
        for (const item of found) item.classList.toggle("on", item === next);
        next.scrollIntoView({ block: "nearest" });
      } else if (event.key === "Enter") {
        event.preventDefault();
        (found[at] ?? found[0]).click();
      }
    });
  }
  for (const button of root.querySelectorAll("[data-open]")) button.addEventListener("click", () => {
    const part = document.getElementById(button.dataset.open);
    part.open = true;
    const form = part.closest("form");
    for (const other of form.querySelectorAll("[data-default]")) if (!part.contains(other)) other.removeAttribute("data-default");
    part.querySelector("textarea, input")?.focus();
  });
  const whom = root.querySelector("#to");
  if (whom) setUpEnds(whom.form, whom);
  for (const details of root.querySelectorAll("details.paste")) details.addEventListener("toggle", () => { if (details.open) details.querySelector("textarea").focus(); });
  const category = root.querySelector("select[data-suggest]");
  category?.addEventListener("change", () => { category.dataset.touched = "1"; });
  document.addEventListener("htmx:after:swap", () => {
    const wanted = document.querySelector("#similar [data-category]")?.dataset.category;
    if (category && wanted && !category.dataset.touched && !category.value) category.value = wanted;
  });
}
