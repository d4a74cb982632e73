"""`python -m bench.positions TRADERS POSITIONS`: seeded traders buy, by the same booking as the broker's fills."""

from __future__ import annotations

import os
import random
import sys
from decimal import Decimal

import django

SEED = "livedesk"
SHARES = 5


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.db import transaction  # noqa: PLC0415 -- slow import: needs django.setup
    from django.utils import timezone  # noqa: PLC0415 -- slow import: needs django.setup

    from apps.desk.fill import Fill  # noqa: PLC0415 -- slow import: needs django.setup
    from apps.desk.order import Side  # noqa: PLC0415 -- slow import: needs django.setup
    from apps.market.models import LastQuote  # noqa: PLC0415 -- slow import: needs django.setup
    from apps.portfolio.models import Account  # noqa: PLC0415 -- slow import: needs django.setup
    from apps.portfolio.services import book_fill  # noqa: PLC0415 -- slow import: needs django.setup
    from apps.trades.models import Fill as FillRow  # noqa: PLC0415 -- slow import: needs django.setup
    from apps.trades.models import Order  # noqa: PLC0415 -- slow import: needs django.setup

    traders, positions = map(int, sys.argv[1:])
    prices = sorted(LastQuote.objects.values_list("instrument__symbol", "instrument", "ask"))
    accounts = Account.objects.filter(user__username__startswith="trader").order_by("user__username")[:traders]
    with transaction.atomic():
        for account in accounts:
            draw = random.Random(f"{SEED}:{account.pk}")
            for symbol, instrument, price in draw.sample(prices, positions):
                now, quantity = timezone.now(), Decimal(SHARES)
                order = Order.objects.create(  # told to nobody: what is measured begins without notifications
                    account=account,
                    instrument_id=instrument,
                    client_order_id=f"bench:{symbol}",
                    side="buy",
                    order_type="market",
                    time_in_force="day",
                    quantity=quantity,
                    status="filled",
                    cum_qty=quantity,
                    avg_px=price,
                    created_at=now,
                    updated_at=now,
                )
                fill = Fill(
                    exec_id=f"bench:{account.pk}:{symbol}",
                    order_id=str(order.pk),
                    symbol=symbol,
                    side=Side.BUY,
                    last_qty=quantity,
                    last_px=price,
                    commission=Decimal(1),
                    liquidity="taker",
                    at=now,
                )
                FillRow.objects.create(
                    order=order,
                    exec_id=fill.exec_id,
                    last_qty=quantity,
                    last_px=price,
                    commission=fill.commission,
                    liquidity=fill.liquidity,
                    policy="bench",
                    bid=price,
                    ask=price,
                    quote_age_ms=0,
                    at=now,
                )
                book_fill(account.pk, fill)


if __name__ == "__main__":
    main()
