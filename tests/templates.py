"""What takes seconds to make is made once a run, and copied by whatever needs one of its own."""

from __future__ import annotations

import fcntl
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.browser.server import manage
from tests.services import cluster_folder, served

SQLITE = "livedesk.sqlite3"
DEPLOYED = {"DEMO_SIGN_IN": "on", "HTTPS": "off", "SECRET_KEY": "a key of the tests' own, " * 4}
OPEN = """
from django.conf import settings
from apps.market import services
from apps.market.feeds import feed_from_setting
services.open_market(feed_from_setting(settings))
"""


def made_once(factory: pytest.TempPathFactory, config: pytest.Config, name: str, make: Callable[[Path], None]) -> Path:
    """Where the first worker that asks has made it."""
    base = factory.getbasetemp()
    shared = base.parent if hasattr(config, "workerinput") else base
    place, unfinished = shared / name, shared / f"{name}-unfinished"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            shutil.rmtree(unfinished, ignore_errors=True)
            make(unfinished)
            unfinished.rename(place)
    return place


def migrate_sqlite(var: Path) -> None:
    var.mkdir()
    manage(var, "migrate", "--verbosity", "0")


def migrate_postgres(data: Path) -> None:
    with cluster_folder() as folder:
        with served(folder) as url:
            manage(folder / "var", "migrate", "--verbosity", "0", **DEPLOYED, DATABASE_URL=url)
        shutil.move(folder / "data", data)


def copy_sqlite(source: Path, copy: Path) -> None:
    """All of it in one file, whatever was still in its log."""
    delete_sqlite(copy)
    with closing(sqlite3.connect(source)) as whole, closing(sqlite3.connect(copy)) as made:
        whole.backup(made)


def delete_sqlite(file: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)


def open_market(var: Path, **settings: str) -> None:
    """With its day of history, as a desk finds it that starts again."""
    manage(var, "shell", "--no-imports", "-c", OPEN, **settings)
