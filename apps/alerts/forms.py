"""What an admin types of rules and channels, or words that say what each field should be."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from .metrics import METRICS
from .models import Channel, Rule
from .outgoing import Unsendable, target_of

SHORTEST_KEY = 16
KEPT = "•••"


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
        return data


class ChannelForm(forms.ModelForm):  # type: ignore[type-arg]
    """An address is shown by its end; left as it is shown, it stays."""

    class Meta:
        model = Channel
        fields = ("name", "kind", "address", "signing_key", "least", "enabled")
        widgets = {"signing_key": forms.PasswordInput(render_value=False)}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["address"] = hidden(self.instance)

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"].strip()
        if self.instance.pk and address == hidden(self.instance):
            return str(self.instance.__class__.objects.get(pk=self.instance.pk).address)
        return address

    def clean_signing_key(self) -> str:
        key: str = self.cleaned_data["signing_key"]
        return key or (self.initial.get("signing_key") or "")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        kind, address = data.get("kind"), data.get("address", "")
        errors = {}
        if kind == Channel.Kind.EMAIL:
            try:
                EmailValidator("Address must be an e-mail address, such as ops@example.com")(address)
            except ValidationError as error:
                errors["address"] = error.messages
        elif kind == Channel.Kind.PAGERDUTY:
            if not (address.isalnum() and len(address) == 32):
                errors["address"] = ["Address must be a routing key of 32 letters and digits (Events API v2)"]
        else:
            try:
                target_of(address)
            except Unsendable as error:
                errors["address"] = [f"Address cannot be used: {error}"]
        if kind == Channel.Kind.WEBHOOK and len(data.get("signing_key") or "") < SHORTEST_KEY:
            errors["signing_key"] = [f"Signing key must be {SHORTEST_KEY} characters or more"]
        if errors:
            raise ValidationError(errors)
        return data


def hidden(channel: Channel) -> str:
    """Enough to tell two apart. What somebody types to hide it again is not an address, and is refused as one."""
    return channel.address if channel.kind == Channel.Kind.EMAIL else f"{KEPT}{channel.address[-4:]}"
