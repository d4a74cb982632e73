"""What is installed: pinned, hashed, from no named index, and not older than what is safe."""

from __future__ import annotations

import re
from importlib.metadata import version

import pytest
from packaging.specifiers import SpecifierSet

from .tree import ROOT

SAFE = {
    "django": "~=5.2.8",
    "daphne": ">=4.2.2",
    "django-allauth": ">=65.14.2",
    "redis": "<8",
    "channels": "~=4.3",
    "channels-redis": "~=4.3",
}


@pytest.mark.parametrize("package", SAFE)
def test_an_installed_package_is_safe(package: str) -> None:
    assert version(package) in SpecifierSet(SAFE[package])


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-kms.txt"])
def test_a_lock_is_pinned_and_hashed(name: str) -> None:
    entries = re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", (ROOT / name).read_text(), flags=re.M).strip())

    loose = [entry.split()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry]

    assert loose == []


def pins(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)(?:\[[^]]*\])?==(\S+)", (ROOT / name).read_text(), flags=re.M))


@pytest.mark.parametrize("more", ["requirements-dev.txt", "requirements-kms.txt"])
def test_what_more_is_installed_leaves_what_is_deployed(more: str) -> None:
    deployed, installed = pins("requirements.txt"), pins(more)

    assert {name: installed.get(name) for name in deployed} == deployed
