"""Who is at the other end of a socket: the session of its cookie, and whether its origin is ours."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http.request import validate_host
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from .known import known_beside_user

STANDING = ("is_staff", "is_superuser", "auth_epoch")
Standing = tuple[object, ...]
SESSION_KEY_FORM = re.compile(r"[a-z0-9]{8,40}")  # anything else was never given out, and may not even be storable


@dataclass(frozen=True)
class Visitor:
    user: Any
    session_key: str

    @property
    def standing(self) -> Standing:
        """What the user may do, short enough to be compared every few seconds."""
        return tuple(getattr(self.user, name) for name in STANDING)


def header(scope: Mapping[str, Any], name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def host_of(scope: Mapping[str, Any]) -> str:
    """The name that was asked for, without its port."""
    host = header(scope, b"host")
    return host if host.endswith("]") else host.rsplit(":", 1)[0]


def from_our_origin(scope: Mapping[str, Any]) -> bool:
    """The page that opens the socket came from this very scheme, host and port, or from a trusted origin."""
    origin, host = header(scope, b"origin"), header(scope, b"host")
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    scheme = "https" if settings.HTTPS else "http"
    return validate_host(host_of(scope), settings.ALLOWED_HOSTS) and origin == f"{scheme}://{host}"


def session_key_of(scope: Mapping[str, Any]) -> str:
    """What the session cookie says; empty for what no cookie of ours can be."""
    try:
        morsel = SimpleCookie(header(scope, b"cookie")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return morsel.value if morsel is not None and SESSION_KEY_FORM.fullmatch(morsel.value) else ""


def lasting_sessions() -> QuerySet[Session]:
    return Session.objects.filter(expire_date__gt=timezone.now())


def present_users() -> QuerySet[Any]:
    """Who may be here at all, with what pages need of them."""
    return get_user_model().objects.filter(is_active=True).annotate(**known_beside_user())


def visitors_of(keys: Collection[str]) -> dict[str, Visitor]:
    """The signed-in users of the sessions that last, by key: one query, unless allauth has not listed a session yet.

    Channels' own middleware ignores SECRET_KEY_FALLBACKS and flushes the session then: a key rotation would sign
    everybody out whose page reconnects.
    """
    said = lasting_sessions().filter(session_key=OuterRef("usersession__session_key")).values("session_data")[:1]
    listed = present_users().filter(usersession__session_key__in=keys)
    rows = listed.annotate(came_by=F("usersession__session_key"), said=Subquery(said))
    found = {user.came_by: Visitor(user, user.came_by) for user in rows if is_of(user, user.said or "")}
    missing = [key for key in keys if key not in found]
    return found | visitors_by_session(missing) if missing else found


def visitors_by_session(keys: Collection[str]) -> dict[str, Visitor]:
    """The same by what the sessions themselves say."""
    said = dict(lasting_sessions().filter(session_key__in=keys).values_list("session_key", "session_data"))
    of = {key: decoded(data).get(SESSION_KEY, "") for key, data in said.items()}
    users = present_users().filter(pk__in=set(of.values()) - {""})
    present = {str(user.pk): user for user in users} if of else {}
    visitors = {key: Visitor(present[user_id], key) for key, user_id in of.items() if user_id in present}
    return {key: visitor for key, visitor in visitors.items() if is_of(visitor.user, said[key])}


def said_by(session_key: str) -> dict[str, Any]:
    """What the session holds; of one that has ended nothing."""
    facts: dict[str, Any] = SessionStore(session_key).load()
    return facts


def decoded(data: str) -> dict[str, Any]:
    facts: dict[str, Any] = SessionStore().decode(data)
    return facts


def is_of(user: Any, data: str) -> bool:
    """Whether the session signed this user in, and no new password or signing key has ended it."""
    facts = decoded(data)
    known = facts.get(HASH_SESSION_KEY, "")
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return facts.get(SESSION_KEY) == str(user.pk) and any(constant_time_compare(known, one) for one in hashes)
