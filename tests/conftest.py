"""The cast (alice trades, bob trades another account, charlie has none) and real desks to trade at."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import examples  # noqa: F401 -- chooses Hypothesis' profile, before any test asks for it
from tests.browser.server import DeskServer, prepare
from tests.templates import (
    SQLITE,
    copy_sqlite,
    delete_sqlite,
    made_once,
    migrate_postgres,
    migrate_sqlite,
    open_market,
)

StartDesk = Callable[..., DeskServer]
LONG = (
    "tests/faults/",
    "tests/browser/",
    "tests/canary/",
    "tests/deploy/",
    "tests/alerts/test_operations_line.py",
    "tests/alerts/test_watching.py",
    "tests/history/test_parts.py",
    "tests/live/test_churn.py",
    "tests/live/test_dismissed.py",
    "tests/live/test_drain.py",
    "tests/live/test_floods.py",
    "tests/live/test_hidden.py",
    "tests/live/test_limits.py",
    "tests/live/test_parity.py",
    "tests/live/test_processes.py",
    "tests/live/test_sessions.py",
    "tests/portfolio/test_account_machine.py",
    "tests/trades/test_exit_machine.py",
    "tests/trades/test_kills.py",
    "tests/trades/test_margin_machine.py",
    "tests/trades/test_order_machine.py",
    "tests/trades/test_races.py",
    "tests/trades/test_races_http.py",
    "tests/trades/test_state_hash.py",
    "tests/traderalerts/test_restart.py",
)
"""Where a module takes a quarter of a minute or more."""
OWN_MARKET = {"FEED", "MARKET_CALENDAR", "SIM_FX", "SIM_SYMBOLS"}
"""Settings of a desk that has to make a history of its own."""


def pytest_configure() -> None:
    from django.conf import settings  # noqa: PLC0415 -- after pytest-django has set up
    from django.test import TransactionTestCase  # noqa: PLC0415 -- after pytest-django has set up

    from tests.emptying import empty_tables  # noqa: PLC0415 -- after pytest-django has set up

    TransactionTestCase._fixture_teardown = empty_tables
    settings.CANARY_SECONDS = 0  # whatever the environment's database is: a test that wants canaries asks for them
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


def pytest_collection_finish() -> None:
    """What was imported and collected stays until the end: no full collection has to look at it again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long modules first, whatever their order: one that begins when all else is done keeps one core waiting."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The figures that tests have measured."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    calls = [report for report in reports if getattr(report, "when", "") == "call"]
    figures = [str(text) for report in calls for name, text in report.user_properties if name == "figure"]
    if figures:
        terminalreporter.section("figures")
        for figure in dict.fromkeys(figures):
            terminalreporter.write_line(figure)


@pytest.fixture(autouse=True)
def _no_leftovers() -> Iterator[None]:
    """What processes keep in memory (quotes, counters of limits) belongs to one test."""
    yield
    from django.core.cache import cache  # noqa: PLC0415 -- after pytest-django has set up

    from apps.market.quotes import board  # noqa: PLC0415 -- after pytest-django has set up

    cache.clear()
    board.clear()


@pytest.fixture
def alice(django_user_model: Any, db: None) -> Any:
    return django_user_model.objects.create_user("alice", display_name="Alice")


@pytest.fixture
def bob(django_user_model: Any, db: None) -> Any:
    return django_user_model.objects.create_user("bob", display_name="Bob")


@pytest.fixture
def charlie(django_user_model: Any, db: None) -> Any:
    return django_user_model.objects.create_user("charlie", display_name="Charlie")


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    """A database as `migrate` leaves it, to copy."""
    return made_once(tmp_path_factory, pytestconfig, "migrated", migrate_sqlite) / SQLITE


@pytest.fixture(scope="session")
def migrated_postgres(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    """The data folder of a cluster that `migrate` has been at, for `postgres` to copy."""
    return made_once(tmp_path_factory, pytestconfig, "migrated-postgres", migrate_postgres)


@pytest.fixture(scope="session")
def django_db_keepdb(request: pytest.FixtureRequest, django_db_modify_db_settings: None) -> Iterator[bool]:
    """On SQLite the tests' own database is a copy too: Django finds nothing left to migrate."""
    from django.db import connection  # noqa: PLC0415 -- after pytest-django has set up

    if connection.vendor != "sqlite":
        yield False
        return
    name = Path(connection.settings_dict["TEST"]["NAME"])
    copy_sqlite(request.getfixturevalue("migrated_sqlite"), name)
    yield True
    connection.close()
    delete_sqlite(name)


@pytest.fixture(scope="session")
def new_desk(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config, migrated_sqlite: Path) -> Path:
    """A data folder as `make run` has it before its first desk: seeded and with its static files."""

    def make(var: Path) -> None:
        shutil.copytree(migrated_sqlite.parent, var)
        prepare(var)

    return made_once(tmp_path_factory, pytestconfig, "new-desk", make)


@pytest.fixture(scope="session")
def desk_template(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config, new_desk: Path) -> Path:
    """The same, whose market was opened before: to make its day of history takes longer than all else at a start."""

    def make(var: Path) -> None:
        shutil.copytree(new_desk, var)
        open_market(var)

    return made_once(tmp_path_factory, pytestconfig, "desk-template", make)


@pytest.fixture(scope="module")
def desks() -> Iterator[list[DeskServer]]:
    """Those that run; every one is stopped at the end of its module."""
    started: list[DeskServer] = []
    yield started
    for server in started:
        server.terminate()


@pytest.fixture(autouse=True)
def _desks_of_a_test(desks: list[DeskServer]) -> Iterator[None]:
    """What a test has started for itself ends with it: a lively market takes a core from the others meanwhile."""
    before = len(desks)
    yield
    while len(desks) > before:
        desks.pop().terminate()


@pytest.fixture(scope="module")
def start_desk(
    desk_template: Path, new_desk: Path, desks: list[DeskServer], tmp_path_factory: pytest.TempPathFactory
) -> StartDesk:
    """Starts a desk with settings of the test's own."""

    def start(**settings: str) -> DeskServer:
        template = new_desk if OWN_MARKET & settings.keys() else desk_template
        server = DeskServer(template, tmp_path_factory.mktemp("desk"), **settings)
        desks.append(server)
        server.start()
        return server

    return start


@pytest.fixture(scope="module")
def desk_server(start_desk: StartDesk) -> DeskServer:
    return start_desk()
