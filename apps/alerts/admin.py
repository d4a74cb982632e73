"""Alerts in the admin: rules with their rehearsal, what fired, where it goes, and what could not be sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from apps.audit.changes import turned
from apps.audit.whole import apart
from apps.secrets.refusals import SecretError
from apps.secrets.typed import said_of

from . import services
from .forms import ChannelForm, RuleForm
from .models import Alert, Channel, Delivery, Rule, Severity
from .outgoing import Failed, Unsendable
from .queries import rehearse
from .sending import SENDERS

SHOWN = 10


class Kept(admin.ModelAdmin):  # type: ignore[type-arg]
    """Written by the desk; looked at here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Rule)
class RuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = RuleForm
    list_display = ("name", "severity", "metric", "threshold", "state", "value", "looked_at", "enabled")
    list_filter = ("severity", "state", "enabled")
    readonly_fields = ("state", "value", "looked_at", "rehearsal")
    actions = ("silence",)

    def has_delete_permission(self, request: HttpRequest, obj: Rule | None = None) -> bool:
        """What fired stays on record: switch it off instead."""
        return False

    @admin.display(description="In the last seven days")
    def rehearsal(self, rule: Rule) -> str:
        if not rule.pk:
            return "Save it first; then this says how often it would have fired"
        found = rehearse(rule.metric, rule.terms, timezone.now())
        if not found:
            return "It would not have fired"
        when = [f"{each.raised_at:%-d %b %H:%M:%S} ({each.value:g})" for each in found[-SHOWN:]]
        more = f", and {len(found) - SHOWN} earlier" if len(found) > SHOWN else ""
        return f"It would have fired {len(found)} time{'' if len(found) == 1 else 's'}, at {', '.join(when)} UTC{more}"

    @admin.action(description="Silence for an hour", permissions=["change"])
    def silence(self, request: HttpRequest, chosen: QuerySet[Rule]) -> None:
        until = timezone.now() + timedelta(hours=1)
        for rule in chosen.select_for_update().order_by("pk"):  # before the log's end, as whoever edits one
            before, rule.silenced_until = rule.silenced_until, until
            rule.save(update_fields=["silenced_until"])
            self.log_change(request, rule, turned("Silenced until", before, until))


@admin.register(Alert)
class AlertAdmin(Kept):
    list_display = (
        "rule",
        "severity",
        "state",
        "value",
        "why",
        "raised_at",
        "resolved_at",
        "ended",
        "acknowledged_by",
        "acknowledged_at",
    )
    list_filter = ("severity", ("resolved_at", admin.EmptyFieldListFilter))
    list_select_related = ("rule", "acknowledged_by")
    date_hierarchy = "raised_at"
    actions = ("acknowledge",)

    @admin.display(description="State")
    def state(self, alert: Alert) -> str:
        return alert.state_at(timezone.now()).value

    @admin.action(description="Acknowledge", permissions=["change"])
    def acknowledge(self, request: HttpRequest, chosen: QuerySet[Alert]) -> None:
        rows = list(chosen)
        waiting = [alert for alert in rows if alert.resolved_at is None and alert.acknowledged_at is None]
        done = services.acknowledge(rows, request.user, timezone.now())
        for alert in waiting:
            self.log_change(request, alert, turned("Acknowledged", before=False, after=True))
        self.message_user(request, f"{done} alert{'' if done == 1 else 's'} acknowledged.")


@admin.register(Channel)
class ChannelAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = ChannelForm
    list_display = ("name", "kind", "shown", "least", "enabled")
    list_filter = ("kind", "enabled")
    actions = ("send_a_test",)
    secret = ("sealed_address", "shown", "sealed_signing_key")

    @admin.display(description="Address")
    def shown(self, channel: Channel) -> str:
        return said_of(channel, "sealed_address")

    @apart
    @admin.action(description="Send a test", permissions=["change"])
    def send_a_test(self, request: HttpRequest, chosen: QuerySet[Channel]) -> None:
        now = timezone.now()
        rule = Rule(name="A test of this channel", metric="connections", threshold=0, clear=0, severity=Severity.INFO)
        for channel in chosen:
            alert = Alert(pk=0, rule=rule, severity=Severity.INFO, value=1, raised_at=now)
            test = Delivery(alert=alert, channel=channel, what=Delivery.What.RAISED, due_at=now)
            try:
                SENDERS[Channel.Kind(channel.kind)](channel, [test])
            except (Unsendable, Failed, SecretError, OSError) as error:
                self.log_change(request, channel, turned("Test", "asked for", "not sent"))
                self.message_user(request, f"{channel}: not sent, {error}", messages.ERROR)
            else:
                self.log_change(request, channel, turned("Test", "asked for", "sent"))
                self.message_user(request, f"{channel}: sent.")


@admin.register(Delivery)
class DeliveryAdmin(Kept):
    list_display = ("alert", "channel", "what", "state", "attempts", "due_at", "sent_at", "error")
    list_filter = ("state", "what", "channel")
    list_select_related = ("alert__rule", "channel")
    actions = ("send_again",)

    @admin.action(description="Send what was given up again", permissions=["change"])
    def send_again(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> None:
        rows = list(chosen)
        done = services.try_again(rows, timezone.now())
        for delivery in (each for each in rows if each.state == Delivery.State.DEAD):
            self.log_change(request, delivery, turned("State", Delivery.State.DEAD, Delivery.State.DUE))
        self.message_user(request, f"{done} deliver{'y is' if done == 1 else 'ies are'} due again.")
