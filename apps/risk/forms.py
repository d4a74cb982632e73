"""Limits as an admin types them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from apps.desk.instrument import symbol_of
from apps.market.queries import instrument_ids, symbols_now

from .models import RiskLimits
from .names import LABELS, MOST, STOPPED


class LimitsForm(forms.ModelForm):  # type: ignore[type-arg]
    """`seen` is the row as it was when the form was opened: who saves a form that is out of date would undo
    another admin's kill switch without a word."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = RiskLimits
        fields = ("account", "halted", "halt_reason", *MOST, "allowed_symbols", "barred_symbols")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = self.instance.set_at.isoformat() if self.instance.pk else ""

    def clean(self) -> dict[str, Any]:
        """Locks the row until it is saved."""
        cleaned = super().clean() or {}
        row = RiskLimits.objects.select_for_update().filter(pk=self.instance.pk).first()
        if row and cleaned.get("seen") != row.set_at.isoformat():
            raise forms.ValidationError(f"Changed by {row.set_by} since you opened it; open it again")
        return cleaned

    def clean_allowed_symbols(self) -> str:
        return symbols_in(self.cleaned_data["allowed_symbols"])

    def clean_barred_symbols(self) -> str:
        return symbols_in(self.cleaned_data["barred_symbols"])


def symbols_in(text: str) -> str:
    """The symbols, each once and in order. A misspelt one would bar nothing, so that an unknown one is refused."""
    try:
        now = symbols_now()
        typed = {symbol_of(word) for word in text.replace(",", " ").split()}
        symbols = {now.get(symbol, symbol) for symbol in typed}
    except ValueError as error:
        raise forms.ValidationError(str(error)) from None
    unknown = sorted(symbols - instrument_ids(symbols).keys())
    if unknown:
        raise forms.ValidationError(f"Not known here: {', '.join(unknown)}")
    return " ".join(sorted(symbols))


class OwnLimitsForm(forms.Form):
    """What a trader wants from now on; an empty field is no limit."""

    stopped = forms.BooleanField(required=False, label=LABELS[STOPPED])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in LABELS.items():
            if name != STOPPED:
                places = 0 if name == "orders_per_minute" else 2
                self.fields[name] = forms.DecimalField(
                    required=False, label=label, min_value=0, max_value=MOST[name], decimal_places=places
                )

    def wanted(self) -> dict[str, Decimal | None]:
        """By name; None is no limit. To be stopped is a limit of nothing."""
        values = {name: self.cleaned_data[name] for name in LABELS}
        return {**values, STOPPED: Decimal(0) if values[STOPPED] else None}
