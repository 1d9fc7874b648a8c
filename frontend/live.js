// Live news: the page says what it shows, and asks again through the gate when that changed.
export function setUpLive(root) {
  const source = document.body.dataset.stream;
  const target = root.querySelector("[data-live]");
  if (!source || !target) return;
  const wanted = target.dataset.live;
  const note = document.getElementById("live-note");
  const stream = new EventSource(source);
  stream.onmessage = (event) => {
    const news = JSON.parse(event.data);
    if (wanted === "any" || wanted === news.number) note?.removeAttribute("hidden");
  };
}
