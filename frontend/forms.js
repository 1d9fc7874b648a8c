// Forms tell what is wrong in our own words, beside the entry, and only as long as it is so.
const entry = (field) => field?.closest(".field, fieldset") ?? field?.parentElement;

// What was said of an entry ends with the first letter that goes into it; above the form, too.
function settle(event) {
  const field = event.target, box = field.name && field.value?.trim() && entry(field);
  if (!box) return;
  for (const words of box.querySelectorAll(":scope > .err")) words.remove();
  field.removeAttribute("aria-invalid");
  for (const problems of document.querySelectorAll(".problems")) {
    for (const link of problems.querySelectorAll("li a")) if (entry(document.getElementById(link.hash.slice(1))) === box) link.closest("li").remove();
    if (!problems.querySelector("li")) problems.remove();
  }
}

// What must be filled and is not: the browser's own bubble gives way to a line beside the entry.
function tell(event) {
  const field = event.target;
  if (!field.validity.valueMissing) return;
  event.preventDefault();
  field.setAttribute("aria-invalid", "true");
  if (!entry(field).querySelector(":scope > .err")) field.after(Object.assign(document.createElement("span"), { className: "err", role: "alert", textContent: field.dataset.needed ?? document.body.dataset.needed }));
  const first = field.form.querySelector("input:invalid, select:invalid, textarea:invalid");
  if (first === field) field.focus();
}

// “All” and single ones exclude each other: to choose one is to say “only these”, to say “all” is to choose none.
function exclude(event) {
  const field = event.target;
  if (!field.form || !field.checked) return;
  if (field.dataset.allOr && field.value === "all") for (const box of field.form.querySelectorAll(`[name="${field.dataset.allOr}"]`)) box.checked = false;
  const some = field.form.querySelector(`[data-all-or="${CSS.escape(field.name)}"][value="some"]`);
  if (some) some.checked = true;
}

export function setUpForms(root) {
  root.addEventListener("input", settle);
  root.addEventListener("change", settle);
  root.addEventListener("change", exclude);
  root.addEventListener("invalid", tell, true);
}
