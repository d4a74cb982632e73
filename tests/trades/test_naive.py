"""The whole desk and the naive one, which shares nothing with it, say the same, command after command."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest

from tests.desk.commands import METHODS, commands
from tests.desk.naive import NaiveDesk
from tests.desk.naive_days import SEED, missing, of_accounts, of_orders

from .broken import broken
from .commanded import CommandedDesk, spaced

FEES, LENGTH, EVERY = "per-share 0.005 min 1.00", 700, 50
EVERYTHING = {
    "cash": ("buy to open filled", "sell to close filled", "denied buying_power", "denied held"),
    "margin": (
        *(f"{what} filled" for what in ("buy to open", "sell to close", "sell to open", "buy to close")),
        *(f"denied {rule}" for rule in ("buying_power", "held", "opposite_working", "stale_quote")),
        *(f"short by {method}" for method in METHODS),
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", EVERYTHING)
def test_whole_desk_and_oracle_agree_command_after_command(kind: str, settings: Any) -> None:
    """R-ORDER, R-LEDGER, R-RISK: answers and refusals after each, all the rest after every 50th."""
    settings.COMMISSION, settings.QUOTE_STALE_MS = FEES, 15_000
    desk, oracle, happened = CommandedDesk(kind), NaiveDesk(FEES, kind), Counter[str]()

    for number, command in enumerate(spaced(commands(Random(SEED), LENGTH)), 1):
        assert (command, desk.apply(command)) == (command, oracle.apply(command))
        if number % EVERY == 0:
            state = desk.state()
            assert state == oracle.state()
            happened.update(of_accounts(state["accounts"]))

    assert (desk.state(), broken()) == (oracle.state(), {})
    happened.update(of_orders(oracle.state()))
    assert missing(happened, EVERYTHING[kind]) == {}
