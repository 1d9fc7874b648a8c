// The batch bar: appears with the first chosen row, counts, and goes with the last.
export function setUpBatch(root) {
  for (const form of root.querySelectorAll("form[data-batch]")) {
    const bar = form.querySelector("[data-batch-bar]");
    if (!bar) continue;
    const boxes = () => [...form.querySelectorAll("td.pickcell input")];
    const show = () => {
      const all = form.querySelector("[data-pick-all]");
      const chosen = boxes().filter((box) => box.checked);
      bar.hidden = chosen.length === 0;
      bar.querySelector("[data-batch-count]").textContent = chosen.length;
      for (const box of boxes()) box.closest("tr").classList.toggle("sel", box.checked);
      if (all) all.checked = chosen.length > 0 && chosen.length === boxes().length;
    };
    form.addEventListener("change", (event) => {
      if (event.target.matches("[data-pick-all]")) for (const box of boxes()) box.checked = event.target.checked;
      if (event.target.matches(".pickcell input")) show();
    });
    bar.querySelector("[data-batch-none]").addEventListener("click", () => { for (const box of boxes()) box.checked = false; show(); });
    show();
  }
}
