"""The files of the house, as the architecture tests see them."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = (".ci", "apps", "bench", "config", "docs", "static", "templates", "tests", "tools")
SKIPPED = {"__pycache__", "migrations", "node_modules", "package-lock.json", "recorded", "vendor"}
TEXTS = {"", ".c", ".css", ".h", ".html", ".in", ".js", ".json", ".md", ".py", ".svg", ".toml", ".txt", ".yaml"}


def files(*suffixes: str, folders: tuple[str, ...] = FOLDERS) -> list[Path]:
    """Every file of our own hand with one of the suffixes, vendored and generated ones left out."""
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*")) if path.is_file()]
    return [path for path in found if path.suffix in suffixes and not SKIPPED & set(path.parts)]


def top_level() -> list[Path]:
    return [
        path
        for path in sorted(ROOT.iterdir())
        if path.is_file() and (path.suffix in TEXTS) and path.name not in {".env", ".coverage", ".git"}
    ]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
