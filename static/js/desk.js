// The desk's hands: keys, symbol search, sorting, the sheet, the look. Pages work without it.
(() => {
  "use strict";
  const root = document.documentElement;
  const one = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const toggle = (button, on) => button.setAttribute("aria-pressed", String(on));

  // ---- dialogs and menus
  function open(id) {
    const dialog = document.getElementById(id);
    if (dialog && !dialog.open) dialog.showModal();
  }
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) {
      closeMenus();
      open(opener.dataset.open);
    }
    if (event.target.matches("dialog")) event.target.close();
    closeMenus(event.target.closest("details.menu"));
  });
  function closeMenus(except) {
    for (const menu of all("details.menu[open]")) if (menu !== except) menu.open = false;
  }

  // ---- the look, remembered in a cookie that the server reads
  function paintChoices() {
    for (const button of all("[data-choose-theme]")) toggle(button, button.dataset.chooseTheme === root.dataset.theme);
  }
  document.addEventListener("click", (event) => {
    const choice = event.target.closest("[data-choose-theme]")?.dataset.chooseTheme;
    if (!choice) return;
    root.dataset.theme = choice;
    document.cookie = `theme=${choice}; path=/; max-age=31536000; samesite=lax`;
    paintChoices();
    document.dispatchEvent(new CustomEvent("desk:theme"));
  });

  // ---- keys
  const places = { d: "/", o: "/orders/", w: "/watchlist/", p: "/portfolio/", a: "/activity/" };
  let going = 0;
  const typing = (target) => target.closest("input:not([type=radio],[type=checkbox]),textarea,select,[contenteditable]");
  function trade(side) {
    const form = one("form[data-ticket]") || one("#trade form");
    if (!form) return location.assign(`/?side=${side}#trade`);
    one(`input[name=side][value=${side}]`, form)?.click();
    if (matchMedia("(max-width: 700px)").matches) location.hash = "trade";
    one("input[name=quantity]", form)?.focus();
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return escape(event);
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || one("dialog[open]")) return;
    const key = event.key;
    if (going && Date.now() - going < 1200 && places[key]) return location.assign(places[key]);
    going = key === "g" ? Date.now() : 0;
    const action = { "/": () => one("#symbol-search")?.focus(), "?": () => open("keys-panel"), b: () => trade("buy"), s: () => trade("sell") }[key];
    if (!action) return;
    event.preventDefault();
    action();
  });
  function escape(event) {
    closeMenus();
    if (event.target.matches("[data-symbol-search]")) event.target.blur();
    else if (location.hash === "#trade") location.hash = "main";
  }
  const toTicket = () => location.hash === "#trade" && one("#trade input[name=quantity]")?.focus();
  addEventListener("hashchange", toTicket);
  addEventListener("load", toTicket); // the browser itself takes the focus to #trade before that

  // ---- symbol search: a combobox over GET /symbols/?q=
  let searches = 0;
  function searchBox(input) {
    const box = document.createElement("div");
    const name = `found-${++searches}`;
    Object.assign(box, { id: name, className: "listbox", hidden: true });
    box.setAttribute("role", "listbox");
    box.setAttribute("aria-label", "Symbols");
    input.after(box);
    for (const [key, value] of Object.entries({ role: "combobox", "aria-expanded": "false", "aria-controls": name, "aria-autocomplete": "list" })) input.setAttribute(key, value);
    let at = -1, asked = 0, timer;
    const options = () => all("[role=option]", box);
    function mark(next) {
      const found = options();
      at = found.length ? (next + found.length) % found.length : -1;
      found.forEach((option, index) => option.setAttribute("aria-selected", String(index === at)));
      if (at >= 0) {
        input.setAttribute("aria-activedescendant", found[at].id);
        found[at].scrollIntoView({ block: "nearest" });
      } else input.removeAttribute("aria-activedescendant");
    }
    function show(on) {
      box.hidden = !on;
      input.setAttribute("aria-expanded", String(on));
      if (!on) input.removeAttribute("aria-activedescendant");
    }
    async function look() {
      const text = input.value.trim(), number = ++asked;
      if (!text) return show(false);
      let found;
      try {
        const answer = await fetch(`/symbols/?q=${encodeURIComponent(text)}`, { headers: { Accept: "application/json" } });
        found = answer.ok ? await answer.json() : [];
      } catch {
        return show(false);
      }
      if (number !== asked || document.activeElement !== input) return;
      found = Array.isArray(found) ? found : found.symbols || found.results || [];
      box.replaceChildren(...found.map((hit, index) => line(hit, index)));
      if (!found.length) {
        const none = document.createElement("p");
        none.className = "none";
        none.textContent = `No symbol or name matches “${text}”.`;
        box.append(none);
      }
      show(true);
      mark(0);
    }
    function line(hit, index) {
      const option = document.createElement("div"), symbol = document.createElement("b"), words = document.createElement("span");
      option.id = `${name}-${index}`;
      option.setAttribute("role", "option");
      option.dataset.symbol = symbol.textContent = hit.symbol;
      words.textContent = hit.name;
      option.append(symbol, words);
      return option;
    }
    function choose(option) {
      show(false);
      if (input.dataset.symbolSearch === "fill" || (input.form?.dataset.ticket !== undefined && !one("#chart"))) {
        input.value = option.dataset.symbol;
        input.dispatchEvent(new Event("change", { bubbles: true }));
        return;
      }
      const symbol = encodeURIComponent(option.dataset.symbol);
      location.assign(location.pathname === "/" ? `/?symbol=${symbol}` : `/symbols/${symbol}/`);
    }
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(look, 90);
    });
    input.addEventListener("focus", () => input.value && look());
    input.addEventListener("blur", () => show(false));
    input.addEventListener("keydown", (event) => {
      if (box.hidden) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") mark(at + (event.key === "ArrowDown" ? 1 : -1));
      else if (event.key === "Escape") {
        show(false);
        event.stopPropagation();
      } else if (event.key === "Enter" && at >= 0) choose(options()[at]);
      else return;
      event.preventDefault();
    });
    box.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) choose(option);
    });
  }

  // ---- sortable tables: <th aria-sort="none"><button>; the choice survives pushes
  const sorted = new Map();
  const keyOf = (table) => table.id || table.closest("[id]")?.id || "";
  function cellValue(row, column) {
    const cell = row.cells[column];
    const text = cell?.dataset.value ?? cell?.textContent.trim() ?? "";
    const number = Number.parseFloat(text.replace(/[,\s%$▲▼+]/g, "").replace("−", "-"));
    return Number.isNaN(number) ? text.toLowerCase() : number;
  }
  function sort(table) {
    const choice = sorted.get(keyOf(table));
    const body = table.tBodies[0];
    if (!choice || !body) return;
    const sign = choice.down ? -1 : 1;
    const rows = [...body.rows].map((row) => [cellValue(row, choice.column), row]);
    rows.sort(([a], [b]) => sign * (typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? -1 : 1));
    if (rows.some(([, row], index) => body.rows[index] !== row)) {
      for (const [, row] of rows) body.moveBefore ? body.moveBefore(row, null) : body.append(row);
    }
    [...table.tHead.rows[0].cells].forEach((head, index) => {
      if (head.hasAttribute("aria-sort")) head.setAttribute("aria-sort", index !== choice.column ? "none" : choice.down ? "descending" : "ascending");
    });
  }
  document.addEventListener("click", (event) => {
    const head = event.target.closest("th[aria-sort] button:not([name],[form])")?.closest("th");
    if (!head) return;
    const table = head.closest("table"), column = head.cellIndex, last = sorted.get(keyOf(table));
    const down = last?.column === column ? !last.down : head.classList.contains("num");
    sorted.set(keyOf(table), { column, down });
    sort(table);
  });

  // ---- the desk's watchlist chooses what the chart and the ticket show
  const chosen = () => one("#chart")?.dataset.symbol;
  function markChosen() {
    for (const link of all(".area-watch .watch-symbol")) {
      const row = link.closest("[data-symbol]");
      if (row.dataset.symbol !== chosen()) continue;
      row.classList.add("chosen");
      link.setAttribute("aria-current", "true");
    }
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".area-watch .watch-symbol");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    location.assign(`/?symbol=${encodeURIComponent(link.closest("[data-symbol]").dataset.symbol)}`);
  });

  // ---- pushes bring the server's order and classes back: once a frame, put ours on again
  let due = false;
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    if (due || event.target !== document.body) return; // morphs are told on <body>
    due = true;
    requestAnimationFrame(() => {
      due = false;
      markChosen();
      if (sorted.size) all("table").forEach(sort);
    });
  });

  paintChoices();
  markChosen();
  all("[data-symbol-search]").forEach(searchBox);
})();
