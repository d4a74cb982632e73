"""What an account did and has: its history, its files, its worth, and how each figure was made."""

from __future__ import annotations

from apps.desk.order import Side
from apps.history.exports import EXPORTS
from apps.history.forms import DIRECTIONS, LONGEST_NOTE
from apps.history.statement import COLUMNS
from apps.portfolio.basis import SPANS as PERFORMANCE_SPANS
from apps.portfolio.choices import BY
from apps.portfolio.kinds import KINDS
from apps.portfolio.ledger import SPANS
from apps.portfolio.receipt_lines import FIGURES
from apps.portfolio.source_receipts import EXPLAINED

from .schemas import symbol
from .terms import (
    HTMX,
    Schema,
    answer,
    choice,
    form,
    get,
    header,
    html,
    in_path,
    json,
    moved,
    post,
    query,
    ref,
    schema,
    whole,
    words,
)

FILTER = (
    query("tab", choice(EXPORTS, default="trades")),
    query("symbol", symbol("in full")),
    query("side", choice(Side, "of orders and fills alone")),
    query("kind", choice(KINDS, "of the ledger alone")),
    query("tag", words("of closed trades alone", maxLength=30, example="swing")),
    query("direction", choice(DIRECTIONS, "of closed trades alone")),
    query("from", words("the first day (UTC)", format="date", example="2026-03-01")),
    query("to", words("the last day (UTC)", format="date", example="2026-03-31")),
)
PAGE = query("page", whole("from 1", least=1))
TRADE = words("the execution that opened it: `opened_by` of the exported trades")
MISSING, UNREADABLE = ref("responses", "NotFound"), ref("responses", "UnreadableBody")
WRONG = answer(
    "A filter that cannot be read, by field", json({"anyOf": [schema("Errors"), schema("Refusal")]}), html()
)
NAMED = header("the file's name", words(), required=False)


def span(spans: dict[str, object], usual: str) -> Schema:
    return query("span", choice(spans, "how far back", default=usual))


OPERATIONS = (
    get(
        "/history/",
        "listHistory",
        "history",
        "The page of a tab of what is over",
        {200: answer("The page", html()), 400: WRONG, 404: MISSING},
        *FILTER,
        PAGE,
    ),
    get(
        "/history/export.csv",
        "exportHistoryCsv",
        "history",
        "All that a tab holds with this filter, as CSV",
        {
            200: answer("The file", {"text/csv": {"schema": words()}}, Content_Disposition=NAMED),
            400: WRONG,
            404: MISSING,
        },
        *FILTER,
    ),
    get(
        "/history/export.json",
        "exportHistoryJson",
        "history",
        "All that a tab holds with this filter, as JSON",
        {200: answer("The file", json(schema("Rows")), Content_Disposition=NAMED), 400: WRONG, 404: MISSING},
        *FILTER,
    ),
    get(
        "/history/note/",
        "showNote",
        "history",
        "The page of the note on a closed trade",
        {200: answer("The page", html()), 404: MISSING},
        query("trade", TRADE, required=True),
    ),
    post(
        "/history/note/",
        "keepNote",
        "history",
        "Keeps a note and tags on a closed trade",
        {
            302: moved("Kept; to the history"),
            400: UNREADABLE,
            404: MISSING,
            422: answer("Refused, by field", json(schema("Errors")), html()),
        },
        form(
            {"trade": TRADE, "note": words(maxLength=LONGEST_NOTE), "tags": words("with commas between")},
            ["trade"],
            by_json=True,
        ),
    ),
    get(
        "/history/import/",
        "showImport",
        "history",
        "The page that takes a file of fills, or shows what booking it would do",
        {200: answer("The page", html()), 404: MISSING},
    ),
    post(
        "/history/import/",
        "importFills",
        "history",
        "Keeps a file to be looked at, names its columns, books it whole, or drops it",
        {
            302: moved("To the file, or once booked to the history"),
            404: MISSING,
            422: answer("What is wrong; nothing was written", html()),
        },
        form(
            {
                "do": choice(("send", "map", "book", "drop")),
                "text": words("the lines of a file, where none is sent as `file`"),
                **{f"column-{column}": words("the name of the file's column") for column in COLUMNS},
            },
            ["do"],
        ),
    ),
    get(
        "/portfolio/",
        "showPortfolio",
        "portfolio",
        "The page of positions, cash and worth",
        {200: answer("The page", html()), 404: MISSING},
        span(dict(SPANS), "day"),
    ),
    get(
        "/portfolio/equity.json",
        "readEquity",
        "portfolio",
        "The equity over a span: seconds since the epoch, and USD",
        {200: answer("The curve", json(schema("Equity"))), 404: MISSING},
        span(dict(SPANS), "day"),
    ),
    get(
        "/portfolio/performance/",
        "showPerformance",
        "portfolio",
        "The page of returns, risk and results over a span",
        {200: answer("The page", html()), 404: MISSING},
        span(dict(PERFORMANCE_SPANS), "all"),
    ),
    get(
        "/portfolio/performance.json",
        "readPerformance",
        "portfolio",
        "Its days: seconds since the epoch, P&L in USD, drawdown in per cent below nought",
        {200: answer("The days", json(schema("Performance"))), 404: MISSING},
        span(dict(PERFORMANCE_SPANS), "all"),
    ),
    get(
        "/portfolio/receipts/{name}/",
        "showReceipt",
        "portfolio",
        "How a figure of the account or of its performance was made, now or as of a moment that is past",
        {200: answer("The page", html()), 400: answer("A moment that is none", html()), 404: MISSING},
        in_path("name", choice((*FIGURES, *EXPLAINED))),
        query("symbol", symbol("of one symbol, for a figure that has it")),
        query(
            "at",
            words(
                "a moment in ISO 8601, UTC without a zone; of performance the newest close by then, or by a day",
                example="2026-03-31T16:00:00Z",
            ),
        ),
        span(dict(PERFORMANCE_SPANS), "all"),
        query("by", choice(BY, "of performance: of the trades, or sessions, of one symbol, day, weekday or the like")),
        query("of", words("of which one; of a tag also none", maxLength=80)),
        PAGE,
    ),
    get(
        "/portfolio/ledger/",
        "listLedger",
        "portfolio",
        "Every booking, searched and paged; to htmx the results alone",
        {200: answer("The page", html()), 404: MISSING},
        query("q", words("what to look for", maxLength=80)),
        PAGE,
        HTMX,
    ),
)
