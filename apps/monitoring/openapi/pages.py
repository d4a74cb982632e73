"""The desk, symbols, what pages poll, and notifications."""

from __future__ import annotations

from apps.desk.order import Side
from apps.live.pages import Page
from apps.live.topics import FAMILIES
from apps.market.views import MOST_MINUTES

from .schemas import symbol
from .terms import (
    HTMX,
    Door,
    Operation,
    answer,
    choice,
    form,
    get,
    header,
    html,
    in_path,
    json,
    moved,
    plain,
    post,
    query,
    ref,
    schema,
    whole,
    words,
)

MISSING = ref("responses", "NotFound")
PAGE = answer("The page", html())
SEQ = words("an event's number", pattern="^[0-9]{1,18}$", example="1")
BETWEEN = (query("after", SEQ), query("upto", SEQ))


def poll() -> Operation:
    """Every page that has been registered by now can be polled."""
    return get(
        "/live/poll/{page}/",
        "poll",
        "live",
        "What a page's socket would have sent: events after `since`, then all states",
        {
            200: answer(
                "HTML fragments",
                html(),
                Livedesk_Line=header("whether the page may have a socket", choice(("on", "off"))),
            ),
            401: answer("Signed out", json(schema("Refusal")), plain()),
            404: MISSING,
            409: answer(
                "The number was never given out, or is too old: reload the page", json(schema("Refusal")), plain()
            ),
        },
        in_path("page", choice(sorted(Page.registry))),
        query("since", SEQ),
        query("symbol", symbol("of the page desk")),
        query("alone", choice(("0", "1"), "of the page desk: the page of one symbol")),
        query("list", words("of the page watchlist: the list's number")),
        query("tab", words("of the page trades")),
        query("order", words("of the page trades: one order's id")),
        query("family", choice(FAMILIES, "of the page activity")),
        door=Door.OPEN,
    )


def operations() -> tuple[Operation, ...]:
    return (
        get(
            "/",
            "showDesk",
            "market",
            "The desk for a trader, the welcome for everybody else",
            {200: PAGE, 404: MISSING},
            query("symbol", symbol("which stands in the middle")),
            query("side", choice(Side, "that the ticket begins with")),
            door=Door.OPEN,
        ),
        get(
            "/symbols/",
            "findSymbols",
            "market",
            "What matches a text; to htmx as options",
            {200: answer("Eight at most", json(schema("Found")), html())},
            query("q", words("a part of symbol or name", maxLength=64)),
            HTMX,
        ),
        get(
            "/symbols/{symbol}/",
            "showSymbol",
            "market",
            "The page of one symbol",
            {200: PAGE, 302: moved("To the symbol in capitals"), 404: MISSING},
            in_path("symbol", symbol()),
        ),
        get(
            "/symbols/{symbol}/bars.json",
            "readBars",
            "market",
            "One-minute bars, oldest first, the minute being traded last",
            {
                200: answer("The bars", json(schema("Bars"))),
                404: answer("Not traded here", json(schema("Refusal")), html()),
                422: answer("Not so many minutes", json(schema("Errors"))),
            },
            in_path("symbol", symbol()),
            query("minutes", whole("how many", least=1, most=MOST_MINUTES)),
        ),
        poll(),
        get(
            "/activity/",
            "showActivity",
            "live",
            "The page of notifications, unread first",
            {200: PAGE, 404: MISSING},
            query("family", choice(FAMILIES)),
            *BETWEEN,
        ),
        post(
            "/activity/read/",
            "markRead",
            "live",
            "Marks every notification up to a number as read, for all tabs",
            {
                204: answer("Marked, to htmx"),
                302: moved("To the notifications, for a page without JavaScript"),
                422: answer("Not the number of an event", json(schema("Refusal")), plain()),
            },
            form({"seq": SEQ}, ["seq"]),
            HTMX,
        ),
        get(
            "/live/away/",
            "readAway",
            "live",
            "What was missed between two numbers, as one toast; empty for few",
            {200: answer("The toast", html())},
            *BETWEEN,
        ),
        post(
            "/live/dismiss/",
            "dismissRelease",
            "live",
            "Puts the news of a release away",
            {200: answer("What stands in their place, to htmx", html()), 302: moved("Back to the page")},
            form({"release": words("its version")}),
            HTMX,
        ),
        get(
            "/live/notice/",
            "readNotices",
            "live",
            "The notices of now, to whoever asks",
            {200: answer("HTML; empty for none", html())},
            door=Door.OPEN,
        ),
    )
