// Live news: the page says what it shows, and asks again through the gate when that changed.
export function setUpLive(root) {
  const source = document.body.dataset.stream;
  if (!source) return;
  const target = root.querySelector("[data-live]");
  const wanted = target?.dataset.live;
  const note = document.getElementById("live-note");
  const stream = new EventSource(source);
  stream.onmessage = (event) => {
    const news = JSON.parse(event.data);
    if (news.type === "CallRinging") ring(news.call);
    else if (news.type === "NewsPosted") {
      document.body.dispatchEvent(new CustomEvent("news"));
      tellDesktop();
    } else if (wanted && (wanted === "any" || wanted === news.number)) note?.removeAttribute("hidden");
  };
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
