"""Two-factor sign-in after Discord, through allauth's own pages in our dress."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from cryptography.fernet import Fernet
from django.http import HttpResponse
from django.test import Client

from apps.accounts.models import User
from apps.accounts.sealing import fernet_key, seal, unseal
from apps.audit.models import Entry
from apps.secrets.refusals import NotOpened
from tests.keys import key_named

from .fake_discord import FakeDiscord

pytestmark = pytest.mark.django_db
Visit = Callable[..., HttpResponse]


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def later(seconds: float = 31) -> time_machine.travel:
    """A code serves once: the next one comes half a minute later."""
    return time_machine.travel(time.time() + seconds)


def switch_on(client: Client) -> str:
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    found = re.search(r"<code>(\w+)</code>", page)
    assert found
    assert client.post("/accounts/2fa/totp/activate/", {"code": code_of(found[1])}).status_code == 302
    return found[1]


def test_code_is_asked_after_discord_once_switched_on(discord: FakeDiscord, through_discord: Visit) -> None:
    first, second = Client(), Client()
    through_discord(first)
    secret = switch_on(first)

    stopped = through_discord(second)
    wrong = second.post("/accounts/2fa/authenticate/", {"code": "000000"})
    asked = "_auth_user_id" in second.session
    with later():
        right = second.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})

    assert stopped["Location"] == "/accounts/2fa/authenticate/"
    assert (wrong.status_code, asked) == (200, False)
    assert b"Incorrect code" in wrong.content
    assert (right.status_code, right["Location"]) == (302, "/")
    assert "_auth_user_id" in second.session


def test_a_wrong_code_is_on_record_and_the_code_is_not(discord: FakeDiscord, through_discord: Visit) -> None:
    """S11: at the door, and of a session that is asked again."""
    first, second = Client(), Client()
    through_discord(first)
    switch_on(first)
    through_discord(second)

    second.post("/accounts/2fa/authenticate/", {"code": "000000"})
    first.post("/accounts/2fa/reauthenticate/", {"code": "000000"})

    user, failed = User.objects.get(), Entry.objects.filter(kind="second_factor.failed")
    assert [(each.actor, each.facts) for each in failed] == [
        (user.username, {"type": "totp", "address": "127.0.0.1"}),
    ] * 2
    assert "000000" not in str(list(Entry.objects.values_list("actor", "facts")))


def test_secret_is_stored_sealed(client: Client, discord: FakeDiscord, through_discord: Visit) -> None:
    through_discord(client)

    secret = switch_on(client)

    stored = Authenticator.objects.get(type="totp").data["secret"]
    assert secret not in stored
    assert unseal(stored) == secret


def test_sealed_text_opens_after_the_key_is_rotated_whatever_signs_sessions(settings: Any) -> None:
    settings.ENCRYPTION_KEY, settings.ENCRYPTION_KEY_FALLBACKS = key_named("old"), []
    sealed = seal("kept")
    settings.ENCRYPTION_KEY, settings.ENCRYPTION_KEY_FALLBACKS = key_named("new"), [key_named("old")]
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, []

    assert unseal(sealed) == "kept"


def test_what_the_signing_key_sealed_in_0_1_opens_while_it_is_known(settings: Any) -> None:
    sealed = Fernet(fernet_key("old" * 20)).encrypt(b"kept").decode()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, ["old" * 20]
    opened = unseal(sealed)
    settings.SECRET_KEY_FALLBACKS = []

    assert opened == "kept"
    with pytest.raises(NotOpened):
        unseal(sealed)


def test_every_page_of_two_factor_is_ours(client: Client, discord: FakeDiscord, through_discord: Visit) -> None:
    through_discord(client)
    pages = ["/accounts/2fa/", "/accounts/2fa/totp/activate/"]
    shown = [client.get(page).content.decode() for page in pages]
    secret = switch_on(client)
    with later():
        client.post("/accounts/2fa/reauthenticate/", {"code": code_of(secret)})
        for page in ("", "totp/deactivate/", "recovery-codes/", "recovery-codes/generate/"):
            answer = client.get(f"/accounts/2fa/{page}")
            assert answer.status_code == 200, page
            shown.append(answer.content.decode())
        assert client.get("/accounts/2fa/recovery-codes/download/").status_code == 200

    assert all("· Livedesk</title>" in page and 'id="main"' in page for page in shown)
    assert "<script>" not in "".join(shown)


def test_switching_off_asks_for_a_code_when_the_last_is_old(discord: FakeDiscord, through_discord: Visit) -> None:
    first, second = Client(), Client()
    through_discord(first)
    secret = switch_on(first)
    through_discord(second)
    with later():
        second.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})

    asked = second.post("/accounts/2fa/totp/deactivate/")

    assert asked["Location"].startswith("/accounts/2fa/reauthenticate/")
    page = second.get(asked["Location"])
    assert b"Confirm that it is you" in page.content
    assert Authenticator.objects.filter(type="totp").exists()
