// Time on page and toasts, told when it is left.
(() => {
  "use strict";

  const toasts = document.getElementById("toasts");
  const all = { ms: 0, reload: +(performance.getEntriesByType("navigation")[0]?.type === "reload"), shown: 0, closed: 0, followed: 0 };
  let since = 0;
  const look = () => {
    const now = performance.now();
    if (since) all.ms += now - since;
    since = document.hidden ? 0 : now;
  };
  look();
  document.addEventListener("visibilitychange", look);
  addEventListener("pagehide", () => {
    look();
    since = 0;
    const said = new FormData(document.getElementById("act"));
    for (const name in all) {
      said.set(name, Math.round(all[name]));
      all[name] = 0;
    }
    navigator.sendBeacon("/use/left/", said);
  });
  document.addEventListener("toast", () => { all.shown += 1; });
  toasts.addEventListener("click", (event) => {
    if (event.target.closest(".toast-close")) all.closed += 1;
    else if (event.target.closest("a")) all.followed += 1;
  }, true);
})();
