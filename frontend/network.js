// Without network the browser would put its own error page in the place of ours: links and steps stay here and say so.
// Forms that keep a draft wait for the network by themselves (drafts.js). Each says one thing: what is kept leaves by
// itself, what is not kept has not left, and a link leads nowhere just now.
const beside = Object.assign(document.createElement("p"), { className: "beside sm", role: "status" });

// Where the eye is: under the row of the button that was pressed; in a bar that stays in sight, above it.
export function tellBeside(button, words) {
  const row = button.closest(".dock, .foot, .ends, .bar") ?? button;
  beside.textContent = words;
  if (row.matches(".dock")) row.prepend(beside);
  else row.after(beside);
  beside.scrollIntoView({ block: "nearest" });
}

export const wordsOffline = (which) => document.getElementById("no-network").dataset[which];

export function setUpNetwork(root) {
  const note = root.getElementById("no-network");
  const stay = (event, which) => {
    event.preventDefault();
    note.querySelector("[data-words]").textContent = wordsOffline(which);
    note.hidden = false;
  };
  const leads = (link) => link.origin === location.origin && !(link.hash && link.pathname + link.search === location.pathname + location.search);
  root.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (link && !navigator.onLine && !event.defaultPrevented && leads(link)) stay(event, "shut");
  });
  root.addEventListener("submit", (event) => { if (!navigator.onLine && !event.defaultPrevented) stay(event, event.target.method === "get" ? "shut" : "unsent"); });
  window.addEventListener("online", () => { note.hidden = true; beside.remove(); });
}
