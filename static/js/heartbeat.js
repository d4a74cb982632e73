// The live page: the heartbeat of its line. A line that does not answer is none, whatever else seems open. Timers come
// late where a tab is out of sight and after sleep: who looks late judges nothing, but asks again.
(() => {
  "use strict";

  const live = window.livedesk;
  if (!live) return;

  const EVERY = 10000;
  const FIRST = 2000; // ms between the first three: the clock is known soon
  const WITHIN = 8000; // ms for an answer
  const SOON = 3000; // ms for one where there is reason to doubt
  const LATE = 5000; // ms between two looks after which nothing can be told from silence
  const ANSWER = /^<div id="pong"[^>]* data-at="(\d+)" data-ts="(\d+)"/;

  // `tell` sends a message if it can; `lost` is called when the line is to be given up
  live.heartbeat = (tell, lost) => {
    let last = 0; // the ping whose answer counts
    let until = Infinity; // when it must have come
    let next = Infinity;
    let quick = 0;
    let owed = []; // what goes with the next ping: one word more costs the desk little, one by itself as much as a ping
    let overdue = false; // looked at too late once already
    let looked = performance.now();
    let date = Date.now();

    const ask = (within = WITHIN) => {
      const now = performance.now();
      last = Math.round(now * 1000);
      next = now + (quick > 0 ? FIRST : EVERY);
      quick -= 1;
      if (!tell({ type: "ping", at: last })) return;
      until = now + within;
      for (const message of owed.splice(0)) tell(message);
    };
    const doubt = () => ask(SOON);
    const close = () => { until = next = Infinity; };
    const open = () => {
      quick = 2;
      overdue = false;
      owed = [];
      ask();
    };
    const heard = (message) => {
      const told = ANSWER.exec(message);
      if (!told) return false;
      live.time.answered(Number(told[1]) / 1000, Number(told[2]));
      if (Number(told[1]) === last) {
        until = Infinity;
        overdue = false;
      }
      return true;
    };
    // True: too late to tell
    const look = () => {
      const now = performance.now();
      const passed = now - looked;
      const stood = Date.now() - date - passed;
      looked = now;
      date = Date.now();
      if (stood > 1000) live.time.slept(stood);
      const late = passed + Math.max(stood, 0) > LATE;
      if (now > until && (!late || overdue)) {
        close();
        lost();
      } else if (late) {
        overdue = now > until;
        doubt();
      } else if (now > next && until === Infinity) {
        ask();
      }
      return late;
    };
    const later = (message) => { owed.push(message); };
    return { doubt, later, open, close, heard, look };
  };
})();
