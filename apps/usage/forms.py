"""What a page says when it is left, and what a user says of being counted."""

from __future__ import annotations

from django import forms

LONGEST_MS = 12 * 3600 * 1000  # as long as a sign-in lasts
MOST_TOASTS = 10_000


class LeftForm(forms.Form):
    """`ms` it was looked at, whether it had been reloaded, and what became of its toasts. Nothing else is read."""

    ms = forms.IntegerField(min_value=0, max_value=LONGEST_MS)
    reload = forms.IntegerField(min_value=0, max_value=1)
    shown = forms.IntegerField(min_value=0, max_value=MOST_TOASTS)
    closed = forms.IntegerField(min_value=0, max_value=MOST_TOASTS)
    followed = forms.IntegerField(min_value=0, max_value=MOST_TOASTS)


class ChoiceForm(forms.Form):
    counted = forms.ChoiceField(choices=[("yes", "Yes"), ("no", "No")])
