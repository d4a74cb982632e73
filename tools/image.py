"""What a Dockerfile would put into its image, worked out where no Docker runs."""

from __future__ import annotations

import json
import os
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

STEP = re.compile(r"^([A-Z]+)\s+(.*)$", flags=re.S)


@dataclass(frozen=True)
class Step:
    word: str
    rest: str

    @property
    def words(self) -> list[str]:
        """Those of the JSON form, or as a shell splits them."""
        return json.loads(self.rest) if self.rest.startswith("[") else shlex.split(self.rest)

    @property
    def command(self) -> list[str]:
        """What is run: of HEALTHCHECK what stands behind its options, and what is no JSON by a shell."""
        line = self.rest.partition("CMD ")[2] if self.word == "HEALTHCHECK" else self.rest
        return json.loads(line) if line.startswith("[") else ["sh", "-c", line]


@dataclass
class Stage:
    base: str
    name: str = ""
    steps: list[Step] = field(default_factory=list)

    def all(self, word: str) -> list[Step]:
        return [step for step in self.steps if step.word == word]

    def last(self, word: str) -> Step | None:
        return next(iter(reversed(self.all(word))), None)

    def environment(self) -> dict[str, str]:
        return dict(pair.split("=", 1) for step in self.all("ENV") for pair in step.words)


def stages(dockerfile: str) -> list[Stage]:
    """Its stages, the last of which is the image."""
    found: list[Stage] = []
    code = re.sub(r"^#.*\n", "", dockerfile, flags=re.M).replace("\\\n", " ")
    for line in code.splitlines():
        if not (step := STEP.match(line.strip())):
            continue
        word, rest = step[1], step[2].strip()
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            found.append(Stage(base.strip(), name.strip()))
        elif found:
            found[-1].steps.append(Step(word, rest))
    return found


def pattern(text: str) -> re.Pattern[str]:
    """One line of .dockerignore, without its `!`: it holds for a path and for all that is below it."""
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    glob = re.sub(r"\*\*/|\*\*|\*|\?|[^*?]+", lambda found: parts.get(found[0], re.escape(found[0])), text)
    return re.compile(f"{glob}(?:/.*)?$")


class Ignored:
    """What .dockerignore keeps from the build; of several lines that name a path the last one holds."""

    def __init__(self, lines: str) -> None:
        named = [line.strip() for line in lines.splitlines() if line.strip() and not line.startswith("#")]
        self.rules = [(line.startswith("!"), pattern(line.removeprefix("!").strip("/"))) for line in named]

    def __call__(self, path: str) -> bool:
        ignored = False
        for keeps, rule in self.rules:
            if rule.match(path):
                ignored = not keeps
        return ignored


def context(root: Path, ignored: Ignored) -> list[str]:
    """Every file that the build could see. Folders that hold none of them by their name are not looked into."""
    found = []
    for place, folders, names in os.walk(root):
        here = Path(place).relative_to(root)
        folders[:] = [name for name in folders if not ignored((here / name).as_posix())]
        paths = [(here / name).as_posix() for name in names]
        found += [path for path in paths if not ignored(path)]
    return sorted(found)


def copied(stage: Stage, files: list[str]) -> dict[str, str]:
    """By absolute path in the image the file of the build that is there; what other stages give is left out."""
    found, workdir = {}, PurePosixPath("/")
    for step in stage.steps:
        if step.word == "WORKDIR":
            workdir /= step.rest
        if step.word != "COPY" or "--from=" in step.rest:
            continue
        *sources, target = [word for word in step.words if not word.startswith("--")]
        into = workdir / target
        for source in (source.strip("/") for source in sources):
            below = [path for path in files if path.startswith(f"{source}/")]
            if source in files:
                is_folder = target.endswith("/") or target in {".", "./"} or len(sources) > 1
                found[str(into / PurePosixPath(source).name if is_folder else into)] = source
            elif below:
                found |= {str(into / path.removeprefix(f"{source}/")): path for path in below}
            else:
                raise ValueError(f"COPY {step.rest}: {source} is not there, or .dockerignore keeps it away")
    return found
