"""Whose turn it is, what is kept of it, and what it says of the desk."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client

from apps.alerts import services as alerts
from apps.alerts.models import Alert, Rule
from apps.alerts.watching import canary_seen
from apps.canary import services
from apps.canary.models import STREAM, Flight
from apps.canary.queries import canary
from apps.canary.tokens import is_good, new_token
from apps.live.models import Event, Stream
from apps.live.retention import streams_with_gaps
from apps.monitoring.health import check_canary
from tests.alerts.conftest import QUIET

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TURN = timedelta(seconds=60)


@pytest.fixture(autouse=True)
def each_minute(settings: Any) -> None:
    settings.CANARY_SECONDS = 60


def flown(*figures: float | str, until: datetime = NOW) -> None:
    """One a minute, the last one at `until`: seconds that it took, or the stage at which it failed."""
    for number, figure in enumerate(reversed(figures)):
        flight = services.claim(until - number * TURN)
        assert flight is not None
        failed = isinstance(figure, str)
        services.land(flight, flight.due_at, None if failed else figure, figure if failed else "")


@pytest.mark.django_db(transaction=True)
def test_of_many_who_come_at_once_one_has_the_turn() -> None:
    got: list[bool] = []
    together = threading.Barrier(6)

    def come() -> None:
        together.wait()
        got.append(services.claim(NOW) is not None)
        connection.close()

    threads = [threading.Thread(target=come) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(got) == [False] * 5 + [True]
    assert services.claim(NOW + TURN) is not None


@pytest.mark.django_db(transaction=True)
def test_it_sings_into_a_stream_of_its_own() -> None:
    first, second = services.sing(), services.sing()

    assert (first.beat, second.beat) == (1, 2)
    assert set(Event.objects.values_list("stream__name", "toast")) == {(STREAM, False)}
    assert list(Stream.objects.values_list("name", flat=True)) == [STREAM]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_kept_for_ever() -> None:
    """Flights a day, events an hour; the stream knows what it has forgotten."""
    flown(*[0.05] * 5, until=NOW - timedelta(days=2))
    for _ in range(5):
        services.sing()
    Event.objects.filter(seq__lt=5).update(at=NOW - timedelta(hours=2))
    Event.objects.filter(seq=5).update(at=NOW)

    flown(0.05)

    assert Flight.objects.count() == 1
    assert list(Event.objects.values_list("seq", flat=True)) == [5]
    assert Stream.objects.get(name=STREAM).forgotten == 4
    assert not streams_with_gaps().exists()


def test_a_token_lasts_a_minute() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        token = new_token()
        clock.shift(60)
        lasts = is_good(token)
        clock.shift(1)
        assert (lasts, is_good(token)) == (True, False)


@pytest.mark.parametrize("forged", ["", "x", "a:b:c", "\xb2:1:2"])
def test_a_word_that_nobody_signed_is_no_token(forged: str) -> None:
    assert not is_good(forged)


def test_a_token_of_a_former_key_is_taken_while_that_key_is(settings: Any) -> None:
    token, former = new_token(), settings.SECRET_KEY
    settings.SECRET_KEY = "another key of fifty characters, which is the new one"

    assert not is_good(token)
    settings.SECRET_KEY_FALLBACKS = [former]
    assert is_good(token)


@pytest.mark.parametrize(
    ("figures", "in_a_row", "failed"),
    [
        ((0.05, 0.06), 0, ""),
        (("connect", 0.06), 0, ""),
        ((0.05, "receive"), 1, "receive"),
        ((0.05, "connect", "receive"), 2, "receive"),
        (("commit", "connect", "receive"), 3, "receive"),
    ],
)
@pytest.mark.django_db
def test_failures_are_counted_since_the_last_that_arrived(
    figures: tuple[Any, ...], in_a_row: int, failed: str
) -> None:
    flown(*figures)

    found = canary(NOW + timedelta(seconds=5))

    assert (found.failed_in_a_row, found.failed) == (in_a_row, failed)


@pytest.mark.django_db
def test_one_in_the_air_says_nothing_and_one_that_never_came_back_has_failed() -> None:
    flown(0.05)
    services.claim(NOW + TURN)

    early = canary(NOW + TURN + timedelta(seconds=5))
    late = canary(NOW + TURN + timedelta(seconds=31))

    assert (early.failed, early.milliseconds, early.failed_in_a_row) == ("", 50.0, 0)
    assert (late.failed, late.milliseconds, late.failed_in_a_row) == ("lost", None, 1)


@pytest.mark.django_db
def test_p95_is_of_the_last_twenty_that_arrived() -> None:
    """One late one is no P95; two are."""
    flown(*[0.05] * 18, 3.0)
    few = canary(NOW).p95_ms
    flown("receive", 0.06, until=NOW + 2 * TURN)
    one_late = canary(NOW + 2 * TURN).p95_ms
    flown(4.0, until=NOW + 3 * TURN)

    assert (few, one_late, canary(NOW + 3 * TURN).p95_ms) == (None, 60.0, 3000.0)


def test_an_alert_says_at_which_stage_the_last_one_failed(canary_rules: None) -> None:
    flown("connect", "commit")
    look(NOW + timedelta(seconds=5))
    assert Alert.objects.get().why == "the last one failed to commit"


def test_one_that_never_came_back_is_told_as_lost(canary_rules: None) -> None:
    flown("connect", until=NOW - TURN)
    services.claim(NOW)
    look(NOW + timedelta(seconds=31))
    assert Alert.objects.get().why == "the last one was lost"


def look(moment: datetime) -> list[str]:
    moved = alerts.look({**QUIET, "canary": canary_seen(moment)}, moment)
    return [f"{'resolved' if each.resolved_at else 'raised'} {each.rule}" for each in moved]


@pytest.fixture
def canary_rules(default_rules: None) -> None:
    """Those that the migrations made for it, and none else."""
    Rule.objects.exclude(metric__startswith="canary_").delete()
    assert sorted(Rule.objects.values_list("name", "severity")) == [
        ("Canary P95 above 2 s", "warning"),
        ("Canary failed twice in a row", "critical"),
    ]


def test_two_that_fail_in_a_row_are_an_alert_and_one_that_arrives_ends_it(canary_rules: None) -> None:
    flown(0.05, "connect")
    once = look(NOW + timedelta(seconds=5))
    flown("receive", until=NOW + TURN)
    twice = look(NOW + TURN + timedelta(seconds=5))
    unknown = look(NOW + 6 * TURN)
    flown(0.05, until=NOW + 7 * TURN)
    over = look(NOW + 7 * TURN + timedelta(seconds=5))

    assert (once, unknown) == ([], [])
    assert twice == ["raised Canary failed twice in a row"]
    assert over == ["resolved Canary failed twice in a row"]


def test_late_ones_are_a_warning(canary_rules: None) -> None:
    flown(*[2.5] * 20)
    assert look(NOW + timedelta(seconds=5)) == ["raised Canary P95 above 2 s"]


def test_switched_off_it_is_no_alert_any_more(canary_rules: None, settings: Any) -> None:
    flown("connect", "connect")
    look(NOW + timedelta(seconds=5))
    settings.CANARY_SECONDS = 0

    assert look(NOW + timedelta(seconds=15)) == ["resolved Canary failed twice in a row"]
    assert Alert.objects.filter(resolved_at__isnull=True).count() == 0


@pytest.mark.django_db
def test_health_is_degraded_by_two_and_never_down() -> None:
    with time_machine.travel(NOW + timedelta(seconds=5), tick=False):
        flown("connect", until=NOW - TURN)
        one = check_canary()
        flown("receive")
        two = check_canary()

    assert one == {"status": "ok", "lastMilliseconds": None, "flownSecondsAgo": 65.0, "failedInARow": 1}
    assert (two["status"], two["reason"]) == ("degraded", "the last 2 failed, the last one to receive")


def test_operations_show_the_last_one(admin_client: Client, canary_rules: None) -> None:
    flown(0.0421)
    look(NOW + timedelta(seconds=12))
    arrived = admin_client.get("/ops/").content.decode()
    flown("receive", until=NOW + TURN)
    look(NOW + TURN + timedelta(seconds=12))
    failed = admin_client.get("/ops/").content.decode()

    assert "<dt>Last canary</dt><dd>42.1 <small>ms</small> <small>12 s before</small></dd>" in arrived
    assert "<dt>Last canary</dt><dd>Failed to receive <small>12 s before</small></dd>" in failed
