// Toasts: newest nearest, five at a time, five seconds each unless somebody is reading.
(() => {
  "use strict";

  const toasts = document.getElementById("toasts");
  if (!window.livedesk || !toasts) return;

  const STAY = 5000;
  const STEP = 250;
  const SHOWN = 5;
  const more = document.getElementById("toasts-more");
  const all = () => [...toasts.querySelectorAll(".toast")];

  const arrange = () => {
    const list = all();
    const hidden = Math.max(0, list.length - SHOWN);
    list.forEach((toast, index) => { toast.hidden = index < hidden; });
    if (!more) return;
    const words = hidden ? "+" + hidden + " more" : "";
    if (more.textContent !== words) more.textContent = words;
  };

  new MutationObserver((changes) => {
    for (const change of changes) {
      for (const node of change.addedNodes) {
        if (!(node instanceof Element) || !node.classList.contains("toast")) continue;
        node.dataset.left = STAY;
        document.dispatchEvent(new Event("toast"));
        htmx.trigger(document.body, "live-" + (node.dataset.kind || "notice").split(".")[0], { kind: node.dataset.kind });
      }
    }
    arrange();
  }).observe(toasts, { childList: true });

  toasts.addEventListener("click", (event) => {
    const close = event.target.closest(".toast-close");
    if (close) close.closest(".toast").remove();
  });
  toasts.addEventListener("keydown", (event) => {
    const toast = event.key === "Escape" && event.target.closest(".toast");
    if (toast) toast.remove();
  });

  // What came while nobody looked becomes one toast, in the desk's own words; without them it stays as it is
  const sumUp = async () => {
    const list = all().filter((toast) => toast.dataset.seq); // others answer what was done on this very page
    if (document.hidden || list.length <= SHOWN) return;
    const first = list[0].dataset;
    const query = new URLSearchParams({ after: first.after || Number(first.seq) - 1, upto: list.at(-1).dataset.seq });
    try {
      const answer = await fetch(toasts.dataset.away + "?" + query);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".toast");
      if (!fresh) return;
      list.forEach((toast) => toast.remove());
      toasts.prepend(fresh);
    } catch { /* no line: they are shown as they came */ }
  };
  document.addEventListener("visibilitychange", sumUp);

  setInterval(() => {
    if (document.hidden || all().some((toast) => toast.matches(":hover, :focus-within"))) return;
    for (const toast of all()) {
      if (toast.hidden) continue;
      toast.dataset.left -= STEP;
      if (toast.dataset.left <= 0) toast.remove();
    }
  }, STEP);
})();
