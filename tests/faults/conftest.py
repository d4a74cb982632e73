"""Deployments to spoil. Each module starts its own; the seeded database they copy is made once a run."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.templates import made_once

from .cluster import Cluster, make_template

StartCluster = Callable[..., Cluster]
Tell = Callable[[str], None]
SEED = int(os.environ.get("FAULT_SEED", "20261124"))


@pytest.fixture(scope="session")
def fault_template(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config, migrated_postgres: Path
) -> Path:
    logging.getLogger("httpx").setLevel(logging.WARNING)

    def make(place: Path) -> None:
        with reachable_folder("faults-") as folder:
            make_template(folder, migrated_postgres)
            shutil.move(folder / "kept", place)

    return made_once(tmp_path_factory, pytestconfig, "fault-template", make)


@contextmanager
def reachable_folder(prefix: str) -> Iterator[Path]:
    """A folder that PostgreSQL's user can reach too, and whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix=prefix, dir="/tmp", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.fixture(scope="module")
def start_cluster(fault_template: Path) -> Iterator[StartCluster]:
    """Starts a deployment; all are ended with the module."""
    with ExitStack() as started:

        def start(webs: int = 2, desks: int = 1, proxied: bool = False, **settings: str) -> Cluster:
            folder = started.enter_context(reachable_folder("cluster-"))
            return started.enter_context(Cluster(fault_template, folder, SEED, webs, desks, proxied, **settings))

        yield start


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Prints a figure, and again in the summary of the run."""

    def say(text: str) -> None:
        print(text)  # noqa: T201 -- for who runs it with -s, or sees it fail
        record_property("figure", text)

    say(f"FAULT_SEED={SEED}")
    return say
