"""R-DEPLOY: the release before trades on the schema of this one, beside it and again alone (ADR 23)."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.browser.server import ROOT
from tests.faults.conftest import SEED, reachable_folder
from tests.faults.orders import Told
from tests.patience import at_most
from tools.keep_release import HELD, archive, contents, kept

from .releases import Deploy, Rows, deploying

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.redis]

HELD_UP = at_most(1.0)
TAKES_OVER = at_most(10.0)
ENOUGH = 10  # orders
Record = Callable[[str, object], None]


@dataclass
class Upgrade:
    """A deploy as the runbook has it, up to where both releases run; and what was seen on the way."""

    deploy: Deploy
    before: Rows
    flow_over_migrate: Told
    tracebacks: int
    gave_way: int
    filled: dict[str, float] = field(default_factory=dict)


@pytest.fixture(scope="module")
def upgrade() -> Iterator[Upgrade]:
    with reachable_folder("deploy-") as folder, deploying(folder, SEED) as deploy:
        filled = {"old alone": deploy.trade(deploy.old.web)}
        before = deploy.rows()
        flow = deploy.orders(deploy.old.web)
        migrated = deploy.new.manage("migrate")
        filled["old on the new schema"] = deploy.trade(deploy.old.web)
        told, said = flow.stop(), deploy.old.web.said() + deploy.old.desk.said()
        found = Upgrade(deploy, before, told, said.count("Traceback"), migrated.count("gives way"), filled)
        deploy.start(deploy.new)
        yield found


def waits(filled: dict[str, float]) -> str:
    return ", ".join(f"{name} {seconds:.2f} s" for name, seconds in filled.items())


def test_what_is_kept_of_the_release_before_is_its_commit() -> None:
    """Byte by byte where history is at hand; a checkout without one has the archive all the same."""
    commit, archived = kept()
    files = contents(archived)

    assert re.fullmatch(r"[0-9a-f]{40}", commit)
    assert {name.partition("/")[0] for name in files} == set(HELD)
    known = subprocess.run(["git", "cat-file", "-e", f"{commit}^{{commit}}"], cwd=ROOT, capture_output=True)
    if known.returncode == 0:
        assert files == contents(archive(commit))


def test_the_release_before_trades_on_through_the_migration(upgrade: Upgrade, record_property: Record) -> None:
    """Orders wait for a lock at most; fills, journals and entries that were there are there as they were."""
    told = upgrade.flow_over_migrate

    record_property("figure", f"upgrade, seed {SEED}: filled after {waits(upgrade.filled)}; over the migration {told}")
    record_property(
        "figure",
        f"upgrade: the slowest answer while it migrates took {told.slowest:.2f} s; gave way {upgrade.gave_way} times",
    )
    assert dict(told.troubles) == {}
    assert upgrade.tracebacks == 0
    assert [why for why in told.refused.values() if "quote" not in why] == []
    assert len(told.accepted) > ENOUGH
    assert told.slowest < HELD_UP
    assert upgrade.deploy.oracle.broken_orders(told) == {}
    assert {table for table, (_, rows) in upgrade.before.items() if not rows} == set()
    assert upgrade.deploy.changed_since(upgrade.before) == {}
    upgrade.deploy.prove()


def test_both_releases_trade_side_by_side_and_the_desk_changes_hands(
    upgrade: Upgrade, record_property: Record
) -> None:
    """Whoever matches, old or new, fills the orders that both of them took."""
    deploy = upgrade.deploy
    for release in (deploy.old, deploy.new):
        if not release.desk.runs:
            deploy.start(release)
    flow = deploy.orders(deploy.old.web, deploy.new.web)
    filled = {}
    for release, heir in ((deploy.old, deploy.new), (deploy.new, deploy.old)):
        release.desk.signal(release.desk.TERM)
        assert release.desk.wait() == 0
        took = deploy.until(lambda heir=heir: deploy.active() == heir.name, TAKES_OVER)
        for web in (deploy.old.web, deploy.new.web):
            filled[f"{web.name} by {heir.name}-desk"] = deploy.trade(web)
        record_property("figure", f"upgrade: the {heir.name} desk took over after {took:.2f} s")
        release.desk.start()
    told = flow.stop()

    record_property("figure", f"side by side, filled after: {waits(filled)}; {told}")
    assert dict(told.troubles) == {}
    assert len(told.accepted) > ENOUGH
    assert deploy.oracle.broken_orders(told) == {}
    deploy.prove()


def test_rolled_back_the_release_before_works_alone(upgrade: Upgrade, record_property: Record) -> None:
    """Its own `migrate`, which a platform runs before any start, changes nothing; it places, fills and cancels."""
    deploy = upgrade.deploy
    filled = deploy.trade(deploy.new.web)
    running = [release for release in (deploy.old, deploy.new) if release.desk.runs]
    codes = [code for release in running for code in release.stop()]
    written, state = deploy.rows(), deploy.new.manage("state_hash")

    deploy.old.manage("migrate", "--verbosity", "0")
    same = deploy.new.manage("state_hash")
    deploy.start(deploy.old)
    took = deploy.trade(deploy.old.web)
    flow = deploy.orders(deploy.old.web)
    deploy.until(lambda: len(flow.told.accepted) > ENOUGH, 60)
    told = flow.stop()

    record_property("figure", f"rolled back: filled after {took:.2f} s (by the new release {filled:.2f} s); {told}")
    assert set(codes) == {0}
    assert same == state
    assert dict(told.troubles) == {}
    assert deploy.active() == "old"
    assert deploy.oracle.broken_orders(told) == {}
    assert deploy.changed_since(written) == {}
    deploy.prove()
