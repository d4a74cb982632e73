"""Settings that would let the wrong people in are told at start."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from apps.accounts.checks import check_sign_in, check_transport, is_loopback
from apps.accounts.discord import discord_problem, discord_ready

GOOD = {"DISCORD_CLIENT_ID": "157730590492196864", "DISCORD_CLIENT_SECRET": "s"}
NONE = {"DISCORD_CLIENT_ID": "", "DISCORD_CLIENT_SECRET": ""}
LOCAL = {"ALLOWED_HOSTS": ["localhost", "127.0.0.1", "[::1]"], "DISCORD_API_BASE": "", "DEBUG": False}


def told(settings: Settings, **values: Any) -> list[str]:
    base = {"DEMO_SIGN_IN": True, "STAFF_MFA": True, "EMBEDDED": True, "HTTPS": False, "SECRET_KEY": "k" * 60}
    for name, value in {**LOCAL, **NONE, **base, **values}.items():
        setattr(settings, name, value)
    return [message.id or "" for message in check_sign_in(None) + check_transport(None)]


def test_embedded_default_has_nothing_to_tell(settings: Settings) -> None:
    assert told(settings) == []


@pytest.mark.parametrize("host", ["desk.example.com", "*", ".example.com", "0.0.0.0", "192.168.1.4"])  # noqa: S104
def test_demo_on_a_public_host_refuses_to_start(settings: Settings, host: str) -> None:
    assert told(settings, ALLOWED_HOSTS=["localhost", host], HTTPS=True) == ["accounts.E001"]

    message = check_sign_in(None)[0]
    assert (message.is_serious(), host in message.msg) == (True, True)
    assert "DEMO_SIGN_IN=off" in (message.hint or "")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (NONE, "are not set"),
        (GOOD | {"DISCORD_CLIENT_SECRET": ""}, "DISCORD_CLIENT_SECRET is not"),
        (GOOD | {"DISCORD_CLIENT_ID": ""}, "DISCORD_CLIENT_ID is not"),
        (GOOD | {"DISCORD_CLIENT_ID": "my-app"}, "17 to 20 digits"),
        (GOOD | {"DISCORD_CLIENT_ID": "1" * 21}, "17 to 20 digits"),
    ],
)
def test_bad_discord_settings_are_told_and_take_the_button_away(
    settings: Settings, values: dict[str, str], words: str
) -> None:
    assert told(settings, DEMO_SIGN_IN=False, **values) == ["accounts.W001"]

    assert words in check_sign_in(None)[0].msg
    assert (words in discord_problem(), discord_ready()) == (True, False)


def test_good_discord_settings_are_ready(settings: Settings) -> None:
    assert told(settings, DEMO_SIGN_IN=False, **GOOD) == []
    assert (discord_problem(), discord_ready()) == ("", True)


def test_half_set_discord_is_told_beside_the_demo_too(settings: Settings) -> None:
    assert told(settings, **GOOD | {"DISCORD_CLIENT_SECRET": ""}) == ["accounts.W001"]


@pytest.mark.parametrize(
    ("base", "demo", "ids"),
    [
        ("http://127.0.0.1:8899", True, []),
        ("http://127.0.0.1:8899", False, ["accounts.E002"]),
        ("https://discord.evil.example", True, ["accounts.E002"]),
        ("http://127.0.0.1.evil.example", True, ["accounts.E002"]),
        ("nonsense", True, ["accounts.E002"]),
    ],
)
def test_stand_in_for_discord_is_for_tests_only(settings: Settings, base: str, demo: bool, ids: list[str]) -> None:
    assert told(settings, DISCORD_API_BASE=base, DEMO_SIGN_IN=demo, **GOOD) == ids


def test_deployed_desk_needs_a_long_key_and_https(settings: Settings) -> None:
    deployed = {"EMBEDDED": False, "DEMO_SIGN_IN": False, "ALLOWED_HOSTS": ["desk.example.com"], **GOOD}

    assert told(settings, **deployed, HTTPS=True, SECRET_KEY="k" * 49) == ["accounts.E003"]
    assert told(settings, **deployed, HTTPS=False) == ["accounts.W002"]
    assert told(settings, **deployed, HTTPS=True) == []


def test_loopback_is_told_from_what_looks_like_it() -> None:
    yes = ["localhost", "desk.localhost", "127.0.0.1", "127.8.8.8", "[::1]", "::1"]
    no = ["", "*", "localhost.example.com", "127.0.0.1.nip.io", "0.0.0.0", "10.0.0.1"]  # noqa: S104

    assert [is_loopback(host) for host in yes + no] == [True] * len(yes) + [False] * len(no)


def test_staff_without_a_second_factor_are_told_of_on_a_public_host(settings: Settings) -> None:
    deployed = {**GOOD, "DEMO_SIGN_IN": False, "STAFF_MFA": False, "HTTPS": True}

    assert told(settings, **deployed, ALLOWED_HOSTS=["desk.example.com"]) == ["accounts.W003"]
    assert told(settings, **deployed) == []
