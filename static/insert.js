/* A button with `data-insert="{guest.given_name}"` puts that text where one was last writing in the form `data-writing`. */
(() => {
  "use strict";

  const FIELDS = "input[type=text], textarea";
  let last = null;

  document.addEventListener("focusin", event => {
    if (event.target.matches?.(FIELDS) && event.target.closest("[data-writing]")) last = event.target;
  });
  document.addEventListener("click", event => {
    const button = event.target instanceof Element ? event.target.closest("[data-insert]") : null;
    if (!button) return;
    const form = document.querySelector("[data-writing]");
    const field = last?.isConnected ? last : [...form?.querySelectorAll(FIELDS) ?? []].find(each => each.matches("textarea")) ?? form?.querySelector(FIELDS);
    if (!field) return;
    const { selectionStart: start, selectionEnd: end } = field;
    field.setRangeText(button.dataset.insert, start, end, "end");
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
})();
