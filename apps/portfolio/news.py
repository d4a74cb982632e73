"""What an account's owner hears of it, and which fragments change with it."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import BigIntegerField

from apps.live.announce import announce
from apps.live.prepared import Given, PreparedRead
from apps.live.topics import user_stream

from .models import Account, Position

ACCOUNT = Given("account", BigIntegerField())
HELD = PreparedRead(
    lambda: Position.objects.filter(account=ACCOUNT).exclude(quantity=0).values_list("instrument__symbol")
)


def tell(
    account: Account,
    what: str,
    memo: str,
    *,
    tone: str = "info",
    symbols: Iterable[str] = (),
    topics: Iterable[str] = (),
    toast: bool = True,
    **facts: str,
) -> None:
    """Announces one change of an account; of `symbols` the position changed, be it gone now."""
    touched = [*topics_of(account.pk), *(f"position/{account.pk}:{symbol}" for symbol in symbols), *topics]
    told = {"memo": memo, "tone": tone, **facts}
    announce(user_stream(account.user_id), f"account.{what}", told, topics=list(dict.fromkeys(touched)), toast=toast)


def topics_of(account_id: int) -> list[str]:
    """The fragments that show the account as a whole, or what share of it a position is."""
    held = [symbol for (symbol,) in HELD.all(account=account_id)]
    whole = [f"{kind}/{account_id}" for kind in ("account", "positions", "ledger", "breakdown")]
    return [*whole, *(f"position/{account_id}:{symbol}" for symbol in held)]
