"""Says, once it is committed, that a session has ended or that a user may do more or less than before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete

from . import bus

ENDED = "sessions-ended"
CHANGED = "users-changed"
MEMBERSHIP = {"post_add", "post_remove", "pre_clear"}


def mark_of(session_key: str) -> str:
    """Names a session to other processes without giving it away."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:32]


def tell(channel: str, about: Any) -> None:
    transaction.on_commit(partial(bus.publish, channel, about), robust=True)


def session_ended(sender: object, instance: Session, **kwargs: object) -> None:
    tell(ENDED, mark_of(instance.session_key))


def user_changed(sender: object, instance: Any, **kwargs: object) -> None:
    tell(CHANGED, [instance.pk])


def privileges_changed(user_ids: Iterable[int]) -> None:
    """Groups and permissions are rows of their own: a number at the user says that they are not what they were."""
    ids = list(user_ids)
    if ids:
        get_user_model().objects.filter(pk__in=ids).update(auth_epoch=F("auth_epoch") + 1)
        tell(CHANGED, ids)


def own_privileges_changed(
    sender: object, instance: Any, action: str, reverse: bool, pk_set: set[int] | None, **kwargs: object
) -> None:
    """A user's groups or permissions, from either side."""
    if action in MEMBERSHIP:
        privileges_changed((pk_set or instance.user_set.values_list("pk", flat=True)) if reverse else [instance.pk])


def group_changed(
    sender: object, instance: Any, action: str, reverse: bool, pk_set: set[int] | None, **kwargs: object
) -> None:
    """What a group may do, from either side."""
    if action in MEMBERSHIP:
        groups = (pk_set or instance.group_set.values_list("pk", flat=True)) if reverse else [instance.pk]
        privileges_changed(get_user_model().objects.filter(groups__in=groups).values_list("pk", flat=True).distinct())


def group_deleted(sender: object, instance: Group, **kwargs: object) -> None:
    privileges_changed(get_user_model().objects.filter(groups=instance).values_list("pk", flat=True))


def listen() -> None:
    """Connects all of it; once, when the apps are ready."""
    user: Any = get_user_model()
    post_delete.connect(session_ended, sender=Session, dispatch_uid="live.session")
    post_save.connect(user_changed, sender=user, dispatch_uid="live.user")
    post_delete.connect(user_changed, sender=user, dispatch_uid="live.user.gone")
    for through in (user.groups.through, user.user_permissions.through):
        m2m_changed.connect(own_privileges_changed, sender=through, dispatch_uid=f"live.{through.__name__}")
    m2m_changed.connect(group_changed, sender=Group.permissions.through, dispatch_uid="live.group")
    pre_delete.connect(group_deleted, sender=Group, dispatch_uid="live.group.gone")
