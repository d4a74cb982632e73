"""Orders: placed, looked at before, changed, cancelled, read."""

from __future__ import annotations

from apps.desk.order import OrderStatus, OrderType, Side, TimeInForce
from apps.trades.forms import CHANGEABLE
from apps.trades.queries import TABS

from .schemas import UUID, client_order_id, number, symbol
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

TICKED = ("on", "true", "false")
TICKET: dict[str, Schema] = {
    "symbol": symbol(),
    "side": choice(Side),
    "order_type": choice(OrderType),
    "quantity": number("shares; or else `notional`", "10"),
    "notional": number("the amount (USD) that the shares are counted for", "500.00"),
    "limit_price": number("USD; for a limit and a stop-limit order alone", "149.50"),
    "stop_price": number("USD; for a stop and a stop-limit order alone", "151.00"),
    "trail_amount": number("USD; for a trailing stop alone, or else `trail_percent`", "1.50"),
    "trail_percent": number("per cent of the best price", "2.5"),
    "take_profit": number("price (USD) of an exit of what the order opens", "165.00"),
    "stop_loss": number("price (USD) of an exit of what the order opens", "145.00"),
    "oco_stop": number("price (USD) of the stop beside an exit at a limit", "145.00"),
    "reduce_only": choice(TICKED, "refused where it would open a position"),
    "extended_hours": choice(TICKED, "trades before the open and after the close too; at a limit, day, gtc or gtd"),
    "time_in_force": choice(TimeInForce, default=TimeInForce.DAY.value),
    "expires_at": words("a moment in ISO 8601, UTC without a zone; for gtd alone", example="2030-01-31T16:00"),
    "client_order_id": client_order_id(),
    "then_symbol": symbol("a second order, held until the first is filled whole: its symbol, if another"),
    "then_side": choice(Side, "a second order is sent where one of its fields has something in it; this one it needs"),
    "then_order_type": choice(OrderType, default=OrderType.MARKET.value),
    "then_quantity": number("shares of the second order, which it needs", "10"),
    "then_limit_price": number("USD", "155.00"),
    "then_stop_price": number("USD", "145.00"),
    "then_trail_amount": number("USD", "1.50"),
    "then_trail_percent": number("per cent of the best price", "2.5"),
    "then_take_profit": number("price (USD) of an exit of what the second order opens", "165.00"),
    "then_stop_loss": number("price (USD) of an exit of what the second order opens", "145.00"),
    "then_time_in_force": choice(TimeInForce, default=TimeInForce.DAY.value),
    "then_expires_at": words("for gtd alone", example="2030-01-31T16:00"),
    "then_extended_hours": choice(TICKED),
}
NEEDED = ("symbol", "side", "order_type")
EXAMPLE = {
    "symbol": "AAPL",
    "side": "buy",
    "order_type": "limit",
    "quantity": "10",
    "limit_price": "149.50",
    "time_in_force": "day",
}
FILTER = (
    query("tab", choice(TABS, default="working")),
    query("symbol", words("how the symbol begins, or the order's own name")),
    query("side", choice(Side)),
    query("status", choice(OrderStatus)),
)
ORDER_ID = in_path("order_id", UUID)
BY_ID = json(schema("Order"))
WRONG = answer(
    "Refused: every field that is wrong, or the rule and its number. Nothing was changed.",
    json(schema("Errors")),
    html(),
)
REFUSED = answer("Refused. Nothing was changed.", json({"anyOf": [schema("Errors"), schema("Refusal")]}), html())
NAMED = header("the file's name", words(), required=False)
UNREADABLE, MISSING = ref("responses", "UnreadableBody"), ref("responses", "NotFound")
TO_ORDERS = moved("To the orders, for a page without JavaScript")

OPERATIONS = (
    get(
        "/orders/",
        "listOrders",
        "orders",
        "The page of a tab of orders, filtered and paged",
        {200: answer("The page", html()), 404: MISSING},
        *FILTER,
        query("page", whole("from 1, 50 orders each", least=1)),
    ),
    post(
        "/orders/",
        "placeOrder",
        "orders",
        "Places an order, once for each client_order_id",
        {
            200: answer("Placed before under that name: as it is now. To htmx the ticket.", BY_ID, html()),
            201: answer("Placed", BY_ID),
            302: TO_ORDERS,
            400: UNREADABLE,
            422: WRONG,
        },
        form(TICKET, NEEDED, by_json=True, example=EXAMPLE),
        HTMX,
    ),
    get(
        "/orders/export.csv",
        "exportOrders",
        "orders",
        "What the list shows with this filter, whole, as CSV",
        {
            200: answer("The file", {"text/csv": {"schema": words()}}, Content_Disposition=NAMED),
            404: MISSING,
        },
        *FILTER,
    ),
    get(
        "/orders/ticket/",
        "previewOrder",
        "orders",
        "To htmx what the typed order would cost and what the rules say of it; else a ticket, filled in",
        {200: answer("The estimate, or the page", html())},
        HTMX,
        *(query(name, rules) for name, rules in TICKET.items()),
    ),
    get(
        "/orders/{order_id}/",
        "readOrder",
        "orders",
        "One order of your own with its fills",
        {200: answer("The order", BY_ID, html()), 404: MISSING},
        ORDER_ID,
    ),
    post(
        "/orders/{order_id}/replace/",
        "changeOrder",
        "orders",
        "Another quantity or price for a working order or a second one that waits; what is not sent stays as it is",
        {
            200: answer("The order as it is now", BY_ID, html()),
            302: moved("To the order, for a page without JavaScript"),
            400: UNREADABLE,
            404: MISSING,
            422: WRONG,
        },
        form({name: TICKET[name] for name in CHANGEABLE}, by_json=True),
        ORDER_ID,
        HTMX,
    ),
    post(
        "/orders/{order_id}/cancel/",
        "cancelOrder",
        "orders",
        "Cancels what is left of an order",
        {
            200: answer("Cancelled; to htmx the working orders", BY_ID, html()),
            302: TO_ORDERS,
            404: MISSING,
            422: REFUSED,
        },
        None,
        ORDER_ID,
        HTMX,
    ),
    post(
        "/orders/cancel/",
        "cancelOrders",
        "orders",
        "Cancels every working order, or with `symbol` those of one",
        {
            200: answer(
                "The ids of what was cancelled; to htmx the working orders",
                json(record({"canceled": listed(UUID)})),
                html(),
            ),
            302: TO_ORDERS,
            400: UNREADABLE,
            422: REFUSED,
        },
        form({"symbol": symbol()}, by_json=True),
        HTMX,
    ),
    post(
        "/orders/close/",
        "closePosition",
        "orders",
        "Sells all that is held of a symbol at the market",
        {
            200: answer("Sent before under that name; to htmx the working orders", BY_ID, html()),
            201: answer("The order that was sent", BY_ID),
            302: TO_ORDERS,
            400: UNREADABLE,
            422: REFUSED,
        },
        form(
            {"symbol": symbol(), "client_order_id": client_order_id()},
            ["symbol"],
            by_json=True,
            example={"symbol": "AAPL"},
        ),
        HTMX,
    ),
)
