// The live page, before all else: the server's clock as this page sees it. Two machines' clocks are never subtracted
// raw, and this page's own is the one that nobody sets.
(() => {
  "use strict";

  const BODY = document.body;
  if (!BODY.dataset.page) return;

  const KEPT = 8; // answers; one comes every 10 s

  // What to add to this page's clock. Before the first answer all that is known is that a stamp was made before it
  // came, so the greatest difference seen is the nearest.
  let offset = Number(BODY.dataset.now) / 1000 - performance.now();
  let answers = [];
  const stamped = (micros) => {
    if (!answers.length) offset = Math.max(offset, micros / 1000 - performance.now());
  };

  // The server's clock stood at `micros` somewhere between the asking and the hearing: halfway, give or take half of
  // the way. The shortest way errs least; former answers that contradict this one are of a clock that was changed.
  const answered = (asked, micros) => {
    const heard = performance.now();
    const fresh = { offset: micros / 1000 - (asked + heard) / 2, error: (heard - asked) / 2 };
    const agrees = (one) => Math.abs(one.offset - fresh.offset) <= one.error + fresh.error;
    answers = [...answers.filter(agrees).slice(1 - KEPT), fresh];
    offset = answers.reduce((best, one) => (one.error < best.error ? one : best)).offset;
  };

  // While a machine sleeps this page's clock may stand still
  const slept = (ms) => {
    answers = [];
    offset += ms;
  };

  window.livedesk = {
    time: {
      stamped, answered, slept,
      now: () => performance.now() + offset,
      here: (micros) => micros / 1000 - offset, // a moment of the server's by this page's clock
      known: () => answers.length > 0,
    },
  };
})();
