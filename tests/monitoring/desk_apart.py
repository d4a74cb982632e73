"""The desk as a process of its own, which answers for itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.browser.server import ROOT, environment
from tests.ports import free_port
from tests.services import running


@contextmanager
def desk_apart(var: Path, folder: Path, **settings: str) -> Iterator[str]:
    """Gives its address, `127.0.0.1:PORT`."""
    port = free_port()
    command = [sys.executable, str(ROOT / "manage.py"), "rundesk", "--metrics-port", str(port)]
    with running(command, port, folder, environment(var, **settings)):
        yield f"127.0.0.1:{port}"
