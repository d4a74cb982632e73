"""What an operator says of a corporate action that is to come, checked before the desk waits for its day."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.desk.currency import BASE
from apps.desk.instrument import symbol_of
from apps.market.queries import is_known, market_state, session_date_of

from .corporate import held_at
from .models import CorporateAction


class CorporateActionForm(forms.ModelForm):  # type: ignore[type-arg]
    currency = forms.CharField(
        max_length=3, required=False, help_text="Of amount and cash in lieu: USD, or the share's own; empty: its own."
    )

    class Meta:
        model = CorporateAction
        fields = ("instrument", "kind", "ex_date", "new", "old", "in_lieu", "amount", "currency", "new_symbol")

    def clean_new_symbol(self) -> str:
        """Nothing else is, was or shall be called so: old addresses and exports would mean two things."""
        text: str = self.cleaned_data["new_symbol"].strip()
        if not text:
            return ""
        try:
            symbol = symbol_of(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None
        planned = CorporateAction.objects.filter(new_symbol=symbol, refused="", applied_at=None)
        if is_known(symbol) or planned.exists():
            raise forms.ValidationError(f"{symbol} is taken: something is, was or will be called so")
        return symbol

    def clean(self) -> dict[str, Any]:
        """Each kind takes its own fields, and does something to somebody."""
        given = super().clean() or {}
        kind = given.get("kind")
        label = dict(CorporateAction.Kind.choices).get(kind or "", "").lower()
        if kind == "symbol" and not given.get("new_symbol") and "new_symbol" not in self.errors:
            self.add_error("new_symbol", "Which symbol it has from then on")
        if kind != "symbol" and given.get("new_symbol"):
            self.add_error("new_symbol", f"A {label} has none; leave it empty")
        takes = {"split": ("new", "old"), "dividend": ("amount",)}.get(kind or "", ())
        for name in ("new", "old", "amount"):
            value = given.get(name)
            if name in takes and name not in self.errors and (value is None or value <= 0):
                self.add_error(name, "Must be more than 0")
            if name not in takes and value is not None:
                self.add_error(name, f"A {label} has none; leave it empty")
        if kind == "split" and (given.get("in_lieu") or 0) < 0:
            self.add_error("in_lieu", "Must not be below 0")
        if instrument := given.get("instrument"):
            own = instrument.currency
            given["currency"] = (given.get("currency") or own).upper()
            if given["currency"] not in (BASE, own):
                self.add_error("currency", f"{instrument.symbol} pays in {own}; say it in that or in {BASE}")
        if kind == "split" and given.get("new") and given.get("new") == given.get("old"):
            self.add_error("new", "As many new shares as old ones change nothing")
        if not self.errors:
            self.check_day(given)
        return given

    def check_day(self, given: dict[str, Any]) -> None:
        """What has begun cannot be split or renamed any more, and what nobody held pays nothing."""
        instrument, kind, day = given["instrument"], given["kind"], given["ex_date"]
        session = session_date_of(instrument, market_state())
        if kind != "dividend" and session and day < session:
            self.add_error("ex_date", f"{instrument.symbol} trades in the session of {session} already")
        asked = CorporateAction(instrument=instrument, kind=kind, ex_date=day)
        if kind == "dividend" and session and day <= session and not held_at(asked):
            self.add_error("instrument", f"Nobody held {instrument.symbol} then: nothing would be paid")
