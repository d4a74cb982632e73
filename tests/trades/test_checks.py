"""The broker's settings are checked at start."""

from __future__ import annotations

from pytest_django import Settings

from apps.trades.checks import commission_setting


def test_senseless_commission_refuses_to_start(settings: Settings) -> None:
    settings.COMMISSION = "five dollars"

    told = commission_setting(None)

    assert [message.id for message in told] == ["trades.E001"]
    assert "per-share 0.005 min 1.00" in told[0].msg


def test_commission_of_the_default_has_nothing_to_tell() -> None:
    assert commission_setting(None) == []
