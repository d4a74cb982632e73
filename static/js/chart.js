// The candle chart: bars from the server, the running minute from the page's own bar fragment, and the trader's
// own orders and fills as they stand in the page's tables. The library loads when the page has nothing better to do.
(() => {
  "use strict";
  const box = document.getElementById("chart");
  if (!box) return;
  const symbol = box.dataset.symbol;
  const NARROW = 480; // px
  const legend = document.getElementById("chart-legend");
  const probe = document.createElement("i");
  probe.hidden = true;
  document.body.append(probe);
  let colors = {};
  const token = (name) => { // resolving one forces a style pass, so each look of the page does it once
    if (!colors[name]) {
      probe.style.color = `var(--${name})`;
      colors[name] = getComputedStyle(probe).color;
    }
    return colors[name];
  };
  const faint = (color, part) => color.replace(/^rgba?\(([^)]+)\)$/, (_, parts) => `rgba(${parts.split(",").slice(0, 3).join(",")},${part})`);
  const prices = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 4 });
  const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
  const figure = (value) => prices.format(value);
  const shares = (value) => whole.format(value);
  const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 16);

  let minutes = [], span = 1, shown = [], chart, candles, volume, marks, lines = [], known, due = false;

  const bar = (given) => {
    const [time, open, high, low, close, traded] = Array.isArray(given) ? given
      : [given.time ?? given.start, given.open ?? given.o, given.high ?? given.h, given.low ?? given.l, given.close ?? given.c, given.volume ?? given.v];
    const at = Number.isNaN(Number(time)) ? Date.parse(time) / 1000 : Number(time);
    return { time: Math.floor(at / 60) * 60, open: +open, high: +high, low: +low, close: +close, volume: +(traded || 0) };
  };

  /** Adds one minute to the candles of `span` minutes; returns the candle it changed. */
  function gather(list, minute) {
    const time = Math.floor(minute.time / 60 / span) * 60 * span;
    const last = list.at(-1);
    if (!last || last.time !== time) {
      const candle = { ...minute, time, base: 0, latest: minute };
      list.push(candle);
      return candle;
    }
    if (last.latest.time !== minute.time) last.base += last.latest.volume;
    last.latest = minute;
    last.high = Math.max(last.high, minute.high);
    last.low = Math.min(last.low, minute.low);
    last.close = minute.close;
    last.volume = last.base + minute.volume;
    return last;
  }
  const column = (candle) => ({ time: candle.time, value: candle.volume, color: candle.close < candle.open ? colors.down : colors.up });

  function draw() {
    shown = [];
    for (const minute of minutes) gather(shown, minute);
    candles.setData(shown);
    volume.setData(shown.map(column));
    own(true);
    tell();
  }

  /** The running minute, as the page's bar fragment has it. */
  function move() {
    const carrier = document.getElementById(`bar-${symbol}`);
    if (!carrier?.dataset.time || !candles) return;
    const minute = bar(carrier.dataset), last = minutes.at(-1);
    if (last && minute.time < last.time) return;
    if (last?.time === minute.time) minutes[minutes.length - 1] = minute;
    else minutes.push(minute);
    const candle = gather(shown, minute);
    candles.update(candle);
    volume.update(column(candle));
    tell();
  }

  function tell(candle = shown.at(-1)) {
    if (!candle) return;
    const cells = [["O", figure(candle.open)], ["H", figure(candle.high)], ["L", figure(candle.low)], ["C", figure(candle.close)], ["Vol", shares(candle.volume)]];
    legend.replaceChildren(...cells.map(([name, value]) => {
      const cell = document.createElement("span"), label = document.createElement("i");
      label.textContent = name;
      cell.append(label, value);
      return cell;
    }));
  }

  /** Own working orders as lines, own fills as arrows: read from the tables that the page keeps live. Where there is
      little room a fill's words would lie across candles and the line of the last price: there its arrow says enough. */
  function own(again) {
    if (!candles) return;
    const narrow = box.clientWidth < NARROW;
    const rows = [...document.querySelectorAll("[data-working],[data-fill]")];
    const seen = `${span} ${narrow} ` + rows.map((row) => Object.values(row.dataset).join()).join(";") + shown[0]?.time;
    if (seen === known && !again) return;
    known = seen;
    for (const line of lines) candles.removePriceLine(line);
    const here = CSS.escape(symbol);
    lines = [...document.querySelectorAll(`[data-working="${here}"]`)].filter((row) => Number(row.dataset.px)).map((row) => candles.createPriceLine({
      price: Number(row.dataset.px), color: token(`${row.dataset.side}-text`), lineWidth: 1, lineStyle: 2, axisLabelVisible: true,
      title: `${row.dataset.side === "buy" ? "Buy" : "Sell"} ${row.dataset.qty}`,
    }));
    const first = shown[0]?.time, last = shown.at(-1)?.time;
    const fills = [...document.querySelectorAll(`[data-fill="${here}"]`)].map((row) => {
      const buy = row.dataset.side === "buy";
      return {
        time: Math.floor(Number(row.dataset.time) / 60 / span) * 60 * span, position: buy ? "belowBar" : "aboveBar", shape: buy ? "arrowUp" : "arrowDown",
        color: token(`${row.dataset.side}-text`), text: narrow ? "" : `${row.dataset.qty} @ ${row.dataset.px}`, size: 1,
      };
    }).filter((mark) => mark.time >= first && mark.time <= last);
    marks.setMarkers(fills.sort((a, b) => a.time - b.time));
  }

  function look() {
    colors = {};
    const line = token("line"), text = token("text-3"), gain = token("gain"), loss = token("loss");
    colors.up = faint(gain, 0.28);
    colors.down = faint(loss, 0.28);
    chart.applyOptions({
      layout: { background: { color: "transparent" }, textColor: text, fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 11 },
      grid: { vertLines: { visible: false }, horzLines: { color: faint(line, 0.7) } },
      rightPriceScale: { borderColor: line }, timeScale: { borderColor: line },
      crosshair: { vertLine: { color: text, labelBackgroundColor: token("accent-fill") }, horzLine: { color: text, labelBackgroundColor: token("accent-fill") } },
    });
    candles.applyOptions({ upColor: gain, downColor: loss, wickUpColor: gain, wickDownColor: loss, borderVisible: false, priceLineColor: token("accent") });
    draw();
  }

  function table() {
    const rows = minutes.slice(-60).reverse();
    const list = document.createElement("table"), head = list.createTHead().insertRow(), body = list.createTBody();
    list.className = "table";
    const price = (words) => `${words}, ${box.dataset.currency}`;
    ["Minute, UTC", ...["Open", "High", "Low", "Close"].map(price), "Volume"].forEach((words, index) => {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.className = index ? "num" : "";
      cell.textContent = words;
      head.append(cell);
    });
    for (const minute of rows) {
      const row = body.insertRow();
      [clock(minute.time), figure(minute.open), figure(minute.high), figure(minute.low), figure(minute.close), shares(minute.volume)].forEach((words, index) => {
        const cell = row.insertCell();
        cell.className = index ? "num" : "";
        cell.textContent = words;
      });
    }
    document.getElementById("chart-data").replaceChildren(list);
  }

  const pause = () => new Promise((resume) => setTimeout(resume));

  async function build() {
    const { createChart, createSeriesMarkers, CandlestickSeries, HistogramSeries } = window.LightweightCharts;
    chart = createChart(box, {
      autoSize: true, layout: { attributionLogo: false }, localization: { locale: "en-US" },
      rightPriceScale: { scaleMargins: { top: 0.08, bottom: 0.22 } }, timeScale: { timeVisible: true, secondsVisible: false, rightOffset: 4 },
      handleScroll: { vertTouchDrag: false }, crosshair: { mode: 0 },
    });
    candles = chart.addSeries(CandlestickSeries, { priceFormat: { type: "price", precision: 2, minMove: 0.01 } });
    volume = chart.addSeries(HistogramSeries, { priceFormat: { type: "volume" }, priceScaleId: "", lastValueVisible: false, priceLineVisible: false });
    volume.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    marks = createSeriesMarkers(candles, []);
    await pause();
    look();
    chart.timeScale().setVisibleLogicalRange({ from: shown.length - Math.max(40, Math.round(box.clientWidth / 7)), to: shown.length + 4 });
    chart.subscribeCrosshairMove((event) => tell(shown.find((candle) => candle.time === event.time)));
    box.dataset.ready = "true";
  }

  async function start() {
    try {
      const [answer] = await Promise.all([fetch(box.dataset.barsUrl, { headers: { Accept: "application/json" } }), load(box.dataset.library)]);
      if (!answer.ok) throw new Error(`bars: ${answer.status}`);
      const given = await answer.json();
      minutes = (Array.isArray(given) ? given : given.bars).map(bar);
    } catch {
      const words = document.createElement("div");
      words.className = "empty";
      words.textContent = "The chart could not be loaded. Reload the page to try again.";
      box.replaceChildren(words);
      return;
    }
    await pause();
    await build();
    move();
    document.addEventListener("htmx:oobAfterSwap", (event) => {
      const id = event.target.id || "";
      if (id === `bar-${symbol}`) move();
      else if (event.target === document.body && !due) { // a table was morphed: look once a frame
        due = true;
        requestAnimationFrame(() => {
          due = false;
          own();
        });
      }
    });
  }
  function load(source) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      Object.assign(script, { src: source, onload: resolve, onerror: reject });
      document.head.append(script);
    });
  }

  document.addEventListener("desk:theme", () => chart && look());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => chart && look());
  document.querySelector(".chart-data")?.addEventListener("toggle", (event) => event.target.open && table());
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-minutes]");
    if (!button || !chart) return;
    span = Number(button.dataset.minutes);
    for (const other of document.querySelectorAll("[data-minutes]")) other.setAttribute("aria-pressed", String(other === button));
    draw();
    chart.timeScale().scrollToRealTime();
  });
  const later = window.requestIdleCallback || ((then) => setTimeout(then, 200));
  if (document.readyState === "complete") later(start);
  else addEventListener("load", () => later(start));
})();
