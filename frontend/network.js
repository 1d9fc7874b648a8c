// Without network the browser would put its own error page in the place of ours: links and steps stay here and say so.
// (Forms that keep a draft wait for the network by themselves; drafts.js.)
export function setUpNetwork(root) {
  const note = root.getElementById("no-network");
  const stay = (event) => {
    event.preventDefault();
    note.hidden = false;
  };
  const leads = (link) => link.origin === location.origin && !(link.hash && link.pathname + link.search === location.pathname + location.search);
  root.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (link && !navigator.onLine && !event.defaultPrevented && leads(link)) stay(event);
  });
  root.addEventListener("submit", (event) => { if (!navigator.onLine && !event.defaultPrevented) stay(event); });
  window.addEventListener("online", () => { note.hidden = true; });
}
