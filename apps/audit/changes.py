"""What a write in the admin changed, in words: each field with what was before and what is now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.admin.utils import flatten, label_for_field, lookup_field
from django.core.exceptions import ObjectDoesNotExist
from django.forms import Field, ModelChoiceField, ModelMultipleChoiceField
from django.http import HttpRequest

HIDDEN = "•••"
LONGEST = 300
NOTHING = "Nothing changed"


def said(value: Any) -> str:
    """A value as the log says it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    text = "" if value is None else str(value)
    return "empty" if not text else text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def turned(label: str, before: Any, after: Any) -> str:
    """One change, as every action of the admin words it: `Stop new orders: no → yes`."""
    return f"{label}: {said(before)} → {said(after)}"


def in_field(field: Field, value: Any) -> Any:
    """Rows by their names, choices by their labels, where a form has their keys."""
    if isinstance(field, ModelMultipleChoiceField):
        return ", ".join(sorted(str(row_of(field, one)) for one in value or ()))
    if isinstance(field, ModelChoiceField):
        return row_of(field, value)
    labels = {str(key): label for key, label in flat_choices(getattr(field, "choices", ()))}
    return labels.get(str(value), value) if value not in (None, "") else value


def row_of(field: Any, value: Any) -> Any:
    if value in (None, "") or hasattr(value, "_meta"):
        return value
    return field.queryset.model._default_manager.filter(pk=value).first() or value


def flat_choices(choices: Iterable[Any]) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    for key, label in choices:
        found += flat_choices(label) if isinstance(label, list | tuple) else [(key, label)]
    return found


def form_changes(form: Any, secret: Iterable[str]) -> list[str]:
    """Of a form that was saved; a secret's change is told, its text is not. `held` of a form says which secrets were
    there before, where the form is not given them."""
    found = []
    for name in form.changed_data:
        field, data = form.fields[name], form.cleaned_data
        before, after = form.get_initial_for_field(field, name), data.get(name)
        if before == after:  # the form has kept what was left empty
            continue
        if name in secret:
            held = getattr(form, "held", {}).get(name, bool(before))
            before, after = HIDDEN if held else "", HIDDEN if after else ""
        found.append(turned(label_of(name, field), in_field(field, before), in_field(field, after)))
    return found


def form_losses(form: Any) -> list[str]:
    """Of a line that was deleted with its page."""
    shown = {name: field for name, field in form.fields.items() if not field.widget.is_hidden and name != "DELETE"}
    return [
        turned(label_of(name, field), in_field(field, form.get_initial_for_field(field, name)), "gone")
        for name, field in shown.items()
    ]


def label_of(name: str, field: Field) -> str:
    return str(field.label or name.replace("_", " ").capitalize())


def construct_change_message(self: Any, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> str:
    """In the place of Django's, which names the fields and says no more; a form's `secret` names stay hidden."""
    changes = form_changes(form, getattr(self, "secret", ()))
    for formset in formsets or ():
        name = formset.model._meta.verbose_name
        changes += [f"{name}, {words}" for each in formset.deleted_forms for words in form_losses(each)]
        for each in formset.forms:
            if each.has_changed() and each not in formset.deleted_forms:
                changes += [f"{name} {each.instance}, {words}" for words in form_changes(each, ())]
    return "; ".join(changes) or NOTHING


def shown_fields(self: Any, request: HttpRequest, row: Any) -> list[str]:
    """What the row's page shows, secrets hidden, as what was there before it was deleted."""
    secret, found = getattr(self, "secret", ()), []
    for name in flatten(self.get_fields(request, row)):
        try:
            _, _, value = lookup_field(name, row, self)
        except (AttributeError, ObjectDoesNotExist, ValueError):
            continue
        if hasattr(value, "get_queryset"):  # a relation to many
            value = ", ".join(sorted(str(one) for one in value.all()))
        label = label_for_field(name, self.model, self)
        found.append(turned(str(label).capitalize(), HIDDEN if name in secret else value, "gone"))
    return found


def log_deletions(self: Any, request: HttpRequest, queryset: Iterable[Any]) -> list[LogEntry]:
    """In the place of Django's, which keeps the name alone."""
    log, by, entries = LogEntry.objects.log_actions, str(request.user.pk), []
    for row in queryset:
        words = "; ".join(shown_fields(self, request, row))
        entries += log(user_id=by, queryset=[row], action_flag=DELETION, change_message=words)
    return entries


def word_every_change() -> None:
    """Once, when the apps are ready: an admin page that is added later need not think of it."""
    ModelAdmin.construct_change_message = construct_change_message  # type: ignore[method-assign, assignment]
    ModelAdmin.log_deletions = log_deletions  # type: ignore[method-assign]
