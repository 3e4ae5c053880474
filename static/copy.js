/* A button with `data-copy="id of a field"` copies the field's text and says `data-copied`; it appears where that is possible. */
(() => {
  "use strict";

  for (const button of document.querySelectorAll("[data-copy]")) {
    const field = document.getElementById(button.dataset.copy);
    if (!field || !navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      field.select?.();
      await navigator.clipboard.writeText(field.value ?? field.textContent);
      (button.querySelector("[aria-live]") ?? button).textContent = button.dataset.copied;
    });
  }
})();
