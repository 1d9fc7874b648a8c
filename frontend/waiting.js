// Which other drafts of this kind wait here: whose, since when; to be taken up or discarded;
// what was discarded can be brought back until the page goes.
import { clock, drop, keyOf, ours, read, write } from "./drafts.js";

// `desk`, `desk-call7`, `desk-call7-12` and `desk-12` say by themselves where they are written on.
function addressOf(place, object) {
  const [, call, caller] = object.match(/^\D+?(?:-call(\d+))?(?:-(\d+))?$/) ?? [];
  const query = new URLSearchParams({ ...(caller && { caller }), ...(call && { call }) }).toString();
  return query ? `${place}?${query}` : place;
}

export function setUpWaiting(root) {
  for (const box of root.querySelectorAll("[data-waiting]")) {
    const kind = box.dataset.waiting, list = box.querySelector("ul");
    const here = root.querySelector(`form[data-draft^="${kind}"]`)?.dataset.draft;
    const first = (draft, name) => draft.fields[name]?.value?.[0]?.trim() ?? "";
    for (const key of ours()) {
      const object = key.slice(keyOf("").length);
      if (object === here || !(object === kind || object.startsWith(`${kind}-`))) continue;
      const draft = read(object), line = box.querySelector("template").content.cloneNode(true).firstElementChild;
      const [who, since, words] = line.querySelectorAll("b, span");
      who.textContent = draft.label || [first(draft, "name"), first(draft, "phone")].filter(Boolean).join(" ") || box.dataset.nobody;
      since.textContent = clock(draft.at);
      words.textContent = first(draft, "subject");
      line.querySelector("a").href = addressOf(box.dataset.address, object);
      const shown = [...line.childNodes], back = Object.assign(document.createElement("button"), { type: "button", textContent: box.dataset.back });
      line.querySelector("button").addEventListener("click", () => {
        drop(object);
        line.replaceChildren(Object.assign(document.createElement("div"), { className: "t3", textContent: `${who.textContent} · ${box.dataset.gone}` }), back);
        back.focus();
      });
      back.addEventListener("click", () => {
        write(object, draft);
        line.replaceChildren(...shown);
      });
      list.append(line);
    }
    box.hidden = list.childElementCount === 0;
  }
}
