"""How often one address may knock at a door."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from apps.live.limits import neighbourhood

from .answers import refusal

View = Callable[..., HttpResponse]


def limited(door: str, a_minute: int = 20) -> Callable[[View], View]:
    """Refuse an address's POSTs beyond `a_minute` with 429."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "POST":
                now = time.time()
                address = neighbourhood(get_adapter().get_client_ip(request))
                key = f"limit:{door}:{address}:{int(now // 60)}"
                cache.add(key, 0, timeout=120)
                if cache.incr(key) > a_minute:
                    wait = 60 - int(now % 60)
                    words = f"{a_minute} a minute are allowed from one address. Try again in {wait} s."
                    answer = refusal(request, 429, "Too many sign-ins", words)
                    answer["Retry-After"] = str(wait)
                    return answer
            return view(request, *args, **kwargs)

        return guarded

    return guard
