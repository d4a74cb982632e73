"""From a look to an alert and its outbox, in one transaction, by one process at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.alerts import services
from apps.alerts.metrics import METRICS
from apps.alerts.models import Alert, Delivery, Rule, Sample, Span
from apps.alerts.queries import rehearse

from .conftest import NOW, QUIET, channel, looks

STEP = timedelta(seconds=10)


def test_an_alert_is_raised_once_and_resolved_once(rule: Rule) -> None:
    """R-ALERT"""
    channel("slack", "https://hooks.slack.com/services/x")

    found = [len(looks(count, start=NOW + number * STEP)) for number, count in enumerate([2, 6, 9, 5, 3, 1])]

    alert = Alert.objects.get()
    assert found == [0, 1, 0, 0, 1, 0]
    assert (alert.value, alert.raised_at, alert.resolved_at) == (6, NOW + STEP, NOW + 4 * STEP)
    assert list(Delivery.objects.order_by("pk").values_list("what", "state")) == [
        ("raised", "due"),
        ("resolved", "due"),
    ]


def test_two_processes_look_once_in_ten_seconds(rule: Rule) -> None:
    looks(6)

    assert services.look({**QUIET, "connections": 6}, NOW + timedelta(seconds=4)) == []
    assert (Sample.objects.count(), Alert.objects.count()) == (1, 1)


def test_a_channel_hears_only_of_what_is_severe_enough(rule: Rule) -> None:
    channel("slack", "https://hooks.slack.com/services/critical", least="critical")
    all_of_it = channel("slack", "https://hooks.slack.com/services/all", least="info")
    channel("slack", "https://hooks.slack.com/services/off", least="info", enabled=False)

    looks(6)

    assert [each.channel for each in Delivery.objects.all()] == [all_of_it]


def test_while_a_rule_is_silenced_nobody_is_told_and_it_is_on_record(rule: Rule) -> None:
    channel("slack", "https://hooks.slack.com/services/x")
    Rule.objects.update(silenced_until=NOW + timedelta(minutes=1))

    looks(6)

    assert (Alert.objects.count(), Delivery.objects.count()) == (1, 0)


def test_who_acknowledges_first_is_on_record(rule: Rule, alice: Any, bob: Any) -> None:
    looks(6)
    alerts = list(Alert.objects.all())

    done = [services.acknowledge(alerts, user, NOW) for user in (alice, bob)]

    assert (done, Alert.objects.get().acknowledged_by) == ([1, 0], alice)


def test_the_default_rules_are_those_that_were_asked_for(default_rules: None) -> None:
    rows = Rule.objects.order_by("severity", "metric").values_list("severity", "metric", "threshold")

    assert list(rows) == [
        ("critical", "canary_failures", 1),
        ("critical", "error_rate", 0.05),
        ("critical", "p99_ms", 2000),
        ("critical", "unhealthy", 0.5),
        ("info", "changes", 0),
        ("info", "connections", 1000),
        ("info", "deploys", 0),
        ("warning", "canary_p95_ms", 2000),
        ("warning", "error_rate", 0.01),
        ("warning", "p95_ms", 500),
        ("warning", "reconnect_rate", 0.1),
    ]
    assert {rule.metric for rule in Rule.objects.all()} == METRICS.keys()


def test_five_failed_health_checks_in_a_row_fire_and_four_do_not(default_rules: None) -> None:
    for number in range(4):
        looks(0, start=NOW + number * STEP, status="down")
    four = Alert.objects.count()

    looks(0, start=NOW + 4 * STEP, status="down")

    assert (four, [alert.rule.metric for alert in Alert.objects.all()]) == (0, ["unhealthy"])


def test_an_idle_night_raises_nothing(default_rules: None) -> None:
    looks(*[0] * 40)

    assert Alert.objects.count() == 0
    assert set(Rule.objects.values_list("state", flat=True)) <= {"ok", "no data"}


@pytest.mark.parametrize(
    ("processes", "resumed", "release", "alerts"),
    [
        ((2, 2, 2, 2), (0, 50, 50, 50), "1", ["reconnect_rate"]),  # no deploy
        ((3, 3, 3, 2), (0, 50, 50, 50), "2", []),  # 2 → 3 → 2: they come back one look before the change
        ((3, 3, 2, 2), (0, 0, 20, 50), "2", []),  # with it, and after it
        ((2, 2, 2, 2), (0, 20, 50, 50), "2", []),  # one came and one went between two looks
        ((1, 1, 1, 1), (20, 50, 50, 50), "1", []),  # taken out when it was told to stop
    ],
)
def test_pages_that_come_back_to_a_new_process_are_no_fault(
    default_rules: None, processes: tuple[int, ...], resumed: tuple[int, ...], release: str, alerts: list[str]
) -> None:
    """A deploy: the pages of the process that ended come back to another one."""
    looks(*[100] * 20, opened=100, processes=2)
    for number, (count, back) in enumerate(zip(processes, resumed, strict=True)):
        told = {"opened": 100 + back, "resumed": back, "processes": count, "release": release}
        looks(100, start=NOW + (20 + number) * STEP, **told)

    fired = Alert.objects.exclude(rule__metric="deploys")
    assert [alert.rule.metric for alert in fired] == alerts


def test_pages_that_come_back_two_minutes_after_a_deploy_are_a_fault(default_rules: None) -> None:
    looks(100, opened=100, processes=2)
    looks(*[100] * 12, start=NOW + STEP, opened=100, processes=3)
    spared = looks(100, start=NOW + 12 * STEP, opened=150, resumed=50, processes=3)

    looks(100, start=NOW + 13 * STEP, opened=200, resumed=100, processes=3)

    assert spared == []
    assert [alert.rule.metric for alert in Alert.objects.all()] == ["reconnect_rate"]


@pytest.mark.parametrize("apart", [STEP, timedelta(minutes=10), timedelta(hours=9)])
def test_a_deploy_is_told_however_long_nobody_looked(default_rules: None, apart: timedelta) -> None:
    """The only web process is stopped, and another release's starts: what was counted is not known, the release is."""
    looks(0, release="1")
    same = looks(0, start=NOW + apart, release="1")

    looks(0, start=NOW + 2 * apart, release="2")

    assert (same, [alert.rule.metric for alert in Alert.objects.all()]) == ([], ["deploys"])


def test_counts_that_went_with_a_process_are_not_known(default_rules: None) -> None:
    looks(10, start=NOW, opened=500, frames=90_000, faults=7)
    looks(10, start=NOW + STEP, opened=20, frames=400, faults=0)

    parts = Sample.objects.latest("at").parts
    assert (parts["error_rate"], parts["reconnect_rate"], parts["connections"]) == (None, None, [10.0, 1.0])


def test_rehearsal_finds_what_fired(rule: Rule) -> None:
    looks(2, 6, 9, 3, 1, 8)

    found = rehearse("connections", rule.terms, NOW + timedelta(hours=1))

    assert [(each.raised_at - NOW, each.value) for each in found] == [(STEP, 9.0), (5 * STEP, 8.0)]
    assert Alert.objects.count() == 2


def test_samples_are_forgotten_after_eight_days(rule: Rule) -> None:
    looks(1)

    looks(1, 1, start=NOW + timedelta(days=8, seconds=1))

    assert Sample.objects.count() == 2


def test_sums_of_ten_minutes_are_forgotten_after_thirty_five_days(rule: Rule) -> None:
    looks(1)
    later = NOW + timedelta(days=35)

    looks(1, 1, start=later)
    kept = Span.objects.count()
    looks(1, 1, start=later + timedelta(minutes=10))

    assert (kept, Span.objects.count()) == (2, 2)
    assert Span.objects.earliest("at").at == later
