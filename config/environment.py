"""How settings are read from the environment or `.env`; a value that cannot be meant stops the start, by its name."""

from __future__ import annotations

import ipaddress
import os
import re
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
MOST_DIGITS = 9
FOLDER = re.compile(r"(?:[A-Za-z0-9_-]+/)+")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")


def on_or_off(name: str, default: bool) -> bool:
    value = str(env.str(name, default="on" if default else "off")).lower()
    if value not in {"on", "off"}:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be on or off")
    return value == "on"


def one_of(name: str, default: str, choices: tuple[str, ...]) -> str:
    value = str(env.str(name, default=default))
    if value not in choices:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be one of {', '.join(choices)}")
    return value


def whole(name: str, default: int, least: int = 0) -> int:
    text = str(env.str(name, default=str(default)))
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS and int(text) >= least):
        raise ImproperlyConfigured(
            f"{name} is {text!r}; it must be a whole number of at least {least} and at most {MOST_DIGITS} digits"
        )
    return int(text)


def positive(name: str, default: float) -> float:
    text = str(env.str(name, default=str(default)))
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e9:
        raise ImproperlyConfigured(f"{name} is {text!r}; it must be a number above 0")
    return number


def folder(name: str, default: str) -> str:
    value = str(env.str(name, default=default))
    if not FOLDER.fullmatch(value):
        raise ImproperlyConfigured(
            f"{name} is {value!r}; it must be letters, digits, - or _ and end with /, such as {default}"
        )
    return value


def networks(name: str) -> list[Network]:
    words = [word.strip() for word in env.list(name, default=[])]
    try:
        return [ipaddress.ip_network(word) for word in words]
    except ValueError as error:
        hint = "they must be networks such as 192.0.2.0/24 or 2001:db8::/48, comma-separated"
        raise ImproperlyConfigured(f"{name}: {error}; {hint}") from None


def made_once(path: Path, make: Callable[[], str]) -> str:
    """What the file holds. Where there is none it is made, whole, by one of those that start together."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)  # readable by this user alone
        with os.fdopen(handle, "w") as file:
            file.write(make())
        with suppress(FileExistsError):
            os.link(draft, path)
        os.unlink(draft)
    return path.read_text()


def passwords_of(*addresses: str) -> list[str]:
    """The passwords within the addresses, as they are written there and as they are meant."""
    found = [urlsplit(address).password or "" for address in addresses]
    return [word for password in found for word in {password, unquote(password)} if word]
