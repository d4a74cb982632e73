"""Everything that changes a trader's alerts."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from apps.desk.crossing import Crossing
from apps.traderalerts import firing, services, words
from apps.traderalerts.models import AlertSettings, TraderAlert
from apps.trades import services as trades

from .order_actions import action
from .scene import Scene


def made(s: Scene, **fields: str) -> TraderAlert:
    s.post("/alerts/", 201, **{"kind": "price_above", "symbol": "AAPL", "threshold": "160", **fields})
    return TraderAlert.objects.get(state="waiting")


def crossed(s: Scene, alert: TraderAlert) -> None:
    crossing = Crossing(s.now, Decimal("160.02"), s.now - timedelta(minutes=9))
    assert firing.fire(alert.pk, alert.waiting_since, crossing, s.now)


@action
def alert_made(s: Scene) -> None:
    made(s, note="Take <profit> & go")


@action
def alert_without_level_refused(s: Scene) -> None:
    s.post("/alerts/", 422, kind="price_above", symbol="AAPL")


@action
def alert_on_a_symbol_without_price_refused(s: Scene) -> None:
    s.post("/alerts/", 422, kind="price_above", symbol="TSLA", threshold="300")


@action
def alert_of_the_day_changed_to_a_move(s: Scene) -> None:
    alert = made(s, kind="pnl_above", symbol="", threshold="900000")
    s.post(f"/alerts/{alert.pk}/", 200, kind="percent_move", symbol="AAPL", threshold="5")


@action
def alert_turned_off_and_on(s: Scene) -> None:
    alert = made(s)
    s.post(f"/alerts/{alert.pk}/turn/", 200, to="off")
    s.post(f"/alerts/{alert.pk}/turn/", 200, to="on")


@action
def alert_on_a_level_that_was_reached_while_it_was_off(s: Scene) -> None:
    alert = made(s)
    s.post(f"/alerts/{alert.pk}/turn/", 200, to="off")
    s.quote("AAPL", "170.00", "170.02")
    s.post(f"/alerts/{alert.pk}/turn/", 422, to="on")


@action
def alert_deleted(s: Scene) -> None:
    s.post(f"/alerts/{made(s).pk}/delete/", 200)


@action
def alert_fired(s: Scene) -> None:
    crossed(s, made(s))


@action
def alert_fired_and_acknowledged(s: Scene) -> None:
    s.post("/alerts/settings/", 200, way="page", quiet_from="22:00", quiet_until="07:00")
    alert = made(s)
    crossed(s, alert)
    s.post(f"/alerts/{alert.pk}/acknowledge/", 200)


@action
def way_of_alerts_turned_off_by_the_desk(s: Scene) -> None:
    row = AlertSettings(user=s.account.user, way="direct")
    services.save_settings(row)
    services.stop_way(row, words.NO_DIRECT)


@action
def repeated_alert_waits_again_and_is_back_in_its_band(s: Scene) -> None:
    alert = made(s, repeat="on")
    crossed(s, alert)
    s.quote("AAPL", "160.00", "160.02")
    s.post(f"/alerts/{alert.pk}/acknowledge/", 200)
    alert.refresh_from_db()
    assert firing.keep_back(alert.pk, alert.waiting_since, Decimal(159))


@action
def alert_of_an_order_filled(s: Scene) -> None:
    made(s, kind="order_filled", symbol="", threshold="")
    s.order("buy 3 AAPL")
    s.match("AAPL")


@action
def alert_of_an_order_cancelled(s: Scene) -> None:
    made(s, kind="order_cancelled", threshold="")
    trades.cancel_order(s.account, s.resting.pk, s.now)


@action
def alert_of_an_order_rejected(s: Scene) -> None:
    made(s, kind="order_rejected", symbol="", threshold="")
    s.order("buy 100000 AAPL limit 150.00", 422)
