// What one choice offers depends on another: the sites and departments of the customer that is chosen.
async function follow(select) {
  const answer = await fetch(`${location.pathname}?${new URLSearchParams({ [select.name]: select.value })}`, { headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const name of select.dataset.narrows.split(" ")) {
    const [mine, theirs] = [document.getElementById(`id_${name}`), page.getElementById(`id_${name}`)];
    if (!mine || !theirs) continue;
    const chosen = mine.value;
    mine.replaceChildren(...[...theirs.options].map((option) => new Option(option.text, option.value)));
    mine.value = [...mine.options].some((option) => option.value === chosen) ? chosen : "";
  }
}

export function setUpNarrowing(root) {
  for (const select of root.querySelectorAll("select[data-narrows]")) select.addEventListener("change", () => follow(select));
}
