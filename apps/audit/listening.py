"""What others tell of: signing in and out, second factors, and every write in the admin (django, allauth)."""

from __future__ import annotations

from typing import Any

from allauth.mfa import signals as mfa
from django.contrib.admin.models import LogEntry, LogEntryManager
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import post_save

from .changes import word_every_change
from .services import record
from .whole import make_every_action_whole

VERBS = {1: "admin.added", 2: "admin.changed", 3: "admin.deleted"}


def name_of(user: Any) -> str:
    return str(getattr(user, "username", "") or "")


def address_of(request: Any) -> dict[str, str]:
    return {"address": str(request.META.get("REMOTE_ADDR", ""))} if request is not None else {}


def signed_in(sender: Any, request: Any, user: Any, **more: Any) -> None:
    record("signed_in", name_of(user), address_of(request))


def signed_out(sender: Any, request: Any, user: Any, **more: Any) -> None:
    if user is not None:
        record("signed_out", name_of(user), address_of(request))


def sign_in_failed(sender: Any, credentials: Any, request: Any = None, **more: Any) -> None:
    """Who was named; nothing else of what was typed."""
    record("sign_in_failed", str(credentials.get("username", "")), address_of(request))


def second_factor(kind: str) -> Any:
    def heard(sender: Any, request: Any, user: Any, authenticator: Any = None, **more: Any) -> None:
        facts = {"type": str(getattr(authenticator, "type", "")), **address_of(request)}
        record(f"second_factor.{kind}", name_of(user), facts)

    return heard


def admin_wrote(sender: Any, instance: LogEntry, created: bool, **more: Any) -> None:
    if not created:
        return
    facts = {
        "of": str(instance.content_type) if instance.content_type else "",
        "id": str(instance.object_id or ""),
        "named": instance.object_repr,
        "change": instance.get_change_message(),
    }
    record(VERBS[instance.action_flag], name_of(instance.user), facts, instance.action_time)


def tell_of_many(create: Any) -> Any:
    """Django writes the entries of several objects at once (log_actions), and sends no signal of it."""

    def create_and_tell(self: Any, objs: Any, *args: Any, **kwargs: Any) -> Any:
        made = create(self, objs, *args, **kwargs)
        for entry in made:
            admin_wrote(LogEntry, entry, created=True)
        return made

    return create_and_tell


def listen() -> None:
    """Once, when the apps are ready; not weakly, for nobody else holds these."""
    for signal, hear in (
        (user_logged_in, signed_in),
        (user_logged_out, signed_out),
        (user_login_failed, sign_in_failed),
        (mfa.authenticator_added, second_factor("added")),
        (mfa.authenticator_removed, second_factor("removed")),
        (mfa.authenticator_reset, second_factor("reset")),
        (mfa.authentication_failed, second_factor("failed")),
    ):
        signal.connect(hear, weak=False)
    post_save.connect(admin_wrote, sender=LogEntry, dispatch_uid="audit of the admin")
    word_every_change()
    make_every_action_whole()
    LogEntryManager.bulk_create = tell_of_many(LogEntryManager.bulk_create)  # type: ignore[method-assign]
