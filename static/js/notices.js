// Pages without a line (the welcome, signing in, settings) ask for the notices by themselves.
(() => {
  "use strict";

  const EVERY = 10000;
  const address = document.currentScript.dataset.notices;

  const look = async () => {
    const board = document.getElementById("notice-all");
    if (document.hidden || !board) return;
    try {
      const answer = await fetch(address);
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("notice-all");
      if (fresh && fresh.innerHTML !== board.innerHTML) board.replaceChildren(...fresh.childNodes);
    } catch { /* at the next look */ }
  };
  setInterval(look, EVERY);
  document.addEventListener("visibilitychange", look);
})();
