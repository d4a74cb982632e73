// What a press does: it asks once more where it should, is sent in place, and its answer is shown as a push is.
(() => {
  "use strict";
  const WITHIN = 20000; // ms after which an answer is no longer waited for
  const LOOK = "Look under Orders before you send it again.";
  const UNREACHED = "The desk could not be reached. " + LOOK;
  const one = (selector) => document.querySelector(selector);

  // ---- asking once more: data-confirm on a form or its button
  function ask(words, then) {
    const dialog = one("#confirm");
    one("#confirm-text").textContent = words;
    dialog.returnValue = "";
    dialog.addEventListener("close", () => dialog.returnValue === "yes" && then(), { once: true });
    dialog.showModal();
  }
  document.addEventListener("submit", (event) => {
    const { target: form, submitter: button } = event;
    const words = button?.dataset.confirm ?? form.dataset.confirm;
    if (!words || form.dataset.confirmed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    ask(words, () => {
      if (button && button.form !== form) { // a push took it away while it was asked for
        say("That is gone meanwhile: nothing was done.");
        return;
      }
      form.dataset.confirmed = "1";
      form.requestSubmit(button);
      delete form.dataset.confirmed;
    });
  }, true);

  // ---- in place: data-act on a button of #act, sent in the order of the presses; data-act="once" not again before its
  // answer. Not by htmx: it looks for its targets from the button, which a push may have taken away, and a form's
  // queued request goes to the address of the button that was pressed last.
  const live = window.livedesk;
  const underWay = new Set();
  let turn = Promise.resolve();
  const act = (address, values) => (turn = turn.then(() => send(address, values)));
  async function send(address, values) {
    const body = new URLSearchParams({ csrfmiddlewaretoken: one("#act").elements.csrfmiddlewaretoken.value, ...values });
    const request = { method: "POST", headers: { "HX-Request": "true" }, body, signal: AbortSignal.timeout(WITHIN) };
    try {
      const answer = await fetch(address, request);
      const text = await answer.text();
      if (isPage(text)) leaveFor(answer.status, answer.url);
      else if (answer.ok || answer.status === 422) live.take(text);
      else say(`The desk answered ${answer.status}. ${LOOK}`);
    } catch {
      say(UNREACHED);
    }
  }
  if (live?.take) {
    live.act = act;
    document.addEventListener("submit", (event) => {
      const button = event.submitter;
      if (button?.dataset.act === undefined) return;
      event.preventDefault();
      const what = button.dataset.act === "once" ? button.formAction + " " + button.value : Symbol("each press");
      if (underWay.has(what)) return;
      underWay.add(what);
      act(button.formAction, button.name ? { [button.name]: button.value } : {}).then(() => underWay.delete(what));
      button.closest("[data-undo]")?.remove();
    });
  }

  // ---- what htmx sent: a whole page never lands inside a fragment, and older never overwrites newer
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { detail, target } = event;
    if (isPage(detail.xhr?.responseText)) {
      detail.shouldSwap = false;
      leaveFor(detail.xhr.status, detail.xhr.responseURL);
    } else if (detail.shouldSwap && target.getAttribute("hx-swap") === "none") {
      detail.shouldSwap = false;
      live.take(detail.serverResponse);
    }
  });
  // A button that is off while its form is sent lets go of the focus: what comes in the form's place takes it
  document.addEventListener("htmx:afterSwap", ({ detail: { target } }) => {
    const form = target?.id && document.getElementById(target.id);
    if (form?.tagName !== "FORM" || document.activeElement !== document.body) return;
    (form.querySelector("[aria-invalid=true]") ?? form.querySelector("[type=submit]"))?.focus();
  });
  document.addEventListener("htmx:sendError", () => say(UNREACHED));
  document.addEventListener("htmx:responseError", (event) => say(`The desk answered ${event.detail.xhr.status}. ${LOOK}`));
  function isPage(text) {
    return /^\s*<!doctype/i.test(text || "");
  }
  function leaveFor(status, address) {
    if (status < 400) location.assign(address);
    else say("The desk refused that. Reload the page and try again.");
  }
  function say(words) {
    const toast = document.createElement("div"), body = document.createElement("div"), close = document.createElement("button");
    toast.className = "toast";
    toast.dataset.tone = "error";
    toast.dataset.kind = "fault";
    toast.setAttribute("role", "alert");
    body.className = "toast-body";
    body.textContent = words;
    Object.assign(close, { type: "button", className: "toast-close", textContent: "×" });
    close.setAttribute("aria-label", "Close");
    close.addEventListener("click", () => toast.remove());
    toast.append(body, close);
    one("#toasts")?.append(toast);
  }
})();
