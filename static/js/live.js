// The live page: what is shown. Pushed and polled fragments are swapped here and nowhere else:
// newest wins, focus and typing survive, a quote's row moves at most four times a second, ages are always true.
(() => {
  "use strict";

  const BODY = document.body;
  if (!BODY.dataset.page) return;

  const CALM = 250; // ms between two looks of the same quote
  const SLICE = 5; // ms of swapping at a stretch
  const STALE_QUOTE = Number(BODY.dataset.staleMs);
  const STREAM = "seq:" + BODY.dataset.user;

  const store = {
    get: (key) => { try { return sessionStorage.getItem(key); } catch { return null; } },
    set: (key, value) => { try { sessionStorage.setItem(key, value); } catch { /* no storage: this page only */ } },
  };

  // The number of the last event this tab has shown; it goes with the tab from page to page, so that a toast
  // which came while the next page was on its way is still shown, once. A new tab goes on from the last number
  // that any tab of this browser has shown: what came since the last one was closed is what its reader missed.
  const drawn = Number(BODY.dataset.seq);
  const device = {
    get: () => { try { return localStorage.getItem(STREAM); } catch { return null; } },
    set: (number) => { try { localStorage.setItem(STREAM, String(number)); } catch { /* this tab only */ } },
  };
  const kept = store.get(STREAM) ?? device.get();
  let seq = kept === null ? drawn : Math.min(Number(kept), drawn);
  const saw = (number) => {
    if (number <= seq) return;
    seq = number;
    store.set(STREAM, String(seq));
    if (seq > Number(device.get())) device.set(seq);
  };
  const startAfresh = () => { // the next page goes on from what it shows
    for (const kept of ["sessionStorage", "localStorage"]) {
      try { window[kept].removeItem(STREAM); } catch { /* nothing was kept */ }
    }
  };
  store.set(STREAM, String(seq));
  if (device.get() === null || Number(device.get()) > drawn) device.set(seq);

  const live = window.livedesk;
  const serverNow = live.time.now;

  const span = (ms) => {
    if (ms < 9950) return (Math.max(ms, 0) / 1000).toFixed(1) + " s";
    if (ms < 59500) return Math.round(ms / 1000) + " s";
    return ms < 3570000 ? Math.round(ms / 60000) + " min" : Math.round(ms / 3600000) + " h";
  };
  const clock = (ms) => new Date(ms).toISOString().slice(11, 19);

  const ageIn = (where, now) => {
    for (const el of where.querySelectorAll(".age[data-ts]")) {
      const words = span(now - Number(el.dataset.ts) / 1000);
      if (el.textContent !== words) el.textContent = words;
    }
  };
  const age = () => {
    const now = serverNow();
    ageIn(document, now);
    const market = document.getElementById("market-desk");
    if (market && market.dataset.state === "closed") return; // closed is not stale
    for (const el of document.querySelectorAll(".quote[data-ts], .book[data-ts]")) {
      if (now - Number(el.dataset.ts) / 1000 > STALE_QUOTE) el.classList.add("stale");
    }
  };

  // Swapping

  const rowsOf = (list) => [...list.querySelectorAll("tr[id], li[id]")];
  let api = null;
  let told = () => {}; // is called with whatever has just been shown and is news
  htmx.defineExtension("live", {
    init: (inner) => { api = inner; },
    isInlineSwap: (style) => style === "morph" || style === "append",
    handleSwap: (style, target, fragment) => {
      const fresh = fragment.firstElementChild || fragment;
      if (style === "append") {
        target.append(fresh);
        return [fresh];
      }
      if (style !== "morph") return false;
      const at = rowsOf(target).findIndex((row) => row.contains(document.activeElement));
      const shown = Idiomorph.morph(target, fresh, { morphStyle: "outerHTML", ignoreActiveValue: true, restoreFocus: true });
      if (at >= 0 && document.activeElement === BODY) { // its row has gone: the next one takes the focus, by what leads on
        const left = rowsOf(document.getElementById(fresh.id));
        left[Math.min(at, left.length - 1)]?.querySelector("a")?.focus({ preventScroll: true });
      }
      return shown;
    },
  });

  const swap = (fresh) => {
    const shown = document.getElementById(fresh.id);
    const ts = Number(fresh.dataset.ts);
    const before = shown ? Number(shown.dataset.ts) : 0;
    if (ts < before) return; // older never overwrites newer
    const style = fresh.getAttribute("hx-swap-oob") || "true";
    ageIn(fresh, serverNow()); // what it is drawn with would flicker until the next look
    if (!shown && style !== "append:#toasts") return; // this page does not show it
    const settle = api.makeSettleInfo(BODY);
    api.oobSwap(style, fresh, settle);
    api.settleImmediately(settle.tasks);
    if (ts > before) told(fresh, ts);
  };

  const lastLook = new Map();
  const held = new Map();
  const newer = (one, other) => (other && Number(other.dataset.ts) > Number(one.dataset.ts) ? other : one);
  const calmly = (arrived) => {
    const now = performance.now();
    const fresh = newer(arrived, held.get(arrived.id));
    if (now - (lastLook.get(fresh.id) || 0) >= CALM) {
      lastLook.set(fresh.id, now);
      held.delete(fresh.id);
      swap(fresh);
    } else {
      held.set(fresh.id, fresh);
    }
  };
  const release = () => { for (const fresh of [...held.values()]) calmly(fresh); };

  let lost = false;
  const show = (fresh) => {
    if (lost) return;
    if (fresh.id === "beat") {
      live.time.stamped(Number(fresh.dataset.ts));
      saw(Number(fresh.dataset.seq));
    } else if (fresh.classList.contains("toast") && fresh.dataset.seq) {
      if (Number(fresh.dataset.seq) <= seq) return;
      if (Number(fresh.dataset.after) < seq) { // it counts what was shown meanwhile: a poll and a new line crossed
        lost = true;
        location.reload();
        return;
      }
      saw(Number(fresh.dataset.seq));
      swap(fresh);
    } else if (fresh.classList.contains("quote")) {
      calmly(fresh);
    } else {
      swap(fresh);
    }
  };

  // In the order of arrival, a few milliseconds at a time: a slow phone stays open to a finger between two slices
  const arrived = [];
  const again = new MessageChannel();
  let working = false;
  const work = () => {
    const until = performance.now() + SLICE;
    do show(arrived.shift()); while (arrived.length && performance.now() < until);
    working = arrived.length > 0;
    if (working) again.port2.postMessage(0);
  };
  again.port1.onmessage = work;
  const take = (html) => {
    arrived.push(...api.makeFragment(html).children);
    if (!working && arrived.length) work();
  };

  setInterval(release, 50);
  setInterval(age, 250);
  requestAnimationFrame(() => requestAnimationFrame(() => document.documentElement.classList.add("settled")));

  const line = () => api.getInternalData(BODY).webSocket; // as htmx has it, from before it opens
  Object.assign(live, { take, store, startAfresh, serverNow, clock, span, line, seq: () => seq, onNews: (hear) => { told = hear; } });
})();
