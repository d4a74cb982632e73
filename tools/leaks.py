"""`python -m tools.leaks`: what is kept here and looks like a secret, and is not known as made up.

What is made up stands in `.secrets.baseline`, by file and hash; `detect-secrets scan --baseline .secrets.baseline`
adds to it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from detect_secrets import SecretsCollection
from detect_secrets.core import baseline
from detect_secrets.settings import transient_settings

ROOT = Path(__file__).resolve().parent.parent
KNOWN = ROOT / ".secrets.baseline"


def kept() -> list[str]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    return [name for name in done.stdout.split("\0") if name and name != KNOWN.name]


def found_in(names: Iterable[str], root: Path = ROOT) -> list[str]:
    """Where there is one that is not known, and of what kind; never what it is."""
    stored = baseline.load_from_file(str(KNOWN))
    with transient_settings(stored):
        found = SecretsCollection(root=str(root))
        for name in names:
            found.scan_file(name)
    known = {(name, each.type, each.secret_hash) for name, each in baseline.load(stored)}
    return [
        f"{name}:{each.line_number} {each.type}"
        for name, each in found
        if (name, each.type, each.secret_hash) not in known
    ]


def main() -> int:
    found = found_in(kept())
    for line in found:
        print(line)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
