"""From what a trader types to terms and settings, or to words that say what each field should be."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings

from apps.accounts.queries import discord_id_of
from apps.alerts.outgoing import Unsendable, target_of
from apps.desk.instrument import symbol_of
from apps.market.models import Instrument
from apps.market.queries import tradable

from .models import OF_ORDERS, OF_PNL, OF_PRICE, AlertSettings, Kind, TraderAlert
from .terms import Terms

MOST = Decimal(1_000_000_000)
MOST_PERCENT = Decimal(1000)
KEPT = "•••"
DISCORD_HOSTS = frozenset({"discord.com", "canary.discord.com", "ptb.discord.com", "discordapp.com"})
Way = AlertSettings.Way


class AlertForm(forms.Form):
    kind = forms.ChoiceField(
        choices=Kind.choices, error_messages={"required": "Choose what to be told of", "invalid_choice": "Unknown"}
    )
    symbol = forms.CharField(max_length=32, required=False)
    threshold = forms.DecimalField(
        required=False,
        max_value=MOST,
        min_value=-MOST,
        decimal_places=8,
        error_messages={"invalid": "Level must be a number, such as 150.25"},
    )
    repeat = forms.BooleanField(required=False)
    note = forms.CharField(max_length=120, required=False)

    def clean_symbol(self) -> Instrument | None:
        text: str = self.cleaned_data["symbol"].strip()
        try:
            return tradable(symbol_of(text)) if text else None
        except (ValueError, Instrument.DoesNotExist):
            words = f"{text[:32]} is not a symbol that is traded here: type one in full, such as AAPL"
            raise forms.ValidationError(words) from None

    def clean_note(self) -> str:
        note: str = self.cleaned_data["note"].strip()
        if not note.isprintable():
            raise forms.ValidationError("Note must be one line of plain text")
        return note

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        kind = data.get("kind")
        if not kind:
            return data
        if kind in OF_PRICE and "symbol" in data and data["symbol"] is None:
            self.add_error("symbol", "Symbol is required, such as AAPL")
        has_level = kind not in OF_ORDERS and "threshold" in data
        if has_level and (wrong := wrong_level(Kind(kind), data["threshold"])):
            self.add_error("threshold", wrong)
        return data

    def terms(self) -> Terms:
        """Fields that the kind has no use for are left out."""
        data, kind = self.cleaned_data, Kind(self.cleaned_data["kind"])
        instrument = None if kind in OF_PNL else data["symbol"]
        threshold = None if kind in OF_ORDERS else data["threshold"]
        return Terms(kind, instrument, threshold, data["repeat"], data["note"])


def wrong_level(kind: Kind, level: Decimal | None) -> str:
    """Why it cannot be the level of such an alert; empty where it can."""
    if level is None:
        return "Level is required"
    if kind is Kind.PERCENT_MOVE and not 0 < level <= MOST_PERCENT:
        return f"Per cent must be above 0 and {MOST_PERCENT} at most"
    if kind in OF_PRICE and level <= 0:
        return "A price must be above 0"
    return ""


def typed_of(alert: TraderAlert) -> dict[str, Any]:
    """The form's fields as the alert has them."""
    level = "" if alert.threshold is None else f"{alert.threshold.normalize():f}"
    return {
        "kind": alert.kind,
        "symbol": alert.symbol,
        "threshold": level,
        "repeat": alert.repeat,
        "note": alert.note,
    }


class SettingsForm(forms.Form):
    """A webhook is shown by its end; left as it is shown, it stays."""

    way = forms.ChoiceField(choices=Way.choices, error_messages={"invalid_choice": "Choose one of the ways"})
    webhook = forms.CharField(max_length=400, required=False)
    quiet_from = forms.TimeField(required=False, error_messages={"invalid": "A time, such as 22:00"})
    quiet_until = forms.TimeField(required=False, error_messages={"invalid": "A time, such as 07:00"})

    def __init__(self, data: Any, row: AlertSettings) -> None:
        super().__init__(data)
        self.row = row

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        typed: str = data.get("webhook", "").strip()
        data["webhook"] = self.row.webhook if typed == shown_webhook(self.row) else typed
        if data.get("way") == Way.DISCORD and (wrong := wrong_webhook(data["webhook"])):
            self.add_error("webhook", wrong)
        if data.get("way") == Way.EMAIL:
            if not settings.EMAIL_URL:
                self.add_error("way", "This desk sends no e-mail (its EMAIL_URL is not set): choose another way")
            elif not self.row.user.email:
                self.add_error("way", "Your account has no e-mail address: Discord did not give one")
        if data.get("way") == Way.DIRECT and (wrong := no_direct(self.row.user)):
            self.add_error("way", f"{wrong}: choose another way")
        since, until = data.get("quiet_from"), data.get("quiet_until")
        if (since is None) != (until is None) and not {"quiet_from", "quiet_until"} & self.errors.keys():
            self.add_error("quiet_until" if until is None else "quiet_from", "Quiet hours need both times, or none")
        elif since is not None and since == until:
            self.add_error("quiet_until", "Quiet hours must end at another time than they begin")
        return data

    def save_to(self) -> AlertSettings:
        """The row as it shall be, not saved."""
        self.row.stopped = ""
        for name in ("way", "webhook", "quiet_from", "quiet_until"):
            setattr(self.row, name, self.cleaned_data[name])
        return self.row


def no_direct(user: Any) -> str:
    """Why there can be no direct messages of Discord; empty where there can."""
    if not settings.DISCORD_BOT_TOKEN:
        return "This desk has no Discord bot (its DISCORD_BOT_TOKEN is not set)"
    return "" if discord_id_of(user) else "You have never signed in through Discord"


def wrong_webhook(address: str) -> str:
    """Why it is no webhook of Discord's; empty where it is one. A desk that lets addresses of its own network in, as
    a test's does, takes any."""
    try:
        target_of(address)
    except Unsendable as error:
        return f"Webhook cannot be used: {error}"
    parts = urlsplit(address)
    if not settings.ALERTS_ALLOW_PRIVATE and not (
        parts.hostname in DISCORD_HOSTS and parts.path.startswith("/api/webhooks/")
    ):
        return "Webhook must be https://discord.com/api/webhooks/…: Discord, channel settings, Integrations"
    return ""


def shown_webhook(row: AlertSettings) -> str:
    """Enough to tell two apart."""
    return f"{KEPT}{row.webhook[-4:]}" if row.webhook else ""
