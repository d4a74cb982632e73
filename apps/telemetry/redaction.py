"""Keeps secrets out of what is logged: by the name they go by, by the shape they have, and by what they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

HIDDEN = "[hidden]"
SHORTEST = 6  # a secret shorter than this would hide half of every line
WORDS = "authori[sz]ation|cookie|token|secret|passw(?:or)?d|api[_-]?key|signature|credential|session_?(?:id|key)|apca-"
NAMES = rf"[\w.-]*(?:{WORDS})[\w.-]*"
PATTERNS = (
    # A header's value is all of the line
    (re.compile(r"(?i)\b((?:set-)?cookie|(?:proxy-)?authori[sz]ation)(\"?'?\s*[:=]\s*)[^\r\n]+"), r"\1\2" + HIDDEN),
    (re.compile(rf"(?i)({NAMES})(\"?'?\s*[:=]\s*\"?'?)(?!\[hidden)[^\s\"',;&)}}\]]+"), r"\1\2" + HIDDEN),
    (re.compile(r"(?i)([?&](?:code|state|key|sig)=)[^\s&\"'#]+"), r"\1" + HIDDEN),
    (re.compile(r"(?i)\b(bearer|bot|basic)\s+[\w.~+/=-]{8,}"), r"\1 " + HIDDEN),
    (re.compile(r"(\w://[^\s:/@]*):[^\s/@]+@"), r"\1:" + HIDDEN + "@"),
    (
        re.compile(r"(?i)(discord(?:app)?\.com/api/(?:v\d+/)?webhooks|hooks\.slack\.com/\w+)/[^\s\"']+"),
        r"\1/" + HIDDEN,
    ),
)
NAMED = re.compile(rf"(?i)^{NAMES}$")


class Redaction:
    """A processor of structlog, the last before a line is written. `known` are this process's own secrets."""

    def __init__(self, known: Iterable[str]) -> None:
        words = sorted({word for word in known if len(word) >= SHORTEST}, key=len, reverse=True)
        self.known = re.compile("|".join(map(re.escape, words))) if words else None

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {name: self.value(name, said) for name, said in event.items()}

    def value(self, name: str, said: Any) -> Any:
        if NAMED.match(name):
            return HIDDEN
        if said is None or isinstance(said, bool | int | float):
            return said
        if isinstance(said, Mapping):
            return {str(key): self.value(str(key), each) for key, each in said.items()}
        return self.text(str(said))

    def text(self, text: str) -> str:
        if self.known:
            text = self.known.sub(HIDDEN, text)
        for pattern, put in PATTERNS:
            text = pattern.sub(put, text)
        return text
