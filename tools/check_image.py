"""Checks the image of the Dockerfile without Docker: `python -m tools.check_image [FOLDER]`.

Its file set is worked out, judged, put into an empty folder and started there, by the Dockerfile's own commands.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from tests.browser.server import ROOT
from tests.ports import free_port

from .image import Ignored, Stage, context, copied, stages

MOST_CODE, MOST_LIBRARIES = 4_000_000, 200_000_000  # bytes; 1.6 and 157 million when this was written
FOREIGN = re.compile(
    r"(^|/)(\.git|\.github|\.env[^/]*|\.venv|tests?|var|bench|node_modules|__pycache__|secret_key|id_(rsa|ed25519))(/|$)"
    r"|\.(sqlite3(-wal|-shm)?|pem|key|p12|dump|log|pyc)$"
)
SECRET = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bxox[abprs]-[0-9]{8,}"
    rb"|discord(?:app)?\.com/api/webhooks/\d{10,}/[\w-]{20,}|hooks\.slack\.com/services/T\w{8,}/B\w{8,}/\w{20,}"
)
NAMES_SECRET = re.compile(r"SECRET|TOKEN|PASSWORD|_KEY$", flags=re.I)
STARTS_WITHIN_S = 90.0


class Wrong(Exception):
    """The image would not start, or not as it should."""


def faults(root: Path, built: list[Stage], files: dict[str, str]) -> list[str]:
    """What is wrong with it as it is written."""
    image, found = built[-1], []
    user, health, command = image.last("USER"), image.last("HEALTHCHECK"), image.last("CMD")
    if user is None or user.rest.split(":")[0] in {"root", "0"}:
        found.append("it runs as root: USER is missing")
    if health is None or "/healthz" not in health.rest:
        found.append("nobody asks for its health: HEALTHCHECK of /healthz is missing")
    if command is None or not command.rest.startswith("[") or "exec " not in command.rest:
        found.append("CMD is missing, or SIGTERM would reach a shell instead of the process")
    for stage in built:
        if stage.base not in {other.name for other in built} and not is_pinned(stage.base):
            found.append(f"{stage.base} is not pinned: name version and distribution, or a digest")
        for step in (*stage.all("ENV"), *stage.all("ARG")):
            names = [word.partition("=")[0] for word in step.words]
            found += [f"{name} is written into a layer" for name in names if NAMES_SECRET.search(name)]
    if not any("--require-hashes" in step.rest for stage in built for step in stage.all("RUN")):
        found.append("libraries are installed without their hashes")
    found += [f"{path} does not belong in it" for path in files.values() if FOREIGN.search(path)]
    found += [f"{path} holds a secret" for path in files.values() if SECRET.search((root / path).read_bytes())]
    return found


def is_pinned(base: str) -> bool:
    return "@sha256:" in base or bool(re.search(r":\d+\.\d+(\.\d+)?-[a-z-]*(bookworm|trixie|alpine\d)", base))


def sizes(root: Path, files: dict[str, str]) -> tuple[int, int]:
    """Bytes of the code, and of the libraries of requirements.txt as they are installed here."""
    code = sum((root / path).stat().st_size for path in files.values())
    libraries = 0
    for name in re.findall(r"^([a-z0-9-]+)(?:\[[^]]*\])?==", (root / "requirements.txt").read_text(), flags=re.M):
        try:
            held = distribution(name).files or []
        except PackageNotFoundError as error:  # the lock is of one platform
            print(f"  not installed here: {error.name}")
            continue
        libraries += sum(path.stat().st_size for each in held if (path := Path(str(each.locate()))).exists())
    return code, libraries


class Trial:
    """The file set in a folder of its own, its commands run there with this Python's libraries."""

    def __init__(self, root: Path, folder: Path, image: Stage, files: dict[str, str]) -> None:
        self.image, self.home = image, folder / "image"
        for target, source in files.items():
            place = self.home / target.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes((root / source).read_bytes())
        workdir = image.last("WORKDIR")
        self.code = self.home / (workdir.rest.lstrip("/") if workdir else "")
        self.port = str(free_port())
        given = image.environment()
        self.var = given["VAR_DIR"]
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.built_with = {**given, "PATH": path, "VAR_DIR": str(folder / "var"), "PORT": self.port}
        (folder / "var").mkdir()
        self.deployed = {
            **self.built_with,
            "DATABASE_URL": f"sqlite:///{folder}/desk.sqlite3",
            "REDIS_URL": "redis://127.0.0.1:9",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "ENCRYPTION_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "ALLOWED_HOSTS": "desk.example.com,127.0.0.1",
            "DISCORD_CLIENT_ID": "123456789012345678",
            "DISCORD_CLIENT_SECRET": secrets.token_urlsafe(24),
            "ALERTS": "off",
        }

    def run(self, words: list[str], environment: dict[str, str]) -> str:
        here = [word.replace(self.var, environment["VAR_DIR"]) for word in words]
        done = subprocess.run(
            here, cwd=self.code, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if done.returncode:
            raise Wrong(f"{' '.join(here)}\n{done.stdout[-3000:]}")
        return done.stdout

    def steps(self) -> None:
        """Raises Wrong at the first that does not do what it should."""
        before = self.held()
        for step in self.image.all("RUN"):
            if "manage.py" in step.rest:
                self.run(step.command, self.built_with)
        left = sorted(path.name for path in Path(self.built_with["VAR_DIR"]).iterdir() if path.name != "static")
        if left:
            raise Wrong(f"the build leaves {left} in the image")
        collected = sum(path.is_file() for path in Path(self.built_with["VAR_DIR"], "static").rglob("*"))
        print(f"  ok: {collected} static files are collected, nothing else is left")
        self.run(["python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"], self.deployed)
        print("  ok: check --deploy has nothing to say")
        self.run(["python", "manage.py", "migrate", "--verbosity", "0"], self.deployed)
        print(f"  ok: started, healthy after {self.serve():.1f} s by its own HEALTHCHECK, ended by SIGTERM")
        if new := self.held() - before:
            raise Wrong(f"it writes into its own code: {sorted(new)[:5]}")
        print("  ok: it has written nothing beside VAR_DIR")

    def held(self) -> set[str]:
        return {str(path.relative_to(self.home)) for path in self.home.rglob("*")}

    def serve(self) -> float:
        """Seconds until it is healthy; raises Wrong where it does not get there, or does not end."""
        command, asked = (step.command for word in ("CMD", "HEALTHCHECK") if (step := self.image.last(word)))
        began = time.monotonic()
        with tempfile.TemporaryFile() as log:
            served = subprocess.Popen(command, cwd=self.code, env=self.deployed, stdout=log, stderr=log)
            try:
                while subprocess.run(asked, env=self.deployed, cwd=self.code, capture_output=True).returncode:
                    if served.poll() is not None or time.monotonic() - began > STARTS_WITHIN_S:
                        log.seek(0)
                        raise Wrong(f"it is not healthy: {log.read().decode(errors='replace')[-3000:]}")
                    time.sleep(0.2)
                took = time.monotonic() - began
            finally:
                served.send_signal(signal.SIGTERM)
                try:
                    code = served.wait(60)
                except subprocess.TimeoutExpired:
                    served.kill()
                    code = served.wait()
        if code:
            raise Wrong(f"it ends with {code} after SIGTERM")
        return took


def main() -> None:
    root = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT
    built = stages((root / "Dockerfile").read_text())
    files = copied(built[-1], context(root, Ignored((root / ".dockerignore").read_text())))
    found = faults(root, built, files)
    code, libraries = sizes(root, files)
    print(f"{len(files)} files, {code:,} bytes of code (at most {MOST_CODE:,})")
    print(f"{libraries:,} bytes of libraries (at most {MOST_LIBRARIES:,}), beside {built[-1].base}")
    if code > MOST_CODE or libraries > MOST_LIBRARIES:
        found.append("it is larger than it may be")
    if not found:
        with tempfile.TemporaryDirectory(prefix="image-") as folder:
            try:
                Trial(root, Path(folder), built[-1], files).steps()
            except Wrong as error:
                found.append(str(error))
    for fault in found:
        print(f"WRONG: {fault}")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
