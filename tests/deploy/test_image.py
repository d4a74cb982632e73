"""R-DEPLOY: the image, where no Docker runs: what is in it, who runs it, and that it starts from that alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.server import ROOT
from tools.check_image import faults
from tools.image import Ignored, Stage, Step, context, copied, stages

DOCKERFILE, IGNORED = (ROOT / "Dockerfile").read_text(), (ROOT / ".dockerignore").read_text()
IMAGE = stages(DOCKERFILE)[-1]


def test_the_image_starts_from_its_own_files_alone(record_property: Callable[[str, object], None]) -> None:
    """Static files collected, `check --deploy` clean, healthy by its own HEALTHCHECK, ended by SIGTERM."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.check_image"], cwd=ROOT, capture_output=True, text=True, timeout=200
    )
    sizes = done.stdout.splitlines()[:2]

    record_property("figure", f"image: {'; '.join(sizes)}")
    assert (done.returncode, done.stderr, done.stdout.count("WRONG")) == (0, "", 0), done.stdout
    assert done.stdout.count("  ok: ") == 4


def test_everything_that_the_build_may_see_is_copied_and_it_sees_nothing_else() -> None:
    sources = {word for stage in stages(DOCKERFILE) for step in stage.all("COPY") for word in step.words[:-1]}
    let_through = {line.removeprefix("!") for line in IGNORED.splitlines() if line.startswith("!")}

    assert IGNORED.splitlines()[0] == "*"
    assert let_through == {word for word in sources if not word.startswith(("--", "/"))}


def test_what_is_started_is_stopped_by_a_signal_that_reaches_it() -> None:
    assert [step.rest for step in IMAGE.all("STOPSIGNAL")] == ["SIGTERM"]
    assert [step.word for step in IMAGE.steps].index("USER") < [step.word for step in IMAGE.steps].index("CMD")
    assert IMAGE.last("CMD") == Step(
        "CMD", '["sh", "-c", "exec python manage.py serve --host 0.0.0.0 --port \\"$PORT\\""]'
    )


def written(folder: Path, dockerfile: str, ignored: str, **more: str) -> tuple[list[Stage], dict[str, str]]:
    """A small tree to build from."""
    held = {"manage.py": "", "requirements.txt": "", **{f"{name}/one.py": "" for name in ("config", "apps")}}
    held |= {"templates/one.html": "", "static/one.css": "", ".env": "SECRET", "tests/test_one.py": ""}
    for name, text in {**held, **more}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    built = stages(dockerfile)
    return built, copied(built[-1], context(folder, Ignored(ignored)))


@pytest.mark.parametrize(
    ("found", "shipped", "fault"),
    [
        ("USER livedesk\n", "", "it runs as root: USER is missing"),
        ("USER livedesk\n", "USER root\n", "it runs as root: USER is missing"),
        ("HEALTHCHECK", "LABEL", "nobody asks for its health: HEALTHCHECK of /healthz is missing"),
        ("python:3.11-slim-bookworm AS", "python:latest AS", "python:latest is not pinned: name version and distri"),
        ("PORT=8000", "PORT=8000 SECRET_KEY=x", "SECRET_KEY is written into a layer"),
        (" --require-hashes", "", "libraries are installed without their hashes"),
        ("exec python", "python", "CMD is missing, or SIGTERM would reach a shell instead of the process"),
    ],
)
def test_a_dockerfile_that_is_wrong_is_told_so(tmp_path: Path, found: str, shipped: str, fault: str) -> None:
    assert found in DOCKERFILE
    built, files = written(tmp_path, DOCKERFILE.replace(found, shipped), IGNORED)

    assert [each[: len(fault)] for each in faults(tmp_path, built, files)] == [fault]


@pytest.mark.parametrize(
    ("path", "text", "fault"),
    [
        ("config/.env.production", "", "config/.env.production does not belong in it"),
        ("apps/tests/test_one.py", "", "apps/tests/test_one.py does not belong in it"),
        ("static/backup.sqlite3", "", "static/backup.sqlite3 does not belong in it"),
        ("config/key.py", "-----BEGIN " + "PRIVATE KEY-----", "config/key.py holds a secret"),
    ],
)
def test_a_file_that_does_not_belong_in_it_is_named(tmp_path: Path, path: str, text: str, fault: str) -> None:
    built, files = written(tmp_path, DOCKERFILE, IGNORED, **{path: text})

    assert faults(tmp_path, built, files) == [fault]


def test_files_go_where_docker_would_put_them(tmp_path: Path) -> None:
    """Docker's rules: of several lines the last holds, a folder's contents are copied, not the folder."""
    _, files = written(tmp_path, DOCKERFILE, IGNORED, **{"apps/__pycache__/one.pyc": "", "config/deep/two.py": ""})

    assert files == {
        "/srv/livedesk/manage.py": "manage.py",
        "/srv/livedesk/config/one.py": "config/one.py",
        "/srv/livedesk/config/deep/two.py": "config/deep/two.py",
        "/srv/livedesk/apps/one.py": "apps/one.py",
        "/srv/livedesk/templates/one.html": "templates/one.html",
        "/srv/livedesk/static/one.css": "static/one.css",
    }


def test_a_copy_of_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"docs is not there, or \.dockerignore keeps it away"):
        written(tmp_path, DOCKERFILE.replace("COPY apps apps", "COPY docs docs"), IGNORED)


def test_the_image_holds_no_key_that_its_making_made() -> None:
    """Collecting static files starts the embedded default, which makes keys."""
    making = next(step.rest for step in IMAGE.all("RUN") if "collectstatic" in step.rest)

    assert "&& rm -f /var/lib/livedesk/*_key " in making
