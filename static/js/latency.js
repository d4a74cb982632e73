// The live page: how late it shows what happens. Of each kind it now and then tells the desk how old a fact was when
// it could be seen, by the desk's clock. What it is sent because it came, or was looked at again, is old and not late.
(() => {
  "use strict";

  const live = window.livedesk;
  if (!live) return;

  const LEAST = 25000; // ms between two of a kind, and so much more by chance that pages do not tell all at once
  const CHANCE = 10000;
  const MOST = 600000;
  const next = { quote: 0, event: 0, state: 0 };
  const painted = new MessageChannel();
  const waiting = [];
  let seenSince = document.hidden ? Infinity : performance.now();

  const counts = (micros) => live.time.here(micros) >= Math.max(seenSince, live.openedAt());
  const kindOf = (fresh) => {
    if (fresh.classList.contains("toast")) return "event";
    return fresh.classList.contains("quote") ? "quote" : "state";
  };
  live.onNews((fresh, micros) => {
    const kind = kindOf(fresh);
    const now = performance.now();
    if (now < next[kind] || !live.time.known() || !counts(micros)) return;
    next[kind] = now + LEAST + Math.random() * CHANCE;
    waiting.push({ kind, micros });
    requestAnimationFrame(() => painted.port2.postMessage(0)); // a task after the frame: as near as a page can know
  });
  painted.port1.onmessage = () => {
    const { kind, micros } = waiting.shift();
    const ms = Math.round(live.time.now() - micros / 1000);
    if (counts(micros) && ms <= MOST) live.tellLater({ type: "ack", kind, ms: Math.max(ms, 0) });
  };
  document.addEventListener("visibilitychange", () => { seenSince = document.hidden ? Infinity : performance.now(); });
})();
