// The live page: the line to the desk, and the pill that tells the truth about it.
(() => {
  "use strict";

  const BODY = document.body;
  const live = window.livedesk;
  if (!live) return;

  const STALE_AFTER = 5000; // ms without a word; the server beats every 2 s
  const DEAD_AFTER = 12000; // ms after which a silent socket is given up
  const POLL_EVERY = 5000;
  const POLL_WITHIN = 10000; // ms after which an unanswered poll is given up
  const POLL_AFTER_TRIES = 3;
  const MAX_DELAY = 8000;
  const UNDER_WAY = 2000; // ms that a try is left alone
  const LASTED = 5000; // ms after which a line that still speaks has held: the next failure is a first one
  const ONE_RELOAD = 60000; // ms in which a page that is too old reloads once
  const TO_READ = 600; // ms that the reason stands before that
  const CODES = JSON.parse(document.getElementById("ws-codes").textContent);
  const LOST = { ws: "WS002", message: "The line to the desk is down", advice: "Reconnecting by itself.", act: "retry" };
  const FINE = { ws: "—", message: "Everything on this page is live", advice: "", act: "none" };

  const pill = document.getElementById("conn");
  const label = pill.querySelector(".pill-text");
  const panel = document.getElementById("conn-panel");
  const retry = document.getElementById("conn-retry");

  let state = "connecting";
  let why = FINE;
  let lastWord = performance.now();
  let lastTruth = live.serverNow();
  let tries = 0;
  let nextTryAt = 0;
  let timer = 0;
  let polling = 0;
  let asking = null; // the poll that is on its way
  let socket = null;
  let openedAt = 0;
  let wokeAt = 0;
  let leaving = false;
  let waitFor = 60000; // ms that a limited page stays away, unless it was told otherwise
  let notBefore = 0;
  let apart = null; // the reason why this page only polls: a switch says so, or too many others are open
  let cause = LOST; // why the line was lost last

  // What the pill and its panel say

  const secondsTo = (moment) => Math.ceil((moment - performance.now()) / 1000);
  const limited = () => performance.now() < notBefore;
  const standsBy = () => apart !== null && apart.act === "stand-by";
  const words = () => {
    switch (state) {
      case "live": return "Live · " + live.span(live.serverNow() - lastTruth);
      case "stale": return "Stale · " + live.span(live.serverNow() - lastTruth);
      case "polling": {
        if (standsBy()) return "Polling · too many tabs";
        return "Polling · " + (limited() ? "line in " + secondsTo(notBefore) : "every " + POLL_EVERY / 1000) + " s";
      }
      case "reconnecting": {
        const left = secondsTo(nextTryAt);
        return "Reconnecting · try " + tries + (left > 0 ? " in " + left + " s" : "");
      }
      case "offline": return "Offline · as of " + live.clock(lastTruth);
      case "closed": return why.message;
      default: return "Connecting";
    }
  };
  const say = (id, text) => {
    const el = document.getElementById(id);
    if (el && el.textContent !== text) el.textContent = text;
  };
  const paint = () => {
    if (pill.dataset.state !== state) pill.dataset.state = state;
    const text = words();
    if (label.textContent !== text) label.textContent = text;
    if (!panel || !panel.open) return;
    retry.disabled = limited();
    say("conn-state", text);
    say("conn-code", why.ws);
    say("conn-asof", live.clock(lastTruth) + " UTC");
    say("conn-advice", why.advice ? why.message + ". " + why.advice : why.message + ".");
  };
  const become = (next, reason) => {
    state = next;
    if (reason) why = reason;
    paint();
  };

  // The socket. htmx makes and reads it; when to try again is decided here alone.

  htmx.config.wsReconnectDelay = () => 2 ** 31 - 1;
  htmx.createWebSocket = () => {
    const query = new URLSearchParams(BODY.dataset.params);
    query.set("since", String(live.seq()));
    query.set("drawn", BODY.dataset.seq);
    query.set("desk", BODY.dataset.desk);
    query.set("tries", String(tries));
    const scheme = location.protocol === "https:" ? "wss://" : "ws://";
    lastWord = performance.now(); // from now on it may be waited for
    socket = new WebSocket(scheme + location.host + BODY.dataset.socket + "?" + query);
    return socket;
  };
  const backOff = () => Math.random() * Math.min(MAX_DELAY, 500 * 2 ** Math.min(tries, 5)); // full jitter
  const is = (...states) => socket !== null && states.includes(socket.readyState);
  const tell = (message) => {
    if (!is(WebSocket.OPEN)) return false;
    socket.send(JSON.stringify(message));
    return true;
  };
  const drop = () => {
    const gone = socket;
    socket = null; // what it still tells is not ours
    heartbeat.close();
    if (gone && gone.readyState < WebSocket.CLOSING) gone.close();
  };
  const tryIn = (delay) => {
    clearTimeout(timer);
    nextTryAt = performance.now() + delay;
    timer = setTimeout(() => {
      if (!live.line()) return;
      drop();
      live.line().init();
    }, delay);
  };
  const comeBack = (reason, delay) => {
    tries += 1;
    cause = reason;
    tryIn(delay);
    if (tries > POLL_AFTER_TRIES) startPolling();
    if (!polling) become(navigator.onLine ? "reconnecting" : "offline", reason);
  };
  const giveUp = () => {
    drop();
    comeBack(LOST, backOff());
  };
  const heartbeat = live.heartbeat(tell, giveUp);
  const retryNow = () => {
    if (state === "closed" && why.act === "sign-in") { location.assign("/"); return; }
    if (state === "closed") { location.reload(); return; }
    if (limited() || (is(WebSocket.CONNECTING) && performance.now() - lastWord < UNDER_WAY)) return;
    if (standsBy()) apart = null;
    tries += 1;
    if (!polling) become("reconnecting");
    tryIn(0);
  };
  // There is reason to doubt the line, or to try at once: looked at again, awake, another network
  const wake = () => {
    const now = performance.now();
    if (state === "closed" || apart || limited() || now - wokeAt < 1000) return;
    wokeAt = now;
    if (is(WebSocket.OPEN)) heartbeat.doubt();
    else retryNow();
  };

  // Somebody looks at this page: of too many it is the one that is wanted
  const comeForward = () => { if (standsBy() && state !== "closed") retryNow(); };

  const resync = () => { // once: a second refusal soon after it would not be mended by a third page
    const [where, when] = (live.store.get("resync") || "").split(" ");
    if (where === location.href && Date.now() - Number(when) < ONE_RELOAD) return false;
    live.store.set("resync", location.href + " " + Date.now());
    stopPolling();
    become("closed", CODES[4410]);
    setTimeout(() => {
      live.startAfresh();
      location.reload();
    }, TO_READ);
    return true;
  };

  const ours = (event) => !event.detail.event || event.detail.event.target === socket;
  document.addEventListener("htmx:wsConfigSend", (event) => event.preventDefault()); // commands travel by HTTP
  document.addEventListener("htmx:wsOpen", (event) => {
    if (!ours(event)) return;
    openedAt = performance.now();
    if (document.hidden) tell({ type: "hidden", value: true });
    heartbeat.open();
  });
  document.addEventListener("htmx:wsBeforeMessage", (event) => {
    event.preventDefault();
    const told = /^<div id="wait"[^>]* data-wait="(\d+)"/.exec(event.detail.message);
    if (told) { waitFor = Number(told[1]) * 1000; return; }
    lastWord = performance.now();
    lastTruth = live.serverNow();
    if (lastWord - openedAt > LASTED) tries = 0;
    stopPolling();
    if (state !== "live") become("live", FINE);
    if (!heartbeat.heard(event.detail.message)) live.take(event.detail.message);
  });
  document.addEventListener("htmx:wsClose", (event) => {
    if (leaving || !ours(event)) return;
    heartbeat.close();
    const reason = CODES[event.detail.event.code] || LOST;
    if (reason.act === "sign-in" || reason.act === "reload") {
      stopPolling();
      become("closed", reason);
      return;
    }
    if (reason.act === "poll" || reason.act === "stand-by") {
      apart = reason;
      startPolling();
      return;
    }
    if (reason.act === "resync" && resync()) return;
    if (reason.act === "wait") notBefore = performance.now() + waitFor;
    comeBack(reason, reason.act === "wait" ? waitFor : backOff());
  });

  // Polling: the same fragments over HTTP

  const poll = async () => {
    if (asking) return;
    const mine = asking = new AbortController();
    const patience = setTimeout(() => mine.abort(), POLL_WITHIN);
    const asked = live.serverNow();
    const query = new URLSearchParams(BODY.dataset.params);
    query.set("since", String(live.seq()));
    try {
      const answer = await fetch(BODY.dataset.poll + "?" + query, { signal: mine.signal });
      if (asking !== mine) return; // nobody waits for it any more
      if (answer.status === 401) { stopPolling(); become("closed", CODES[4401]); return; }
      if (answer.status === 409 && resync()) return;
      if (!answer.ok) throw new Error("poll answered " + answer.status);
      const html = await answer.text();
      if (asking !== mine) return;
      live.take(html);
      lastTruth = asked;
      become("polling", apart || cause);
      if (apart && apart.act === "poll" && answer.headers.get("Livedesk-Line") === "on") goLive();
    } catch {
      if (asking === mine) become("offline", LOST);
    } finally {
      clearTimeout(patience);
      if (asking === mine) asking = null;
    }
  };
  function startPolling() {
    if (polling) return;
    polling = setInterval(poll, POLL_EVERY);
    become("polling", apart || cause);
    poll();
  }
  const goLive = () => {
    apart = null;
    if (live.line()) { tryIn(0); return; }
    BODY.setAttribute("ws-connect", BODY.dataset.socket);
    htmx.process(BODY);
  };
  function stopPolling() {
    clearInterval(polling);
    polling = 0;
    if (asking) asking.abort();
    asking = null;
  }

  // The watchdog

  setInterval(() => {
    const now = performance.now();
    if (heartbeat.look()) lastWord = Math.max(lastWord, now - STALE_AFTER - 1); // it may only not have been heard yet
    const silent = now - lastWord;
    if (state === "live" && silent > STALE_AFTER) become("stale", LOST);
    if (silent > DEAD_AFTER && is(WebSocket.CONNECTING, WebSocket.OPEN)) giveUp();
    paint();
  }, 250);
  window.addEventListener("offline", () => { if (state !== "closed") become("offline", LOST); });
  window.addEventListener("online", wake);
  document.addEventListener("resume", wake);
  window.addEventListener("pagehide", () => { leaving = true; });
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  document.addEventListener("visibilitychange", () => {
    tell({ type: "hidden", value: document.hidden });
    if (document.hidden) return;
    wake();
    comeForward();
  });
  window.addEventListener("focus", comeForward);
  pill.addEventListener("click", () => { panel.showModal(); paint(); });
  retry.addEventListener("click", retryNow);
  live.tellLater = heartbeat.later;
  live.openedAt = () => openedAt;
  paint();
  if (!BODY.hasAttribute("ws-connect")) {
    apart = CODES[4412];
    startPolling();
  }
})();
