"""A Discord of our own, and the way through it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import unescape
from re import search
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from allauth.socialaccount.providers.discord.views import DiscordOAuth2Adapter
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from apps.accounts.discord import speak_to

from . import fake_discord

Visit = Callable[..., HttpResponse]


@pytest.fixture
def discord(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[fake_discord.FakeDiscord]:
    settings.DISCORD_CLIENT_ID = fake_discord.CLIENT_ID
    settings.DISCORD_CLIENT_SECRET = fake_discord.CLIENT_SECRET
    with fake_discord.running() as server:
        for name in ("authorize_url", "access_token_url", "profile_url"):
            monkeypatch.setattr(DiscordOAuth2Adapter, name, getattr(DiscordOAuth2Adapter, name))
        speak_to(server.base)
        yield server


@pytest.fixture
def through_discord() -> Visit:
    """Goes to Discord and comes back by the link of that label; `change` alters the way back."""

    def visit(
        client: Client, label: str = "Authorize", next_page: str = "", change: tuple[str, str] = ("", "")
    ) -> HttpResponse:
        sent = client.post("/accounts/discord/login/", {"next": next_page} if next_page else {})
        assert sent.status_code == 302
        with urlopen(sent["Location"]) as answer:
            page = answer.read().decode()
        link = search(rf'<a href="([^"]+)">{label}</a>', page)
        assert link
        back = urlsplit(unescape(link[1]))
        return client.get(f"{back.path}?{back.query}".replace(*change) if change[0] else f"{back.path}?{back.query}")

    return visit
