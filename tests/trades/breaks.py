"""What may be wrong with the books, done by hand: by the invariant that finds it, in words."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import F

from apps.live.models import Event, Stream
from apps.market.models import Instrument
from apps.portfolio.models import (
    Account,
    Journal,
    LedgerEntry,
    LedgerPart,
    Lot,
    PartSum,
    Position,
    SessionEquity,
)
from apps.trades.models import Fill, Order

Break = Callable[[], Any]
LEAST = 1  # in a column of whole numbers: a cent, or the least part of a share or a price


def first_order() -> Any:
    return Order.objects.filter(client_order_id="ticket-1")


def journal(kind: str, *lines: tuple[str, int], **facts: Any) -> Journal:
    row = Journal.objects.create(
        account=Account.objects.earliest("pk"), ref="by hand", kind=kind, at=Journal.objects.latest("pk").at, **facts
    )
    LedgerEntry.objects.bulk_create(LedgerEntry(journal=row, book=book, amount=amount) for book, amount in lines)
    return row


def gain_and_pay_more() -> None:
    Position.objects.update(realized_pnl=F("realized_pnl") + LEAST, commission=F("commission") + LEAST)


def earn_without_a_position() -> None:
    journal("gift", ("cash", 5), ("realized", -5))
    Account.objects.filter(pk=Account.objects.earliest("pk").pk).update(cash=F("cash") + 500)


def call_profit_a_dividend() -> None:
    Position.objects.update(realized_pnl=F("realized_pnl") - LEAST, dividends=F("dividends") + LEAST)


def be_paid_interest() -> None:
    """Cash that came in as something else is called interest."""
    journal("gift", ("cash", 1), ("elsewhere", -1))
    first = Account.objects.earliest("pk")
    Account.objects.filter(pk=first.pk).update(interest=F("interest") + 100, cash=F("cash") + 100)


def owe_shares() -> None:
    """With books that say the same."""
    account, other = Account.objects.latest("pk"), Instrument.objects.get(symbol="MSFT")
    held = Position.objects.create(account=account, instrument=other, quantity=-1, cost=-1)
    held.lots.create(exec_id="owed", quantity=-1, cost=-1, price=1, opened_at=account.opened_at)
    row = Journal.objects.create(
        account=account, ref="owed", kind="gift", instrument=other, quantity=-1, at=account.opened_at
    )
    LedgerEntry.objects.bulk_create(
        LedgerEntry(journal=row, book=book, amount=amount) for book, amount in (("cash", 1), ("securities", -1))
    )
    Account.objects.filter(pk=account.pk).update(cash=F("cash") + 100)


def find_a_bit_of_a_share() -> None:
    Position.objects.update(quantity=F("quantity") + LEAST)
    Lot.objects.filter(pk=Lot.objects.latest("pk").pk).update(quantity=F("quantity") + LEAST)


def buy_nothing_for_nothing() -> None:
    journal("buy", ("cash", 0), instrument=Instrument.objects.get(symbol="AAPL"))


def tell_past_the_number() -> None:
    last = Event.objects.latest("pk")
    Event.objects.create(stream=last.stream, seq=last.seq + 1, kind=last.kind, at=last.at)


def hold_for_what_is_filled() -> None:
    row = Order.objects.get(status="new", side="buy")
    row.pk, row.client_order_id, row.status, row.reserved = uuid.uuid4(), "held", "held", 0
    row.after = first_order().get()
    row.save(force_insert=True)


def begin_before_its_turn() -> None:
    working = Order.objects.filter(client_order_id__startswith="ticket-", status="new").order_by("client_order_id")
    Order.objects.filter(pk=working[1].pk).update(after=working[0])


def fill_less() -> None:
    first_order().update(cum_qty=F("cum_qty") - LEAST, quantity=F("quantity") - LEAST)


def owe_what_is_held() -> None:
    """With another lot that makes up for it."""
    lot = Lot.objects.latest("pk")
    Lot.objects.filter(pk=lot.pk).update(quantity=F("quantity") + LEAST)
    owed = Lot.objects.create(
        position=lot.position, exec_id="owed", quantity=0, cost=0, price=1, opened_at=lot.opened_at
    )
    Lot.objects.filter(pk=owed.pk).update(quantity=F("quantity") - LEAST)


def hold_for_another() -> None:
    """One order's shares are held by another."""
    sales = Order.objects.filter(side="sell", reserved__gt=0, parent=None).order_by("client_order_id")
    for sale, more in zip(sales, (LEAST, -LEAST), strict=True):
        Order.objects.filter(pk=sale.pk).update(reserved=F("reserved") + more)


def fill_both() -> None:
    Order.objects.filter(client_order_id__in=["ticket-1", "ticket-3"]).update(oco=uuid.uuid4())


def pay_in_more() -> None:
    """Than was, at a close that is worth as much more."""
    of(SessionEquity, flow=F("flow") + LEAST, equity=F("equity") + LEAST)()


def earn_more_and_pay_more() -> None:
    of(SessionEquity, realized=F("realized") + LEAST, fees=F("fees") + LEAST)()


def count_the_flow_before() -> None:
    """To the close after it."""
    first, second = SessionEquity.objects.filter(account=Account.objects.earliest("pk")).order_by("pk")
    for close, more in ((first, -LEAST), (second, LEAST)):
        flow, equity = F("flow") + more, F("equity") + min(more, 0)
        SessionEquity.objects.filter(pk=close.pk).update(flow=flow, equity=equity)


def hold_more_than_was_bought() -> None:
    """For exits; the position says the same."""
    exits = Order.objects.exclude(parent=None)
    exits.update(quantity=F("quantity") + LEAST)
    exits.filter(reserved__gt=0).update(reserved=F("reserved") + LEAST)
    Position.objects.update(reserved=F("reserved") + LEAST)


def sell_for_what_bought_less() -> None:
    """A sale of 27 is called an exit of what bought 15."""
    partly = Order.objects.get(client_order_id="ticket-2")
    Order.objects.filter(client_order_id="ticket-3").update(parent=partly)
    Order.objects.filter(pk=partly.pk).update(take_profit=160)


def of(model: Any, **facts: Any) -> Break:
    """Changes one row, the newest."""
    return lambda: model.objects.filter(pk=model.objects.latest("pk").pk).update(**facts)


def of_order(**facts: Any) -> Break:
    """Changes the order that was filled at two prices."""
    return lambda: first_order().update(**facts)


def of_partly(**facts: Any) -> Break:
    """Changes the one that was filled in part and cancelled."""
    return lambda: Order.objects.filter(client_order_id="ticket-2").update(**facts)


BREAKS: list[tuple[str, str, Break]] = [
    ("journals-balance", "a journal without lines", lambda: journal("gift")),
    ("cash-is-booked", "cash from nowhere", of(Account, cash=F("cash") + LEAST)),
    ("positions-are-lots", "a lot of another size", of(Lot, quantity=F("quantity") + LEAST)),
    ("positions-are-lots", "a lot of another cost", of(Lot, cost=F("cost") + LEAST)),
    ("positions-are-booked", "shares from nowhere", find_a_bit_of_a_share),
    ("lots-are-of-one-side", "a lot that is owed", owe_what_is_held),
    ("results-are-booked", "profit and fees that make up for each other", gain_and_pay_more),
    ("results-are-booked", "profit called a dividend", call_profit_a_dividend),
    (
        "currencies-are-converted",
        "a share that is in another currency",
        lambda: Instrument.objects.update(currency="EUR"),
    ),
    ("interest-is-booked", "interest that nobody paid", be_paid_interest),
    ("shorts-are-on-margin", "shares owed by a cash account", owe_shares),
    ("accounts-add-up", "profit that no position made", earn_without_a_position),
    ("closes-add-up", "a close worth more", of(SessionEquity, equity=F("equity") + LEAST)),
    ("closes-are-booked", "a close with a flow that nobody paid in", pay_in_more),
    ("closes-are-booked", "a flow of another session", count_the_flow_before),
    ("closes-are-booked", "a close with profit and fees that make up for each other", earn_more_and_pay_more),
    ("closes-are-booked", "a close as of an earlier booking", of(SessionEquity, last_journal=None)),
    ("parts-are-booked", "a sum that is another", of(PartSum, cash=F("cash") + LEAST)),
    ("parts-are-booked", "a sum that is missing", lambda: PartSum.objects.earliest("pk").delete()),
    ("parts-are-booked", "a part that ends later", of(LedgerPart, ends_at=F("ends_at") + timedelta(seconds=1))),
    ("cash-held-back", "cash held for nobody", lambda: Account.objects.update(reserved=F("reserved") + LEAST)),
    ("shares-held-back", "shares held for nobody", of(Position, reserved=F("reserved") + LEAST)),
    ("closed-orders-hold-nothing", "a filled order that holds", of_order(reserved=1)),
    ("statuses-are-quantities", "one filled in part", of_order(quantity=F("quantity") + LEAST)),
    ("statuses-are-quantities", "one filled whole that was cancelled", of_order(status="canceled")),
    ("statuses-are-quantities", "one refused of which some is filled", of_partly(status="rejected")),
    ("closing-orders-hold-shares", "shares of one held by another", hold_for_another),
    ("one-cancels-other", "one without the other", of_partly(oco=uuid.uuid4())),
    ("one-cancels-other", "two that were filled", fill_both),
    ("brackets-are-whole", "one without its exits", of_order(stop_loss=140)),
    ("brackets-are-whole", "exits for more than it bought", hold_more_than_was_bought),
    ("brackets-are-whole", "an exit that sold more than it bought", sell_for_what_bought_less),
    ("seconds-wait-for-firsts", "one held for what is filled", hold_for_what_is_filled),
    ("seconds-wait-for-firsts", "one that began too early", begin_before_its_turn),
    ("orders-are-fills", "an order filled less than its fills", fill_less),
    ("average-prices", "the least bit too high", of_order(avg_px=F("avg_px") + LEAST)),
    ("average-prices", "the least bit too low", of_order(avg_px=F("avg_px") - LEAST)),
    ("average-prices", "no average", of_order(avg_px=None)),
    ("average-prices", "the average of nothing", lambda: Order.objects.filter(cum_qty=0).update(avg_px=150)),
    ("fills-are-booked", "a fill of another fee", of(Fill, commission=F("commission") + LEAST)),
    ("fills-are-booked", "booked at another price", lambda: Journal.objects.update(price=F("price") + LEAST)),
    ("fills-are-booked", "booked at no price", lambda: Journal.objects.update(price=None)),
    ("bookings-are-fills", "a booking without a fill", buy_nothing_for_nothing),
    ("streams-have-no-gap", "an event that is missing", lambda: Event.objects.earliest("pk").delete()),
    ("streams-have-no-gap", "an event after the last", tell_past_the_number),
    ("streams-have-no-gap", "a number that nobody has", lambda: Stream.objects.update(seq=F("seq") + 1)),
]
