"""What an account earned on the money in it: from its equity at the close of sessions and what came from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .money import ZERO
from .performance_words import figure, rounded

ONE = Decimal(1)
DAYS_A_YEAR = Decimal(365)
LARGEST_GROWTH = Decimal(10) ** 12
CLOSE_ENOUGH = Decimal(10) ** -20
MOST_STEPS = 200


@dataclass(frozen=True, slots=True)
class Flow:
    """Money that came from outside (USD; what left is negative). `before` is the equity the moment before it."""

    on: date
    amount: Decimal
    before: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A session's close: equity (USD), and the flows since the close before, in their order."""

    on: date
    equity: Decimal
    flows: tuple[Flow, ...] = ()

    @property
    def flow(self) -> Decimal:
        return sum((flow.amount for flow in self.flows), ZERO)


@dataclass(frozen=True, slots=True)
class DayResult:
    """One session: what it earned (USD), and what a dollar in it became; None while there was no money in it."""

    on: date
    pnl: Decimal
    growth: Decimal | None


def day_results(sessions: Sequence[Session], opening: Decimal = ZERO) -> list[DayResult]:
    """Each session by itself; `opening` is the equity at the close before the first of them."""
    results, before = [], opening
    for session in sessions:
        results.append(DayResult(session.on, session.equity - before - session.flow, growth_of(session, before)))
        before = session.equity
    return results


def growth_of(session: Session, opening: Decimal) -> Decimal | None:
    """What a dollar became: each stretch between flows by itself, multiplied.

    A flow whose moment has no valuation counts as if it came at the beginning of its stretch.
    """
    growth, invested, base = ONE, False, opening
    for flow in session.flows:
        if flow.before is not None:
            if base > 0:
                growth, invested = growth * flow.before / base, True
            base = flow.before
        base += flow.amount
    if base > 0:
        growth, invested = growth * session.equity / base, True
    return growth if invested else None


def returns_of(days: Sequence[DayResult]) -> list[Decimal]:
    """The return of each session with money in it: 0.01 is one per cent."""
    return [day.growth - ONE for day in days if day.growth is not None]


@figure("P&L", "signed_usd")
def total_pnl(days: Sequence[DayResult]) -> Decimal | None:
    """What the span earned, fees taken off: equity at its end, less equity at its start, less what was paid in, plus
    what was paid out.

    None before the first session.

    Source: follows from the ledger (realised + unrealised P&L = cash flow + market value).
    """
    return sum((day.pnl for day in days), ZERO) if days else None


@figure("Time-weighted return", "signed_pct")
def time_weighted_return(days: Sequence[DayResult]) -> Decimal | None:
    """What a dollar that stayed in the account all along would have earned. The account is valued before each deposit
    and withdrawal and at each close, and the returns of these stretches are multiplied: (1 + r1)(1 + r2)… − 1. When
    and how much was paid in or out makes no difference. Not annualised.

    None until a session has begun with money in the account.

    Source: GIPS 2020 for Firms, 2.A (time-weighted returns: valued at the time of large cash flows, geometrically
    linked); CFA Institute, Rates and Returns.
    """
    returns = returns_of(days)
    return rounded(linked(returns)) if returns else None


def linked(returns: Sequence[Decimal]) -> Decimal:
    growth = ONE
    for each in returns:
        growth *= ONE + each
    return growth - ONE


@figure("Annual growth (CAGR)", "signed_pct")
def cagr(time_weighted: Decimal | None, days: int) -> Decimal | None:
    """The steady yearly return that gives the time-weighted return: (1 + TWR)^(365 / days) − 1, the days being those
    of the calendar.

    None for spans under a year (365 days): a shorter one would be blown up into a year nobody had.

    Source: GIPS 2020 for Firms, 2.A.12 (returns for periods of less than one year must not be annualised).
    """
    if time_weighted is None or days < DAYS_A_YEAR or time_weighted < -ONE:
        return None
    return rounded((ONE + time_weighted) ** (DAYS_A_YEAR / days) - ONE)


@figure("Money-weighted return", "signed_pct")
def money_weighted_return(start: date, opening: Decimal, sessions: Sequence[Session]) -> Decimal | None:
    """The one rate at which the equity at the start and every deposit and withdrawal, each from its own day on, grow
    to the equity at the end; for spans over a year the yearly rate (Excel's XIRR), else the rate of the span. Good
    timing of deposits makes it higher than the time-weighted return.

    None where no rate, or more than one, would fit, and within the first day.

    Source: GIPS 2020 for Firms, 2.A.12 and 5.A.1 (money-weighted returns, not annualised under a year); Microsoft,
    XIRR function; unique by Soper (1959).
    """
    if not sessions or (span := (sessions[-1].on - start).days) <= 0:
        return None
    paid = [(start, opening), *((flow.on, flow.amount) for each in sessions for flow in each.flows)]
    shares = [(min(max(Decimal((sessions[-1].on - on).days) / span, ZERO), ONE), usd) for on, usd in paid]
    growth = growth_of_payments(shares, sessions[-1].equity)
    if growth is None:
        return None
    return rounded(power(growth, DAYS_A_YEAR / span if span > DAYS_A_YEAR else ONE) - ONE)


@figure("Benchmark", "signed_pct")
def benchmark_return(
    first: Decimal | None, last: Decimal | None, paid: Sequence[tuple[Decimal, Decimal]] = (), split: Decimal = ONE
) -> Decimal | None:
    """What a dollar held in the benchmark would have earned over the same span: its price at the end over its price at
    the beginning, less one, splits taken out. Where dividends of it are entered on the desk, each is put back into it
    at the price before its ex-date, and it says total return; else it says price return, dividends not counted. To be
    held beside the time-weighted return.

    None where the market has no history of it.

    Source: GIPS 2020 for Firms, section 4, which asks for a benchmark's total return over the same periods; a dividend
    counts as 1 / (1 − dividend / price before), as in the adjusted closes of CRSP and Yahoo.
    """
    if not first or last is None:
        return None
    growth = last * split / first
    for dividend, before in paid:
        growth /= ONE - dividend / before
    return rounded(growth - ONE)


def growth_of_payments(payments: Sequence[tuple[Decimal, Decimal]], end: Decimal) -> Decimal | None:
    """What a dollar becomes over the whole span: g with Σ amount × g^share = end, bracketed and closed in on.

    `payments` are pairs of the share of the span still to come and the amount, oldest first. The root is the only one
    if the balance never falls below zero on the way (Soper 1959); else, and without a root, None.
    """

    def surplus(growth: Decimal) -> Decimal:
        return sum((usd * power(growth, share) for share, usd in payments), ZERO) - end

    enough = CLOSE_ENOUGH * max(ONE, abs(end), *(abs(usd) for _, usd in payments))
    low, high = ZERO, ONE
    below = surplus(low)
    if below > 0:
        return None
    while (above := surplus(high)) < 0:
        low, below, high = high, above, high * 2
        if high > LARGEST_GROWTH:
            return None
    growth, kept = high, 0
    for _ in range(MOST_STEPS):  # false position, Illinois: the end that stays is halved, so that both close in
        if above <= enough or high - low < CLOSE_ENOUGH:
            break
        growth = high - above * (high - low) / (above - below)
        value = surplus(growth)
        if abs(value) <= enough:
            break
        if value > 0:
            high, above = growth, value
            below = below / 2 if kept > 0 else below
            kept = 1
        else:
            low, below = growth, value
            above = above / 2 if kept < 0 else above
            kept = -1
    return growth if never_overdrawn(payments, growth) else None


def never_overdrawn(payments: Sequence[tuple[Decimal, Decimal]], growth: Decimal) -> bool:
    balance, last = ZERO, ONE
    for share, usd in payments:
        balance = balance * power(growth, last - share) + usd
        if balance < 0:
            return False
        last = share
    return True


def power(growth: Decimal, share: Decimal) -> Decimal:
    """Nought to the nought is one: what has just been paid in has not grown yet."""
    return growth**share if share else ONE
