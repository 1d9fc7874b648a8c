// Copying, steppers, phrases, previews, theme, menus that close.
export function setUpSmall(root) {
  for (const button of root.querySelectorAll("[data-copy]")) button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("ok");
    if (button.dataset.copied) button.querySelector("span")?.replaceChildren(button.dataset.copied);
  });
  for (const box of root.querySelectorAll(".step")) {
    const input = box.querySelector("input");
    for (const button of box.querySelectorAll("button[data-by]")) button.addEventListener("click", () => {
      input.value = Math.max(0, (parseInt(input.value, 10) || 0) + Number(button.dataset.by));
      input.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
  for (const chip of root.querySelectorAll("[data-phrase]")) chip.addEventListener("click", () => {
    const field = document.getElementById(chip.dataset.into);
    field.value = [field.value.trim(), chip.dataset.phrase].filter(Boolean).join("；");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
  for (const select of root.querySelectorAll("[data-reply-into]")) select.addEventListener("change", () => {
    const field = document.getElementById(select.dataset.replyInto);
    field.value = [field.value.trim(), select.value].filter(Boolean).join("\n");
    select.value = "";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
  for (const button of root.querySelectorAll("[data-quote]")) button.addEventListener("click", () => {
    const field = document.getElementById(button.dataset.into);
    field.value = `${button.dataset.quote.split("\n").map((line) => `> ${line}`).join("\n")}\n\n${field.value}`;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
  for (const button of root.querySelectorAll("[data-fill]")) button.addEventListener("click", () => {
    for (const [id, value] of Object.entries(JSON.parse(button.dataset.fill))) {
      const field = document.getElementById(id);
      if (field) field.value = value;
    }
  });
  for (const button of root.querySelectorAll("[data-theme-toggle]")) button.addEventListener("click", () => {
    const dark = document.documentElement.dataset.bsTheme === "dark";
    document.documentElement.dataset.bsTheme = dark ? "light" : "dark";
    localStorage.setItem("yz-theme", dark ? "light" : "dark");
  });
  const theme = localStorage.getItem("yz-theme");
  if (theme) document.documentElement.dataset.bsTheme = theme;
  for (const input of root.querySelectorAll("input[type=file][data-preview]")) input.addEventListener("change", () => {
    const place = document.getElementById(input.dataset.preview);
    place.replaceChildren(...[...input.files].map((file) => {
      if (!file.type.startsWith("image/")) { const name = document.createElement("span"); name.textContent = file.name; return name; }
      const picture = document.createElement("img");
      picture.className = "thumb"; picture.alt = file.name; picture.src = URL.createObjectURL(file);
      return picture;
    }));
  });
  for (const field of root.querySelectorAll("[data-autosubmit]")) field.addEventListener("change", () => field.form.requestSubmit());
  document.addEventListener("click", (event) => {
    for (const open of document.querySelectorAll("details.menu[open]")) if (!open.contains(event.target)) open.removeAttribute("open");
  });
}
