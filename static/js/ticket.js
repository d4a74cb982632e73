"use strict";
/* The order ticket: shows the fields its type and time take, takes a price or a side from the page, waits for a fresh quote. */
(() => {
  const ticket = () => document.querySelector("form[data-ticket]");
  const field = (name) => ticket()?.elements.namedItem(name);

  function showFields() {
    const chosen = [field("order_type"), field("time_in_force"), field("side")].map((one) => one?.value);
    for (const box of ticket()?.querySelectorAll("[data-for-type], [data-for-tif], [data-for-side]") ?? []) {
      const needs = (box.dataset.forType ?? box.dataset.forTif ?? box.dataset.forSide).split(" ");
      box.hidden = !needs.some((need) => chosen.includes(need));
      for (const input of box.querySelectorAll("input")) {
        if (box.hidden && input.type === "checkbox") input.checked = false;
        else if (box.hidden) input.value = "";
        input.disabled = box.hidden;
      }
    }
  }

  function choose(name, value) {
    const chosen = field(name);
    if (!chosen || chosen.value === value) return;
    chosen.value = value;
    ticket().dispatchEvent(new Event("change", { bubbles: true }));
  }

  function watchQuote() {
    const form = ticket();
    if (!form) return;
    const symbol = field("symbol").value.trim().toUpperCase();
    const stale = symbol && document.getElementById(`book-${symbol}`)?.classList.contains("stale");
    const why = form.querySelector(".ticket-why");
    form.querySelector(".ticket-send").disabled = Boolean(stale);
    why.hidden = !stale;
    why.textContent = stale ? `The quote for ${symbol} is old; sending waits for a fresh one.` : "";
  }

  // What the symbol's prices are in stands with what the order would cost
  function nameCurrency() {
    const currency = ticket()?.querySelector("[data-currency]")?.dataset.currency ?? "USD";
    for (const unit of ticket()?.querySelectorAll("[data-unit]") ?? []) unit.textContent = currency;
  }

  document.addEventListener("change", (event) => {
    if (!event.target.closest("form[data-ticket]")) return;
    showFields();
    watchQuote();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fill-price]");
    if (!button || !ticket()) return;
    choose("order_type", "limit");
    field("limit_price").value = button.dataset.fillPrice;
    ticket().dispatchEvent(new Event("change", { bubbles: true }));
    field("quantity").focus();
  });

  // In a number field letters mean nothing, so b and s go on choosing the side there
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !ticket()?.contains(event.target)) return;
    if (event.key === "Escape") event.target.blur();
    const side = { b: "buy", s: "sell" }[event.key];
    if (!side || event.target.inputMode !== "decimal") return;
    event.preventDefault();
    choose("side", side);
  });

  // An answer to a sent order brings a whole new ticket; a pushed book may be the fresh quote that was waited for
  function refresh() {
    showFields();
    watchQuote();
    nameCurrency();
  }
  document.addEventListener("htmx:afterSwap", refresh);
  document.addEventListener("htmx:oobAfterSwap", watchQuote);
  document.addEventListener("DOMContentLoaded", refresh);
  if (document.readyState !== "loading") refresh();
  setInterval(watchQuote, 1000);
})();
