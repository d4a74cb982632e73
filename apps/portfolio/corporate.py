"""What a company's split, dividend or new symbol does to an account: booked once for each, with what it rests on."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, Sum

from apps.desk.currency import BASE, ONE
from apps.desk.fill import Fill
from apps.desk.instrument import Renamed
from apps.desk.ledger import CASH, DIVIDENDS, Line, balanced, lines_of_fill, lines_of_income
from apps.desk.money import ZERO, cents, plain
from apps.desk.order import Side
from apps.desk.position import Inventory, Split

from .bookkeeping import lock, save_lots, write
from .models import Account, CorporateAction, Journal, Position
from .news import tell
from .queries import desk_position, inventory_of


def split_of(action: CorporateAction) -> Split:
    return Split(action.instrument.symbol, action.new or 1, action.old or 1)


def held_at(action: CorporateAction) -> dict[int, Decimal]:
    """By account the shares held, or owed, when the ex-date began."""
    before = Q(session_date__lt=action.ex_date) | Q(session_date=None, at__date__lt=action.ex_date)
    rows = Journal.objects.filter(before, instrument=action.instrument).exclude(quantity=0)
    sums = rows.order_by().values_list("account").annotate(Sum("quantity"))
    return {account: quantity for account, quantity in sums if quantity}


def paid_in(action: CorporateAction) -> str:
    """The currency of what it pays: as said; a close is in its instrument's own."""
    by_close = action.kind == CorporateAction.Kind.SPLIT and action.in_lieu is None
    return str(action.instrument.currency if by_close else action.currency)


def pays(action: CorporateAction) -> bool:
    """Whether anybody is paid: by a split only who would not have whole lots."""
    if action.kind != CorporateAction.Kind.SPLIT:
        return action.kind == CorporateAction.Kind.DIVIDEND
    split, lot = split_of(action), action.instrument.lot_size
    held = Position.objects.filter(instrument=action.instrument).values_list("quantity", flat=True)
    return any(split.shares(quantity) % lot for quantity in held)


@transaction.atomic
def book_split(account_id: int, action: CorporateAction, now: datetime, rate: Decimal = ONE) -> bool:
    """Gives the account its new shares, and cash for what is no whole lot, of whose currency a unit is worth `rate`
    (USD). False where it has none, or has them."""
    account, ref = lock(account_id), f"split:{action.pk}:{account_id}"
    row = Position.objects.select_for_update().filter(account=account, instrument=action.instrument).first()
    if row is None or not row.quantity or Journal.objects.filter(ref=ref).exists():
        return False
    split, symbol = split_of(action), action.instrument.symbol
    before = desk_position(row)
    held = inventory_of(account, before)
    more = held.split(split)
    words = f"{symbol} {split.new} for {split.old}: {plain(row.quantity)} shares became {plain(held.qty)}"
    facts = {"instrument": action.instrument, "corporate_action": action, "at": now}
    write(account, balanced(Line(CASH, ZERO)), Journal(ref=ref, kind="split", memo=words, quantity=more, **facts))
    rest = abs(held.qty) % action.instrument.lot_size
    if rest:
        words += f", {pay_in_lieu(account, row, held, rest, action, now, rate)}"
    save_lots(row, before, held.position)
    row.quantity, row.cost, row.local_cost = held.qty, held.cost, held.local
    row.save(update_fields=["quantity", "cost", "local_cost", "realized_pnl"])
    tell(account, action.kind, words, symbols=[symbol])
    return True


def pay_in_lieu(
    account: Account,
    row: Position,
    held: Inventory,
    rest: Decimal,
    action: CorporateAction,
    now: datetime,
    rate: Decimal,
) -> str:
    """Books `rest` shares as sold, or covered, at the price in lieu; says so."""
    side, price, currency = Side.SELL if held.qty > 0 else Side.BUY, in_lieu_of(action), paid_in(action)
    ref = f"in-lieu:{action.pk}:{account.pk}"
    fill = Fill(ref, "", held.symbol, side, rest, price, ZERO, "", now, currency, rate)
    cost, local = held.cost, held.local
    realized = held.take(fill)
    row.realized_pnl += realized
    journal = Journal(
        ref=fill.exec_id,
        kind="in_lieu",
        memo=f"{plain(rest)} {held.symbol} in cash at {plain(price)}{at_rate(currency, rate)}",
        instrument=action.instrument,
        corporate_action=action,
        quantity=-rest if side is Side.SELL else rest,
        price=price,
        session_date=action.ex_date,
        at=now,
    )
    journal.tell_local(currency, rate, fill.local_flow, fill.local_flow + held.local - local)
    write(account, lines_of_fill(fill, held.cost - cost, realized), journal)
    return journal.memo


def in_lieu_of(action: CorporateAction) -> Decimal:
    """What a fraction is paid with (a new share): as said, else the last close, split."""
    close: Decimal | None = action.instrument.previous_close
    said: Decimal | None = action.in_lieu
    return split_of(action).price(close or ZERO) if said is None else said


def at_rate(currency: str, rate: Decimal) -> str:
    """ " EUR, 1.0845 USD each", of another currency; else nothing."""
    return "" if currency == BASE else f" {currency}, {plain(rate)} USD each"


@transaction.atomic
def book_dividend(
    account_id: int, action: CorporateAction, quantity: Decimal, now: datetime, rate: Decimal = ONE
) -> bool:
    """Pays on `quantity` shares, or takes it where they are owed: what that is in its currency, at so many USD a unit.
    False where that is nothing, or was done."""
    account, ref = lock(account_id), f"dividend:{action.pk}:{account_id}"
    local = cents(quantity * (action.amount or ZERO))
    paid = cents(local * rate)
    if not paid or Journal.objects.filter(ref=ref).exists():
        return False
    symbol = action.instrument.symbol
    row, _ = Position.objects.select_for_update().get_or_create(account=account, instrument=action.instrument)
    row.dividends += paid
    row.save(update_fields=["dividends"])
    currency = action.currency
    words = f"{symbol} {plain(action.amount or ZERO)} {currency} a share on {plain(quantity)}"
    if currency != BASE:
        words += f": {local:,.2f}{at_rate(currency, rate)}"
    journal = Journal(
        ref=ref,
        kind="dividend",
        memo=words,
        instrument=action.instrument,
        corporate_action=action,
        session_date=action.ex_date,
        at=now,
    )
    journal.tell_local(currency, rate, local)
    write(account, lines_of_income(DIVIDENDS, paid), journal)
    tell(account, action.kind, f"{paid:,.2f} USD: {words}", symbols=[symbol])
    return True


def book_symbol(account_id: int, action: CorporateAction, renamed: Renamed, now: datetime) -> bool:
    """Tells the account that has to do with the shares what they are called now; in its ledger where it holds or owes
    some. The caller's transaction renames them. False where that was done."""
    account, ref = lock(account_id), f"symbol:{action.pk}:{account_id}"
    if Journal.objects.filter(ref=ref).exists():
        return False
    words = f"{renamed.old} is called {renamed.new} from now on"
    if Position.objects.filter(account=account, instrument=action.instrument).exclude(quantity=0).exists():
        facts = {"instrument": action.instrument, "corporate_action": action, "at": now}
        write(account, balanced(Line(CASH, ZERO)), Journal(ref=ref, kind="symbol", memo=words, **facts))
    tell(account, action.kind, words, symbols=[renamed.old, renamed.new])
    return True
