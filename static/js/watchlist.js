// A watchlist by mouse: rows are dragged. Their buttons do the same without it.
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
    window.livedesk.act(list.dataset.orderUrl, { symbols: symbolsOf(list) });
  });

  // The symbol that was added leaves the field to the next one
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt.id === "watch-add" && event.detail.successful) event.detail.elt.reset();
  });
})();
