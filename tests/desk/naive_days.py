"""Long days, seeded, that a desk and its oracle go through together; what happened on them is counted."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

from .commands import commands
from .naive import NaiveDesk
from .pure import PureDesk
from .pure_state import State, accounts_of, state_of

SEED = 20261127
LENGTH = 2_500
AT_LEAST = 3  # times that each thing must have happened
BOOKS_LOOKED_AT = {"method", "split", "dividend", "close"}  # after these; all of the state at the end of the day


def lived(kind: str, fees: str, day: int) -> Counter[str]:
    """How often each thing happened on a day on which both always said the same."""
    desk, oracle, happened = PureDesk(fees, kind), NaiveDesk(fees, kind), Counter[str]()
    sides: dict[tuple[str, str], str] = {}
    for command in commands(Random(SEED + day), LENGTH):
        before = realized(oracle) if command["do"] == "method" else {}
        answer = desk.apply(command)
        assert (command, answer) == (command, oracle.apply(command))
        happened[f"{command['do']} {'taken' if answer else 'refused'}"] += 1
        happened["filled in extended hours"] += oracle.is_extended and bool(answer) and command["do"] == "quote"
        happened.update(turned(sides, oracle))
        if command["do"] in BOOKS_LOOKED_AT:
            accounts = accounts_of(desk)
            assert accounts == oracle.accounts()
            happened.update(of_accounts(accounts))
        if before and before != realized(oracle):
            happened[f"profit is another by {command['method']}"] += 1

    state = state_of(desk)
    assert state == oracle.state()
    happened.update(of_orders(state))
    return happened


def missing(happened: Counter[str], names: tuple[str, ...]) -> dict[str, int]:
    return {name: happened[name] for name in names if happened[name] < AT_LEAST}


def realized(oracle: NaiveDesk) -> dict[str, Any]:
    return {trader: books.ledger()["realized"] for trader, books in oracle.books.items()}


def turned(sides: dict[tuple[str, str], str], oracle: NaiveDesk) -> list[str]:
    """Who was long and is short now, or the other way; `sides` says which side each was on the last time."""
    found = []
    for trader, books in oracle.books.items():
        for symbol, shares in books.shares.items():
            side = "long" if shares > 0 else "short"
            before = sides.get((trader, symbol), side)
            if shares:
                sides[trader, symbol] = side
                found += [f"{before} to {side}"] if before != side else []
    return found


def of_orders(state: State) -> Counter[str]:
    found = Counter[str](f"denied {said.split()[1]}" for said in state["denied"])
    for order in state["orders"].values():
        found[order["status"]] += 1
        found[f"{order['type']} {order['status']}"] += 1
        found["ended after a part"] += order["cum"] != "0" and order["status"] in ("canceled", "expired")
        found[f"{order['side']} to {order['effect']} filled"] += order["status"] == "filled"
    return found


def of_accounts(accounts: State) -> Counter[str]:
    """As they are at one moment."""
    found = Counter[str]()
    for account in accounts.values():
        margin = account["margin"] or {}
        found["called"] += margin.get("is_called", False)
        found["nothing more may be opened"] += margin.get("buying_power") == "0"
        for lots in account["lots"].values():
            side = "short" if any(lot["qty"].startswith("-") for lot in lots) else "long"
            found[f"several lots {side} by {account['method']}"] += len(lots) > 1
            found[f"{side} by {account['method']}"] += bool(lots)
    return found
