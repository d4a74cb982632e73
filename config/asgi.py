"""HTTP goes to Django; WebSockets go to the consumers, which check origin and session themselves."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402 -- apps must be ready first
from django.conf import settings  # noqa: E402 -- apps must be ready first

from apps.monitoring.asgi import ops_first  # noqa: E402 -- apps must be ready first
from config.forwarded import forwarded  # noqa: E402 -- apps must be ready first
from config.routing import websocket_urlpatterns  # noqa: E402 -- apps must be ready first

application = forwarded(
    ProtocolTypeRouter(
        {"http": ops_first(django_application), "websocket": URLRouter(websocket_urlpatterns)},
    ),
    settings.TRUSTED_PROXIES,
)
