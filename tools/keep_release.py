"""Keeps the code of a commit for the release drills: `python -m tools.keep_release v0.2.0`, once that is released."""

from __future__ import annotations

import io
import lzma
import subprocess
import sys
import tarfile
from pathlib import Path

from tests.browser.server import ROOT

KEPT = ROOT / "tests/deploy/released.tar.xz"
HELD = ("manage.py", "config", "apps", "templates")  # what trades; static files are no part of that


def archive(commit: str) -> bytes:
    """Git's own archive of those files; it names its commit."""
    return subprocess.run(["git", "archive", commit, *HELD], cwd=ROOT, check=True, capture_output=True).stdout


def contents(archived: bytes) -> dict[str, bytes]:
    """By path what each file holds."""
    with tarfile.open(fileobj=io.BytesIO(archived)) as tar:
        return {each.name: read.read() for each in tar if (read := tar.extractfile(each))}


def kept() -> tuple[str, bytes]:
    """The commit that is kept, and its archive."""
    archived = lzma.decompress(KEPT.read_bytes())
    with tarfile.open(fileobj=io.BytesIO(archived)) as tar:
        return tar.pax_headers["comment"], archived


def unpack(folder: Path) -> Path:
    """The kept code, ready to run."""
    with tarfile.open(fileobj=io.BytesIO(kept()[1])) as tar:
        tar.extractall(folder, filter="data")
    (folder / "static").mkdir()  # the settings of every release name it
    return folder


def main() -> None:
    [commit] = sys.argv[1:]
    KEPT.write_bytes(lzma.compress(archive(commit), preset=9 | lzma.PRESET_EXTREME))
    named, archived = kept()
    print(f"{named}: {len(contents(archived))} files in {KEPT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
