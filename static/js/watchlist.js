// A watchlist by mouse: rows are dragged, and their buttons act in place. Without it each button is a plain form's.
(() => {
  "use strict";
  let dragged = null;
  const rowAt = (event) => event.target.closest?.(".watch-row");
  const symbolsOf = (list) => [...list.children].map((row) => row.dataset.symbol).join(",");

  document.addEventListener("dragstart", (event) => {
    if (!event.target.closest?.(".watch-grip")) return;
    dragged = rowAt(event);
    dragged.classList.add("dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.symbol);
    event.dataTransfer.setDragImage(dragged, 8, 8);
  });
  document.addEventListener("dragover", (event) => {
    const over = rowAt(event);
    if (!dragged || !over || over.parentNode !== dragged.parentNode) return;
    event.preventDefault();
    const box = over.getBoundingClientRect();
    over[event.clientY > box.top + box.height / 2 ? "after" : "before"](dragged);
  });
  document.addEventListener("drop", (event) => dragged && event.preventDefault());
  document.addEventListener("dragend", () => {
    if (!dragged) return;
    dragged.classList.remove("dragged");
    const list = dragged.parentNode;
    dragged = null;
    htmx.ajax("POST", list.dataset.orderUrl, { swap: "none", values: { symbols: symbolsOf(list) } });
  });

  // The request belongs to the form, which stays: a pushed list may replace the button before the answer is here
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (event.target.id !== "act" || !button?.closest(".watch-row, [data-undo]")) return;
    event.preventDefault();
    const values = button.name ? { [button.name]: button.value } : {};
    htmx.ajax("POST", button.formAction, { source: event.target, swap: "none", values });
    button.closest("[data-undo]")?.remove();
  });

  // The symbol that was added leaves the field to the next one
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt.id === "watch-add" && event.detail.successful) event.detail.elt.reset();
  });
})();
