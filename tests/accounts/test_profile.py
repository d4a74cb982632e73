"""Names and avatars from outside, made safe."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.limits import neighbourhood
from apps.accounts.profile import avatar_url, clean_name, initials

HASH = "8342729096ea3675442027381ff50dfe"
UID = "80351110224678912"


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("Nelly T", "Nelly T"),
        ("\u202eevil\u202c", "evil"),
        ("a\u2066b\u2069c\u200bd\ufeffe", "abcde"),
        ("ﬁne\u00a0\u3000 name\n\t", "fine name"),
        ("\u0000\u001f", ""),
        (None, ""),
        (42, ""),
        ("x" * 40, "x" * 32),
    ],
)
def test_name_is_cleaned(given: object, clean: str) -> None:
    assert clean_name(given) == clean


@given(st.text())
def test_clean_name_is_one_short_visible_line_and_stays_so(text: str) -> None:
    name = clean_name(text)

    assert len(name) <= 32
    assert not any(unicodedata.category(c)[0] == "C" for c in name)
    assert name == " ".join(name.split())


@pytest.mark.parametrize("avatar", [HASH, f"a_{HASH}"])
def test_avatar_address_is_built_from_a_hash(avatar: str) -> None:
    assert avatar_url(UID, avatar) == f"https://cdn.discordapp.com/avatars/{UID}/{avatar}.png?size=64"


@pytest.mark.parametrize("avatar", [None, "", HASH[:-1], HASH.upper(), f"b_{HASH}", "../x", f"{HASH}\n", 7])
def test_odd_avatar_has_no_address(avatar: object) -> None:
    assert avatar_url(UID, avatar) == ""
    assert avatar_url("1/../2", HASH) == ""


def test_initials_stand_in() -> None:
    assert [initials(n) for n in ("Nelly T", "alice", "trader_0001", "…", "")] == ["NT", "A", "T0", "?", "?"]


def test_limit_counts_an_ipv6_subscriber_once() -> None:
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8::ffff") == "2001:db8::/64"
    assert neighbourhood("192.0.2.1") == "192.0.2.1"
