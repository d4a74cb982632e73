// Curves over time: one line or bars each, the values under the crosshair. On a dashboard they are read again once its figures
// have moved, elsewhere each minute, unless each point is a day; never more often.
(() => {
  "use strict";
  if (!window.uPlot) return;
  const probe = document.createElement("i");
  probe.hidden = true;
  document.body.append(probe);
  const token = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const written = (value, digits) => value.toLocaleString("en-US", digits).replace("-", "\u2212");
  const two = (value) => (value == null ? "—" : written(value, { minimumFractionDigits: 2, maximumFractionDigits: 2 }));
  const STEPS = [60, 300, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000];
  const clock = (seconds, step) => new Date(seconds * 1000).toISOString().slice(...(step < 86400 ? [11, 16] : [0, 10])); // UTC

  const MINUTE = 60_000;
  const board = document.querySelector("[data-dashboard]"); // what is pushed there tells that there may be a new point
  const asked = {}; // all charts of a page ask at once: the desk reads once
  const told = (url) => asked[url] ||= fetch(url, { headers: { Accept: "application/json" } })
    .then((answer) => answer.ok && answer.json())
    .finally(() => delete asked[url]);

  for (const box of document.querySelectorAll("[data-curve-url]")) {
    const { curve, label, unit, days, bars } = box.dataset;
    let chart, readAt = 0;

    function options() {
      const font = `11px ${getComputedStyle(document.body).fontFamily}`;
      const axis = { font, stroke: token("text-3"), grid: { stroke: token("line"), width: 1 }, ticks: { stroke: token("line"), width: 1 } };
      const line = { stroke: token("accent"), width: 1.5, points: { show: false } };
      const filled = bars && { width: 0, fill: token("accent"), paths: uPlot.paths.bars({ size: [0.7, 24] }) };
      return {
        width: box.clientWidth,
        height: Math.max(160, Math.min(280, box.clientWidth * 0.4)),
        scales: bars && { y: { range: (_, low, high) => [Math.min(0, low), Math.max(0, high)] } },
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
        series: [
          { label: "Time (UTC)", value: days ? "{YYYY}-{MM}-{DD}" : "{YYYY}-{MM}-{DD} {HH}:{mm}" },
          { label: `${label} (${unit})`, value: (_, value) => two(value), ...line, ...filled },
        ],
        axes: [{ ...axis, space: 64, incrs: days ? STEPS.slice(9) : STEPS, values: (_, marks, __, ___, step) => marks.map((mark) => clock(mark, step)) }, { ...axis, label: unit, labelFont: font, labelSize: 18, size: 76, values: (_, marks) => marks.map((mark) => written(mark)) }],
      };
    }

    function draw(data) {
      chart?.destroy();
      chart = new uPlot(options(), data, box);
    }

    async function read() {
      readAt = performance.now();
      const found = await told(box.dataset.curveUrl);
      if (!found) return; // the curve stays as it is; the connection pill tells what is wrong
      const data = [found.at, found[curve]];
      if (chart) chart.setData(data);
      else draw(data);
    }
    const readAgain = () => document.hidden || performance.now() - readAt < MINUTE || read().catch(() => {});
    const again = () => chart && draw(chart.data);

    new ResizeObserver(() => chart && chart.setSize({ width: box.clientWidth, height: chart.height })).observe(box);
    new MutationObserver(again).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "data-palette"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
    if (board) new MutationObserver(readAgain).observe(board, { attributes: true, attributeFilter: ["data-ts"] });
    else if (!days) setInterval(() => document.hidden || read().catch(() => {}), MINUTE);
    read().catch(() => {});
  }
})();
