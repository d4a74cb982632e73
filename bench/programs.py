"""What the bench needs besides Python: a C compiler for client and limit, Node.js with socket.io for the rival."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGES = {"gcc": ["gcc", "libc6-dev"], "node": ["nodejs"], "npm": ["npm"]}


def install_missing() -> None:
    """As `make test` does: by apt where it may, or it says what to install."""
    missing = [name for program, names in PACKAGES.items() if not shutil.which(program) for name in names]
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SystemExit(f"The bench needs {' '.join(missing)} (Debian: sudo apt-get install {' '.join(missing)})")
    print(f"livedesk: installs {' '.join(missing)}", file=sys.stderr)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=quiet)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
    subprocess.run(install, check=True, env=quiet, stdout=subprocess.DEVNULL)


def compiled(folder: str, into: Path) -> Path:
    """The program made of the folder's C files."""
    program = into / folder
    sources = sorted(str(path) for path in (HERE / folder).glob("*.c"))
    subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-o", str(program), *sources], check=True)
    return program


def rival() -> Path:
    """The rival's server, its packages installed as locked."""
    folder = HERE / "rival"
    if not (folder / "node_modules/socket.io").exists():
        subprocess.run(["npm", "ci", "--silent"], cwd=folder, check=True)
    return folder / "server.js"
