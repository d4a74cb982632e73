"""R-SECRET, S9: a sealed text opens in its place under its key, and nowhere else."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.secrets.envelope import key_of, seal, unseal
from apps.secrets.keys import LocalKey, is_guessable, key_bytes, new_key
from apps.secrets.places import Place
from apps.secrets.refusals import Malformed, NotOpened, SecretError, UnknownKey
from tests.keys import key_named

HERE = Place("alerts.channel", "7", "sealed_address")
SECRET = "https://hooks.slack.com/services/T0/B0/c4n4ry"


@given(st.text())
def test_any_text_comes_back_as_it_was(text: str) -> None:
    sealed = seal(text, HERE)

    assert unseal(sealed, HERE) == text
    assert sealed.isascii()


def test_the_stored_text_names_version_and_key_and_nothing_of_the_secret() -> None:
    first, second = seal(SECRET, HERE), seal(SECRET, HERE)

    version, key_id, wrapped, sealed = first.split(".")
    assert (version, key_id) == ("1", key_of(second))
    assert "c4n4ry" not in first
    assert b"c4n4ry" not in base64.urlsafe_b64decode(sealed + "==")
    # Key, nonce and so the text are its own each time
    assert len({wrapped, sealed, *second.split(".")[2:]}) == 4


def test_no_character_can_be_changed() -> None:
    sealed = seal(SECRET, HERE)

    opened = []
    for at, was in enumerate(sealed):
        changed = sealed[:at] + ("A" if was != "A" else "B") + sealed[at + 1 :]
        try:
            opened.append(unseal(changed, HERE))
        except SecretError:
            continue

    assert opened == []


@given(st.binary(min_size=1, max_size=80), st.binary(min_size=1, max_size=80))
def test_what_nobody_sealed_is_refused(wrapped: bytes, sealed: bytes) -> None:
    parts = [base64.urlsafe_b64encode(each).rstrip(b"=").decode() for each in (wrapped, sealed)]

    with pytest.raises(NotOpened):
        unseal(".".join(["1", key_of(seal("", HERE)), *parts]), HERE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        Place("alerts.channel", "8", "sealed_address"),
        Place("alerts.channel", "7", "sealed_signing_key"),
        Place("alerts.rule", "7", "sealed_address"),
        Place("alerts.channel", "", "7sealed_address"),
    ],
    ids=["row", "column", "model", "the same letters"],
)
def test_it_opens_in_its_place_alone(elsewhere: Place) -> None:
    with pytest.raises(NotOpened):
        unseal(seal(SECRET, HERE), elsewhere)


def test_parts_of_two_do_not_make_one() -> None:
    """The data key of one row with the text of another."""
    mine, other = (
        seal(SECRET, HERE).split("."),
        seal(SECRET, Place("alerts.channel", "8", "sealed_address")).split("."),
    )

    for mixed in ([*mine[:3], other[3]], [*other[:3], mine[3]]):
        with pytest.raises(NotOpened):
            unseal(".".join(mixed), HERE)


def test_another_key_does_not_open_it_and_a_former_one_does(settings: Any) -> None:
    settings.ENCRYPTION_KEY, settings.ENCRYPTION_KEY_FALLBACKS = key_named("one"), []
    sealed = seal(SECRET, HERE)

    settings.ENCRYPTION_KEY = key_named("two")
    with pytest.raises(UnknownKey, match="no key of this desk") as refused:
        unseal(sealed, HERE)
    settings.ENCRYPTION_KEY_FALLBACKS = [key_named("three"), key_named("one")]

    assert unseal(sealed, HERE) == SECRET
    assert key_of(sealed) == LocalKey(key_bytes(key_named("one"))).id != key_of(seal(SECRET, HERE))
    assert key_named("one") not in str(refused.value) + sealed


def test_a_key_under_the_id_of_another_does_not_open_it(settings: Any) -> None:
    settings.ENCRYPTION_KEY = key_named("one")
    _, _, *rest = seal(SECRET, HERE).split(".")
    settings.ENCRYPTION_KEY = key_named("two")

    with pytest.raises(NotOpened):
        unseal(".".join(["1", LocalKey(key_bytes(key_named("two"))).id, *rest]), HERE)


@pytest.mark.parametrize("stored", ["", "c4n4ry", "1.x.y", "2.local.AA.AA", "1.local.A.A", "1.a.b.c.d", "1.k.ü.ü"])
def test_what_is_no_sealed_text_is_told_apart_without_repeating_it(stored: str) -> None:
    with pytest.raises(SecretError) as refused:
        unseal(stored, HERE)

    assert isinstance(refused.value, Malformed | UnknownKey)
    assert "c4n4ry" not in str(refused.value)


def test_a_key_never_shows_itself() -> None:
    text = new_key()

    assert text not in repr(LocalKey(key_bytes(text)))
    assert repr(key_bytes(text)) not in repr(LocalKey(key_bytes(text)))


@pytest.mark.parametrize("key", [b"\0" * 32, b"livedesk-development-key-32bytes", bytes(range(8)) * 4])
def test_a_key_that_can_be_guessed_is_known(key: bytes) -> None:
    assert is_guessable(key)


def test_a_random_key_is_not_taken_for_a_guess() -> None:
    assert [key for key in (new_key() for _ in range(2000)) if is_guessable(key_bytes(key))] == []


@pytest.mark.parametrize(
    ("text", "words"), [("not base64!", "is not base64"), ("QUJD", "holds 3 bytes; it must hold 32"), ("ü", "base64")]
)
def test_a_key_that_is_none_says_what_would_be_one(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        key_bytes(text)


def test_a_key_is_taken_in_both_spellings_of_base64() -> None:
    key = bytes([251, 255, 191]) * 10 + b"ab"

    assert key_bytes(base64.b64encode(key).decode()) == key_bytes(base64.urlsafe_b64encode(key).decode()) == key
