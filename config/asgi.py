"""HTTP goes to Django; WebSockets go to the consumers, which check origin and session themselves."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402 -- apps must be ready first
from django.conf import settings  # noqa: E402 -- apps must be ready first

from apps.monitoring.asgi import ops_first  # noqa: E402 -- apps must be ready first
from config.answering import Handler  # noqa: E402 -- apps must be ready first
from config.forwarded import forwarded  # noqa: E402 -- apps must be ready first
from config.lifespan import lifespan  # noqa: E402 -- apps must be ready first
from config.routing import websocket_urlpatterns  # noqa: E402 -- apps must be ready first

application = forwarded(
    ProtocolTypeRouter(
        {"http": ops_first(Handler()), "websocket": URLRouter(websocket_urlpatterns), "lifespan": lifespan},
    ),
    settings.TRUSTED_PROXIES,
    settings.PROXY_NETWORKS,
)
