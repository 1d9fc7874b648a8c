// Live news: the page asks again through the gate, and takes over the parts in which nobody works.
export function setUpLive(root) {
  const source = document.body.dataset.stream;
  if (!source) return;
  const target = root.querySelector("[data-live]");
  const wanted = target?.dataset.live;
  const look = root.querySelector("[data-presence]");
  const note = document.getElementById("live-note");
  const stream = new EventSource(look ? `${source}&ticket=${encodeURIComponent(look.dataset.number)}` : source);
  let waiting;
  const heard = new Set(); // who comes back while a long transaction is under way is told some things again
  const soon = () => { clearTimeout(waiting); waiting = setTimeout(() => refresh(note), 400); };
  stream.onmessage = (event) => {
    const news = JSON.parse(event.data);
    if (heard.has(news.event)) return;
    if (news.event) heard.add(news.event);
    if (heard.size > 2000) heard.delete(heard.values().next().value);
    if (news.type === "Presence") showPeople(look, news.people);
    else if (news.type === "CallRinging") { ring(news.call); if (wanted === "calls") soon(); }
    else if (news.type === "Reload") { // away too long to be told each thing
      document.body.dispatchEvent(new CustomEvent("news"));
      if (wanted) soon();
    } else if (news.type === "NewsPosted") {
      document.body.dispatchEvent(new CustomEvent("news"));
      tellDesktop();
    } else if (wanted === "any" || (wanted && wanted === news.number)) soon();
  };
  if (look) setUpPresence(look);
}

const busy = (part) => part.contains(document.activeElement) && document.activeElement !== document.body
  || [...part.querySelectorAll("input, textarea, select")].some((field) => (field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked : field.tagName !== "SELECT" && field.type !== "hidden" && field.value !== field.defaultValue))
  || part.querySelector("details[open]");

async function refresh(note) {
  const parts = [...document.querySelectorAll("[data-live-part]")];
  if (parts.length === 0) { note?.removeAttribute("hidden"); return; }
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) { note?.removeAttribute("hidden"); return; }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of parts) {
    const other = fresh.querySelector(`[data-live-part="${part.dataset.livePart}"]`);
    if (!other || other.innerHTML === part.innerHTML) continue;
    if (busy(part)) { note?.removeAttribute("hidden"); continue; }
    part.replaceChildren(...other.childNodes);
    document.dispatchEvent(new CustomEvent("yz:part", { detail: part }));
  }
}

// Who else is here: told while the page is seen, and when somebody types.
function setUpPresence(look) {
  const token = document.querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "";
  const tell = (more) => {
    const body = new URLSearchParams({ csrfmiddlewaretoken: token, ...more });
    if (more.gone) navigator.sendBeacon(look.dataset.presence, body);
    else fetch(look.dataset.presence, { method: "POST", body }).catch(() => {});
  };
  let typed = 0;
  tell({});
  setInterval(() => { if (document.visibilityState === "visible") tell({}); }, 20000);
  document.addEventListener("input", (event) => {
    if (!event.target.matches("textarea") || Date.now() - typed < 3000) return;
    typed = Date.now();
    tell({ typing: "1" });
  });
  window.addEventListener("pagehide", () => tell({ gone: "1" }));
}

function showPeople(look, people) {
  if (!look) return;
  const words = { looks: look.dataset.looks, types: look.dataset.types };
  look.replaceChildren(...people.map((person) => {
    const chip = document.createElement("span");
    chip.className = "yz-tag soft";
    chip.textContent = `${person.name} ${person.typing ? words.types : words.looks}`;
    return chip;
  }));
}

// The caller's card, fetched through the gate, above whatever is open.
async function ring(call) {
  const answer = await fetch(`/calls/${call}/card/`, { headers: { "HX-Request": "true" } });
  if (!answer.ok) return;
  const place = document.getElementById("ringing") ?? document.body.appendChild(Object.assign(document.createElement("div"), { id: "ringing" }));
  place.innerHTML = await answer.text();
  place.querySelector("[data-close]").addEventListener("click", () => place.replaceChildren());
}

// A desktop notice, where the person asked for it and does not look at the page anyway.
function tellDesktop() {
  if (!("Notification" in window) || Notification.permission !== "granted" || document.visibilityState === "visible") return;
  const shown = new Notification("一站", { body: document.documentElement.lang === "en" ? "There is news for you." : "有新消息", tag: "yizhan-news" });
  shown.onclick = () => { window.focus(); location.href = "/news/"; };
}

export function setUpDesktopNews(root) {
  for (const button of root.querySelectorAll("[data-desktop-news]")) {
    if (!("Notification" in window)) { button.hidden = true; continue; }
    const show = () => { button.disabled = Notification.permission !== "default"; button.classList.toggle("ok", Notification.permission === "granted"); };
    button.addEventListener("click", async () => { await Notification.requestPermission(); show(); });
    show();
  }
}
