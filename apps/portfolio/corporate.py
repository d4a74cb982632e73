"""What a company's split, dividend or new symbol does to an account: booked once for each, with what it rests on."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, Sum

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


@transaction.atomic
def book_split(account_id: int, action: CorporateAction, now: datetime) -> bool:
    """Gives the account its new shares, and cash for what is no whole lot. False where it has none, or has them."""
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
        words += f", {pay_in_lieu(account, row, held, rest, action, now)}"
    save_lots(row, before, held.position)
    row.quantity, row.cost, row.local_cost = held.qty, held.cost, held.local
    row.save(update_fields=["quantity", "cost", "local_cost", "realized_pnl"])
    tell(account, action.kind, words, symbols=[symbol])
    return True


def pay_in_lieu(
    account: Account, row: Position, held: Inventory, rest: Decimal, action: CorporateAction, now: datetime
) -> str:
    """Books `rest` shares as sold, or covered, at the price in lieu; says so."""
    side, price = Side.SELL if held.qty > 0 else Side.BUY, in_lieu_of(action)
    fill = Fill(f"in-lieu:{action.pk}:{account.pk}", "", held.symbol, side, rest, price, ZERO, "", now)
    cost = held.cost
    realized = held.take(fill)
    row.realized_pnl += realized
    journal = Journal(
        ref=fill.exec_id,
        kind="in_lieu",
        memo=f"{plain(rest)} {held.symbol} in cash at {plain(price)}",
        instrument=action.instrument,
        corporate_action=action,
        quantity=-rest if side is Side.SELL else rest,
        price=price,
        session_date=action.ex_date,
        at=now,
    )
    write(account, lines_of_fill(fill, held.cost - cost, realized), journal)
    return journal.memo


def in_lieu_of(action: CorporateAction) -> Decimal:
    """What a fraction is paid with (USD a new share): as said, else the last close, split."""
    close: Decimal | None = action.instrument.previous_close
    said: Decimal | None = action.in_lieu
    return split_of(action).price(close or ZERO) if said is None else said


@transaction.atomic
def book_dividend(account_id: int, action: CorporateAction, quantity: Decimal, now: datetime) -> bool:
    """Pays on `quantity` shares, or takes it where they are owed. False where that is nothing, or was done."""
    account, ref = lock(account_id), f"dividend:{action.pk}:{account_id}"
    paid = cents(quantity * (action.amount or ZERO))
    if not paid or Journal.objects.filter(ref=ref).exists():
        return False
    symbol = action.instrument.symbol
    row, _ = Position.objects.select_for_update().get_or_create(account=account, instrument=action.instrument)
    row.dividends += paid
    row.save(update_fields=["dividends"])
    words = f"{symbol} {plain(action.amount or ZERO)} USD a share on {plain(quantity)}"
    journal = Journal(
        ref=ref,
        kind="dividend",
        memo=words,
        instrument=action.instrument,
        corporate_action=action,
        session_date=action.ex_date,
        at=now,
    )
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
