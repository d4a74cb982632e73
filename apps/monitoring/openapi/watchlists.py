"""Watchlists: lines put on, taken off, brought back and moved; lists made, named and deleted."""

from __future__ import annotations

from apps.watchlist.forms import MOST_TEXT
from apps.watchlist.services import LONGEST_NAME

from .schemas import symbol
from .terms import (
    HTMX,
    Operation,
    Schema,
    answer,
    choice,
    form,
    get,
    html,
    in_path,
    json,
    listed,
    moved,
    post,
    query,
    record,
    ref,
    schema,
    whole,
    words,
)

LIST, LINE = in_path("watchlist_id", whole("the list's number")), in_path("line_id", whole("the line's number"))
NUMBER = words("the list's number; the first list where it is empty", pattern="^[0-9]{0,18}$")
NAME = words(maxLength=LONGEST_NAME, minLength=1, example="Tech")
SYMBOLS = words("with commas or spaces between", maxLength=MOST_TEXT, example="AAPL, MSFT")
PLACE = whole("from the top, 0 the first", most=10_000)
TO_LIST, MISSING = moved("To the list, for a page without JavaScript"), ref("responses", "NotFound")
WRONG = answer("Refused, with the reason. Nothing was changed.", json(schema("Errors")), html())


def changed(about: str, **facts: Schema) -> Schema:
    """The list's number and the facts; to htmx the list drawn again."""
    return answer(about, json(record({"watchlist": whole(), **facts})), html())


def change(
    path: str, name: str, summary: str, ok: dict[int, Schema], *parts: Schema, body: Schema | None = None
) -> Operation:
    """A post about one list or line of your own."""
    answers = {**ok, 302: TO_LIST, 404: MISSING, 422: WRONG}
    return post(
        f"/watchlist/{path}",
        name,
        "watchlists",
        summary,
        answers,
        body,
        *parts,
        HTMX,
    )


OPERATIONS = (
    get(
        "/watchlist/",
        "showWatchlist",
        "watchlists",
        "The page of one list",
        {200: answer("The page", html()), 404: MISSING},
        query("list", NUMBER),
        query("symbol", words("what was just removed, to be offered back")),
        query("place", PLACE),
    ),
    change(
        "symbols/",
        "watchSymbol",
        "Puts a symbol at the end of a list",
        {
            200: changed(
                "It stood there already", id=whole("the line's number"), symbol=words(), created={"const": False}
            ),
            201: changed("Put there", id=whole("the line's number"), symbol=words(), created={"type": "boolean"}),
            400: ref("responses", "UnreadableBody"),
        },
        body=form({"symbol": symbol(), "watchlist": NUMBER}, ["symbol"], by_json=True, example={"symbol": "AAPL"}),
    ),
    change(
        "symbols/{line_id}/remove/",
        "unwatchSymbol",
        "Takes a line off its list",
        {200: changed("Taken off; symbol and place bring it back", symbol=words(), place=whole())},
        LINE,
    ),
    change(
        "symbols/{line_id}/move/",
        "moveSymbol",
        "Moves a line up or down by one",
        {200: changed("Moved, or at the end already", symbol=words())},
        LINE,
        body=form({"by": choice(("up", "down"))}, ["by"]),
    ),
    post(
        "/watchlist/lists/",
        "createWatchlist",
        "watchlists",
        "Makes a list",
        {201: changed("Made", name=words()), 302: TO_LIST, 422: WRONG},
        form({"name": NAME}, ["name"]),
        HTMX,
    ),
    change(
        "{watchlist_id}/symbols/",
        "watchSymbols",
        "Puts several symbols at the end; each that cannot be is named with its reason",
        {
            200: changed(
                "What became of each",
                added=listed(words()),
                known=listed(words()),
                refused={"type": "object", "additionalProperties": words()},
            )
        },
        LIST,
        body=form({"symbols": SYMBOLS}, ["symbols"]),
    ),
    change(
        "{watchlist_id}/restore/",
        "restoreSymbol",
        "Brings a removed symbol back to its place",
        {200: changed("It is back", id=whole("the line's number"), symbol=words())},
        LIST,
        body=form({"symbol": symbol(), "place": PLACE}, ["symbol", "place"]),
    ),
    change(
        "{watchlist_id}/order/",
        "orderWatchlist",
        "Puts a list into another order: each of its symbols once",
        {200: changed("In the new order", symbols=listed(words()))},
        LIST,
        body=form({"symbols": SYMBOLS}, ["symbols"]),
    ),
    change(
        "{watchlist_id}/rename/",
        "renameWatchlist",
        "Names a list",
        {200: changed("Named", name=words())},
        LIST,
        body=form({"name": NAME}, ["name"]),
    ),
    change(
        "{watchlist_id}/delete/",
        "deleteWatchlist",
        "Deletes a list; the last one stays",
        {200: answer("Deleted", json(record({"deleted": whole()})))},
        LIST,
    ),
)
