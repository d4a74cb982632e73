"""What a trader may choose about how the desk looks and tells the time."""

from __future__ import annotations

from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError

THEMES = {"auto": "Auto", "light": "Light", "dark": "Dark"}
DENSITIES = {"comfortable": "Comfortable", "compact": "Compact"}

PALETTES = {"standard": "Green and red", "safe": "Blue and orange"}


class AppearanceForm(forms.Form):
    theme = forms.ChoiceField(choices=THEMES.items(), widget=forms.RadioSelect)
    palette = forms.ChoiceField(choices=PALETTES.items(), widget=forms.RadioSelect)
    density = forms.ChoiceField(choices=DENSITIES.items(), widget=forms.RadioSelect)


class TimeZoneForm(forms.Form):
    time_zone = forms.CharField(max_length=64)

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        if zone not in available_timezones():
            raise ValidationError("Choose a zone from the list, such as Europe/Berlin.")
        return zone


class ReasonForm(forms.Form):
    """Why somebody's access is taken away or given back: kept in the audit log, and told to nobody else."""

    reason = forms.CharField(label="Reason", max_length=200)
