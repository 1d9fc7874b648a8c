// Forms tell what is wrong in our own words, beside the entry, and only as long as it is so.
const entry = (field) => field?.closest(".field, fieldset") ?? field?.parentElement;

const named = (field) => [...entry(field).querySelectorAll(`[name="${CSS.escape(field.name)}"]`)];
const describing = (field) => (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && !id.endsWith("_error"));
const errorOf = (field) => entry(field).querySelector(":scope > .err");

// What was said of an entry ends with the next change of it, unless it was missing and still is; above the form, too.
function settle(event) {
  const field = event.target, box = field.name && entry(field);
  if (!box || (field.required && !field.value.trim())) return;
  errorOf(field)?.remove();
  for (const one of named(field)) {
    one.removeAttribute("aria-invalid");
    one.setAttribute("aria-describedby", describing(one).join(" "));
  }
  for (const problems of document.querySelectorAll(".problems")) {
    for (const link of problems.querySelectorAll("li a")) if (entry(document.getElementById(link.hash.slice(1))) === box) link.closest("li").remove();
    if (!problems.querySelector("li")) problems.remove();
  }
}

function wordsFor({ validity, type, min, max, dataset }) {
  const said = document.body.dataset;
  if (validity.valueMissing) return dataset.needed ?? said.needed;
  if (validity.rangeOverflow) return said.most.replace("{limit}", max);
  if (validity.rangeUnderflow) return said.least.replace("{limit}", min);
  return type === "email" ? said.wrongEmail : said.wrong;
}

// What the browser finds wrong: its own bubble gives way to a line beside the entry.
function tell(event) {
  const field = event.target, words = wordsFor(field), told = errorOf(field);
  event.preventDefault();
  field.setAttribute("aria-invalid", "true");
  if (told) told.textContent = words;
  else {
    const line = Object.assign(document.createElement("span"), { className: "err", id: `${field.id || field.name}_error`, role: "alert", textContent: words });
    if (field.parentElement === entry(field)) field.after(line);
    else entry(field).append(line);
    field.setAttribute("aria-describedby", [...describing(field), line.id].join(" "));
  }
  const first = field.form.querySelector("input:invalid, select:invalid, textarea:invalid");
  if (first === field) field.focus();
}

const inSight = (field) => {
  const { top, bottom } = entry(field).getBoundingClientRect();
  return top >= 0 && bottom <= window.innerHeight;
};

// A form that came back: the caret stands in the first entry that was refused; the list above is for what is out of sight.
function comeBack(root) {
  const list = root.querySelector(".problems");
  const listed = [...root.querySelectorAll(".problems li a")].map((link) => root.getElementById(link.hash.slice(1)));
  const refused = [...new Set([...listed, ...root.querySelectorAll("main [aria-invalid=true]")])].filter(Boolean);
  const [first] = refused.sort((one, other) => (one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
  if (!first) return;
  for (let part = first.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  first.focus({ preventScroll: true });
  entry(first).scrollIntoView({ block: "center" });
  if (list && refused.every(inSight)) list.hidden = true;
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
  comeBack(root);
}
