"""Builds static/icons/sprite.svg from Lucide: `python tools/icons.py PATH/TO/lucide-static/icons`.

Takes every icon that a template names in `{% icon "…" %}` and the few that scripts name (`SCRIPTS`).
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTE = "<!-- Lucide, https://lucide.dev, ISC licence, (c) Lucide Contributors; see static/icons/LICENSE -->"
SHAPE = (
    'viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
    ' stroke-linecap="round" stroke-linejoin="round"'
)
USED = re.compile(r'{%\s*icon\s+"([a-z0-9-]+)"')
SCRIPTS = {"chevron-down", "chevron-up"}


def names_used() -> set[str]:
    pages = (ROOT / "templates").rglob("*.html")
    return SCRIPTS | {name for page in pages for name in USED.findall(page.read_text())}


def symbol(name: str, source: Path) -> str:
    drawing = (source / f"{name}.svg").read_text()
    inside = re.search(r"<svg[^>]*>(.*)</svg>", drawing, re.S)
    if inside is None:
        raise SystemExit(f"{name}.svg holds no drawing")
    return f'<symbol id="{name}" {SHAPE}>{" ".join(inside[1].split())}</symbol>'


def main() -> None:
    source = Path(sys.argv[1])
    symbols = "\n".join(symbol(name, source) for name in sorted(names_used() | set(sys.argv[2:])))
    sprite = f'<svg xmlns="http://www.w3.org/2000/svg">\n{NOTE}\n{symbols}\n</svg>\n'
    (ROOT / "static/icons/sprite.svg").write_text(sprite)


if __name__ == "__main__":
    main()
