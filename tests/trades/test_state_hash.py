"""P12: the same commands lead to the same state, in another process and in another database."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from apps.portfolio.models import Account, Journal, LedgerEntry
from apps.trades.models import Fill, Order
from tests.examples import examples
from tests.services import postgres
from tests.templates import copy_sqlite

from .race import RaceDesk, finish

COUNT, SEED = examples(1000, 10_000), 20261127

pytestmark = pytest.mark.django_db(transaction=True)


def replay(url: str, seed: int) -> subprocess.Popen[str]:
    return RaceDesk(url).start(str(COUNT), str(seed), worker="replay_worker")


@pytest.mark.postgres
def test_replay_leads_to_the_same_state_anywhere(
    tmp_path: Path, migrated_sqlite: Path, migrated_postgres: Path
) -> None:
    """R-ORDER: ids differ, for dice and databases give them; nothing else does."""
    files = [tmp_path / f"{number}.sqlite3" for number in range(3)]
    for file in files:
        copy_sqlite(migrated_sqlite, file)
    one, two, three = (f"sqlite:///{file}" for file in files)
    with postgres(migrated_postgres) as url:
        started = [replay(one, SEED), replay(two, SEED), replay(url, SEED), replay(three, SEED + 1)]
        *found, other = [finish(each, examples(240, 3600))[0] for each in started]

    assert found[0] == found[1] == found[2]
    assert found[0]["broken"] == {}
    assert {"quote True 0", "taken plain", "refused plain", "cancel"} <= found[0]["happened"].keys()
    assert min(found[0]["traded"].values()) > 0, found[0]["traded"]
    assert found[0]["hash"] != other["hash"]


CHANGES: dict[str, Callable[[], Any]] = {
    "cash": lambda: Account.objects.update(cash=Decimal("99999.99")),
    "reason": lambda: Order.objects.update(reason="another"),
    "price": lambda: Fill.objects.update(last_px=Decimal("150.02")),
    "rate": lambda: Fill.objects.update(rate=Decimal("1.1")),
    "currency": lambda: Journal.objects.filter(kind="buy").update(currency="EUR"),
    "time": lambda: Journal.objects.update(at=datetime(2026, 1, 1, tzinfo=UTC)),
    "line": lambda: LedgerEntry.objects.filter(book="cash").update(amount=1),
    "row": lambda: Fill.objects.all().delete(),
}


@pytest.mark.parametrize("name", CHANGES)
def test_any_change_of_the_state_changes_the_hash(held: Order, name: str) -> None:
    before = said_by_the_command()

    CHANGES[name]()

    assert said_by_the_command() != before


def said_by_the_command() -> str:
    printed = StringIO()
    call_command("state_hash", stdout=printed)
    return printed.getvalue().strip()
