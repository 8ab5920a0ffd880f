// Nothing here is needed: every page works without it. It adds what only a script can do.
"use strict";

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    const said = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = said; }, 2000);
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// Counts down to the second from which another message may be asked for.
for (const button of document.querySelectorAll("[data-from]")) {
  const said = button.textContent;
  const from = Number(button.dataset.from);
  const tick = () => {
    const left = Math.ceil(from - Date.now() / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? `${said} (in ${left} s)` : said;
    if (left > 0) setTimeout(tick, 500);
  };
  tick();
}

// A form goes once, however often its button is pressed.
for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
// A page that comes back by the Back button can be sent again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form")) delete form.dataset.sent;
});
