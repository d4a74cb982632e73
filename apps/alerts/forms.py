"""What an admin types of rules and channels, or words that say what each field should be."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from apps.secrets.refusals import SecretError
from apps.secrets.typed import said_of

from .metrics import METRICS, SHARES
from .models import Channel, Rule
from .outgoing import Unsendable, target_of

SHORTEST_KEY = 16
ASKED = {
    "sealed_address": "An e-mail address, a webhook's https address, a routing key.",
    "sealed_signing_key": f"Of a signed webhook: {SHORTEST_KEY} characters or more.",
}


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    metric = forms.ChoiceField(choices=[(name, f"{name}: {words}") for name, words in METRICS.items()])

    class Meta:
        model = Rule
        fields = (
            "name",
            "metric",
            "threshold",
            "clear",
            "window_s",
            "lasting_s",
            "severity",
            "enabled",
            "silenced_until",
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        threshold, clear = data.get("threshold"), data.get("clear")
        if threshold is not None and clear is not None and clear > threshold:
            raise ValidationError({"clear": f"Clear must be {threshold:g} or less, or it would end while it fires"})
        if threshold is not None and threshold >= 1 and data.get("metric") in SHARES:
            raise ValidationError({"threshold": "It is a share, and never above 1: 5 % is 0.05"})
        return data


class ChannelForm(forms.ModelForm):  # type: ignore[type-arg]
    """Address and signing key are typed, never shown; left empty, what is there stays."""

    class Meta:
        model = Channel
        fields = ("name", "kind", "sealed_address", "sealed_signing_key", "least", "enabled")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.held = {name: said_of(self.instance, name) != "not set" for name in ASKED}
        for name, words in ASKED.items():
            said = said_of(self.instance, name)
            self.fields[name].help_text = f"{said[0].upper()}{said[1:]}. {words} Left empty, it stays as it is."

    def effective(self, name: str) -> str:
        """What was typed, or what is there. Raises ValidationError where that does not open."""
        try:
            return self.cleaned_data.get(name) or str(getattr(self.instance, name))
        except SecretError:
            raise ValidationError({name: "What is stored does not open: type it again"}) from None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        kind, address = data.get("kind"), self.effective("sealed_address")
        errors = {}
        if kind == Channel.Kind.EMAIL:
            try:
                EmailValidator("Address must be an e-mail address, such as ops@example.com")(address)
            except ValidationError as error:
                errors["sealed_address"] = error.messages
        elif kind == Channel.Kind.PAGERDUTY:
            if not (address.isalnum() and len(address) == 32):
                errors["sealed_address"] = ["Address must be a routing key of 32 letters and digits (Events API v2)"]
        else:
            try:
                target_of(address)
            except Unsendable as error:
                errors["sealed_address"] = [f"Address cannot be used: {error}"]
        if kind == Channel.Kind.WEBHOOK and len(self.effective("sealed_signing_key")) < SHORTEST_KEY:
            errors["sealed_signing_key"] = [f"Signing key must be {SHORTEST_KEY} characters or more"]
        if errors:
            raise ValidationError(errors)
        return data
