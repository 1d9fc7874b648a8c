import { tellBeside, wordsOffline } from "./network.js";
import { newKey } from "./once.js";

// What somebody typed and has not sent. A draft belongs to one person and one object, holds only what he changed
// himself, and ends when it was sent, cleared, seven days old, or when he signs out (or somebody else signs in here).
const PREFIX = "yz-draft:";
const SENT = "yz_sent.";
const LIFE = 7 * 24 * 3600 * 1000;
const NEVER = ["hidden", "password", "file", "submit", "button", "reset"];
const ticks = (field) => ["radio", "checkbox"].includes(field.type);

const person = () => document.body.dataset.person ?? "";
export const keyOf = (object) => `${PREFIX}${person()}:${object}`;
export const read = (object) => JSON.parse(localStorage.getItem(keyOf(object)) ?? "null");
export const write = (object, draft) => localStorage.setItem(keyOf(object), JSON.stringify(draft));
export const drop = (object) => localStorage.removeItem(keyOf(object));
export const ours = () => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

function groups(form) {
  const found = new Map();
  for (const field of form.elements) {
    if (!field.name || NEVER.includes(field.type) || field.dataset.noDraft !== undefined) continue;
    found.set(field.name, [...(found.get(field.name) ?? []), field]);
  }
  return found;
}

function chosen(select, which) {
  const values = [...select.options].filter((option) => option[which]).map((option) => option.value);
  return values.length || select.multiple ? values : [select.options[0]?.value ?? ""];
}

// What stands in the fields, and what the server put there.
const now = (fields) => fields.flatMap((field) => ticks(field) ? (field.checked ? [field.value] : []) : field.options ? chosen(field, "selected") : [field.value]);
const filled = (fields) => fields.flatMap((field) => ticks(field) ? (field.defaultChecked ? [field.value] : []) : field.options ? chosen(field, "defaultSelected") : [field.defaultValue]);

function put(fields, values) {
  fields.forEach((field, at) => {
    if (ticks(field)) field.checked = values.includes(field.value);
    else if (!field.options) field.value = values[at] ?? "";
    else if (values.every((value) => [...field.options].some((option) => option.value === value))) for (const option of field.options) option.selected = values.includes(option.value);
  });
}

export function clock(at) {
  const day = new Date(at);
  const two = (number) => String(number).padStart(2, "0");
  const time = `${two(day.getHours())}:${two(day.getMinutes())}`;
  return day.toDateString() === new Date().toDateString() ? time : `${two(day.getMonth() + 1)}-${two(day.getDate())} ${time}`;
}

// Old ones, those of others and those of earlier versions go; so does what the server says has arrived.
function sweep() {
  const names = document.cookie.split("; ").map((cookie) => cookie.split("=")[0]);
  for (const name of names.filter((name) => name.startsWith(SENT))) {
    drop(name.slice(SENT.length));
    document.cookie = `${name}=; path=/; max-age=0; samesite=strict`;
  }
  for (const key of ours()) {
    const draft = JSON.parse(localStorage.getItem(key) ?? "null");
    if (!key.startsWith(keyOf("")) || !draft?.fields || Date.now() - draft.at > LIFE) localStorage.removeItem(key);
  }
}

function restore(form, object, note) {
  const draft = read(object);
  let any = false;
  for (const [name, fields] of draft ? groups(form) : []) {
    const kept = draft.fields[name];
    if (!kept || !same(kept.base, filled(fields))) continue; // the server knows something newer
    put(fields, kept.value);
    any = true;
  }
  if (!any) return;
  if (draft.carried) {
    write(object, { ...draft, carried: undefined, label: form.dataset.draftLabel });
    return;
  }
  const clear = Object.assign(document.createElement("button"), { type: "button", textContent: note?.dataset.clear ?? "" });
  clear.addEventListener("click", () => {
    drop(object);
    form.reset();
    note.replaceChildren();
  });
  note?.replaceChildren(note.dataset.restored.replace("{time}", clock(draft.at)), " · ", clear);
}

function keep(form, object, name) {
  const fields = groups(form).get(name);
  if (!fields) return false;
  const draft = read(object) ?? { fields: {}, key: newKey() };
  const base = draft.fields[name]?.base ?? filled(fields);
  const value = now(fields);
  if (same(value, base)) delete draft.fields[name];
  else draft.fields[name] = { value, base };
  if (Object.keys(draft.fields).length) write(object, { ...draft, at: Date.now(), label: form.dataset.draftLabel });
  else drop(object);
  return true;
}

// Chosen files stand on the page only: of them nobody is told that they are kept.
function send(form, event) {
  if (navigator.onLine) return;
  event.preventDefault();
  const submitter = event.submitter ?? form.querySelector("[data-default]");
  const files = [...form.elements].some((field) => field.files?.length);
  tellBeside(submitter, wordsOffline(files ? "unsent" : "kept"));
  if (form.dataset.waits) return;
  form.dataset.waits = "1";
  window.addEventListener("online", () => { delete form.dataset.waits; form.requestSubmit(submitter); }, { once: true });
}

function setUpForm(form) {
  const object = form.dataset.draft;
  const note = form.querySelector("[data-draft-note]");
  const show = (which) => note?.replaceChildren(note.dataset[which]);
  const hidden = (name, value) => form.appendChild(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  hidden("draft", object);
  const key = hidden("draft_key", "");
  if (!form.dataset.answered) restore(form, object, note);
  key.value = read(object)?.key ?? ""; // kept here: another tab may have sent and forgotten the draft meanwhile
  form.addEventListener("input", (event) => { if (keep(form, object, event.target.name)) show("saved"); key.value = read(object)?.key ?? ""; });
  form.addEventListener("submit", (event) => send(form, event));
}

export function setUpDrafts(root) {
  if (!person()) return;
  sweep();
  for (const form of root.querySelectorAll("form[data-draft]")) setUpForm(form);
  for (const form of root.querySelectorAll("form[data-sign-out]")) form.addEventListener("submit", () => { if (navigator.onLine) ours().forEach((key) => localStorage.removeItem(key)); });
  // On the way to another page of the same work, the draft goes along.
  root.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-draft-to]");
    const from = event.defaultPrevented ? "" : link?.closest("form[data-draft]")?.dataset.draft;
    const draft = from && read(from);
    if (!draft) return;
    write(link.dataset.draftTo, { ...draft, fields: { ...read(link.dataset.draftTo)?.fields, ...draft.fields }, carried: true });
    drop(from);
  });
}
