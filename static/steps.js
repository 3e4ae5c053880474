/* Alt with an arrow moves the step that one is at, as its own buttons do. */
(() => {
  "use strict";

  const MOVES = { ArrowUp: "up", ArrowDown: "down" };

  document.addEventListener("keydown", event => {
    const move = MOVES[event.key];
    if (!move || !event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const at = event.target instanceof Element ? event.target : null;
    const step = at?.matches("input, select, textarea") ? null : at?.closest(".step");
    if (!step) return;
    event.preventDefault();
    document.getElementById(`${step.id}-${move}`)?.click();
  });
})();
