"""What bodies look like; words that have a meaning on the desk come from where the desk defines them."""

from __future__ import annotations

from apps.desk.instrument import SYMBOL
from apps.desk.order import Effect, OrderStatus, OrderType, Side, TimeInForce
from apps.history.exports import EXPORTS
from apps.trades.fields import CLIENT_ORDER_ID, PLAIN_NUMBER

from .terms import Schema, choice, listed, record, schema, whole, words

ANY_CASE = SYMBOL.pattern.replace("A-Z", "A-Za-z")
UUID = words(format="uuid")
MOMENT = words(format="date-time")
DECIMAL = words(format="decimal", pattern=r"^-?[0-9]+(\.[0-9]+)?$")


def symbol(about: str = "") -> Schema:
    """As it is typed: small letters are read as capitals."""
    return words(about, pattern=f"^{ANY_CASE}$", example="AAPL")


def number(about: str, example: str) -> Schema:
    """A plain decimal, as it is typed: digits and a point, no exponent; empty is none."""
    return words(about, format="decimal", pattern=f"^({PLAIN_NUMBER.pattern})?$", example=example)


def client_order_id(about: str = "your own name of the order: sent again, it is the same order") -> Schema:
    return words(about, pattern=f"^({CLIENT_ORDER_ID.pattern})?$", example="program-1")


def maybe(rules: Schema) -> Schema:
    """The same, or null for what is not known or not set."""
    return {**rules, "type": [rules["type"], "null"]}


def row_of(tab: str) -> Schema:
    """A row of an exported tab: texts, null for what is not known."""
    columns = EXPORTS[tab].columns
    return {**record(dict.fromkeys(columns, maybe(words()))), "additionalProperties": False}


ORDER = {
    "id": UUID,
    "client_order_id": words(pattern=f"^{CLIENT_ORDER_ID.pattern}$"),
    "symbol": words(),
    "side": choice(Side),
    "effect": choice(Effect),
    "order_type": choice(OrderType),
    "time_in_force": choice(TimeInForce),
    "currency": words("what its prices are in (ISO 4217)"),
    "quantity": DECIMAL,
    "notional": maybe(DECIMAL),
    "limit_price": maybe(DECIMAL),
    "stop_price": maybe(DECIMAL),
    "trail_amount": maybe(DECIMAL),
    "trail_percent": maybe(DECIMAL),
    "stop_at": maybe(DECIMAL),
    "take_profit": maybe(DECIMAL),
    "stop_loss": maybe(DECIMAL),
    "oco": maybe(UUID),
    "parent_id": maybe(UUID),
    "after_id": maybe(UUID),
    "extended_hours": {"type": "boolean"},
    "session_date": maybe(words(format="date")),
    "expires_at": maybe(MOMENT),
    "status": choice(OrderStatus),
    "cum_qty": DECIMAL,
    "leaves_qty": DECIMAL,
    "avg_px": maybe(DECIMAL),
    "reason": words("why it was refused or ended, for people; empty where nothing is to be said"),
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "fills": listed(schema("Fill")),
    "then": {"anyOf": [schema("Order"), {"type": "null"}]},
}
FILL = {
    "exec_id": words(),
    "last_qty": DECIMAL,
    "last_px": DECIMAL,
    "rate": maybe(DECIMAL),
    "commission": DECIMAL,
    "liquidity": words(),
    "at": MOMENT,
}
BAR = {"time": whole("seconds since the epoch"), **dict.fromkeys(("open", "high", "low", "close", "volume"), DECIMAL)}
CHECK = {
    "status": choice(("ok", "degraded", "down", "off")),
    "reason": words("why it is not ok"),
    "milliseconds": {"type": ["number", "null"], "description": "how long the look took; null where no answer came"},
    "ageSeconds": {"type": "number", "description": "how long ago the look ended; looks are two seconds apart"},
    "name": words("the feed's"),
    "open": {"type": "boolean", "description": "whether the market is"},
    "quoting": {"type": "boolean", "description": "whether quotes are to be expected now"},
    "silentSeconds": {"type": "number"},
    "checkedSecondsAgo": {"type": ["number", "null"]},
    "wrong": {"type": ["integer", "null"], "description": "rows of the ledger that do not add up"},
    "lastMilliseconds": {"type": ["number", "null"], "description": "from a canary's commit to its arrival"},
    "flownSecondsAgo": {"type": ["number", "null"]},
    "failedInARow": whole("canaries that failed since the last one that arrived"),
}
HEALTH = {
    "status": choice(("healthy", "degraded", "down", "draining")),
    "timestamp": MOMENT,
    "uptime": {"type": "number", "description": "seconds that this process has run"},
    "processes": {"type": ["integer", "null"]},
    "memory": {"type": "object"},
    "websocket": {"type": "object"},
    **dict.fromkeys(("database", "redis", "feed", "ledger", "canary"), schema("Check")),
}
DESCRIPTION = {
    "name": words(),
    "version": words(),
    "openapi": words("address of this document"),
    **{part: {"type": "object"} for part in ("authentication", "http", "websocket", "limits", "configuration")},
}

SCHEMAS: dict[str, Schema] = {
    "Refusal": record({"error": words("what did not happen"), "detail": words("why, and what to do")}),
    "Errors": {
        **record(
            {
                "errors": {"type": "object", "additionalProperties": listed(words())},
                "rule": words("the rule that refused an order, where it was one"),
                "needed": maybe(words("what the order would come to, as a decimal")),
                "available": maybe(words("what may be")),
            },
            ["errors"],
        ),
        "description": "what is wrong, by field; `body`, `account` and `status` are said of the whole",
    },
    "Order": record(ORDER),
    "Fill": record(FILL),
    "Bars": record({"symbol": words(), "bars": listed(record(BAR))}),
    "Found": record({"symbols": listed(record({"symbol": words(), "name": words(), "was": words()}))}),
    "Check": record(CHECK, ["status"]),
    "Health": record(HEALTH, ["status"]),
    "State": record({"status": choice(("ok", "ready", "not ready", "draining"))}),
    "Description": record(DESCRIPTION),
    "Equity": record({name: listed({"type": "number"}) for name in ("at", "equity")}),
    "Performance": record({name: listed({"type": "number"}) for name in ("at", "pnl", "below")}),
    "Curves": {
        **record({"at": listed({"type": "number"})}),
        "additionalProperties": listed({"type": ["number", "null"]}),
    },
    "Rows": {
        **listed({"anyOf": [schema(f"{tab.capitalize()}Row") for tab in EXPORTS]}),
        "description": "those of the tab that was asked for, oldest first",
    },
    **{f"{tab.capitalize()}Row": row_of(tab) for tab in EXPORTS},
}
