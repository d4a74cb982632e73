"""A configuration change is told, whenever the looks come."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import CHANGE, LogEntry

from apps.alerts.counting import LAG
from apps.alerts.models import Alert, Sample
from apps.alerts.watching import look

from .conftest import NOW, QUIET

PAUSES = (10.0, 10.4, 12.3, 14.0, 95.0)  # seconds between two looks; the longest is a process that starts again


def look_at(moment: datetime) -> None:
    with time_machine.travel(moment, tick=False):
        look(dict(QUIET))


def change(by: Any, at: datetime) -> None:
    with time_machine.travel(at, tick=False):
        LogEntry.objects.create(user=by, action_flag=CHANGE, object_repr="a rule")


@pytest.mark.parametrize("seed", range(3))
def test_each_change_is_counted_once_whenever_looks_come(default_rules: None, admin_user: Any, seed: int) -> None:
    """R-ALERT: against a naive count."""
    dice, now, made = random.Random(seed), NOW, 0
    look_at(now)
    for _ in range(30):
        pause = dice.choice(PAUSES)
        for _ in range(dice.randint(0, 2)):
            change(admin_user, now + timedelta(seconds=dice.uniform(0, pause)))
            made += 1
        now += timedelta(seconds=pause)
        look_at(now)
    look_at(now + LAG)

    counted = [parts["changes"][0] for parts in Sample.objects.values_list("parts", flat=True)]
    assert (len(counted), sum(counted)) == (32, made)


def test_a_change_in_a_longer_pause_is_an_alert(default_rules: None, admin_user: Any) -> None:
    look_at(NOW)
    change(admin_user, NOW + timedelta(seconds=1))

    for seconds in (12.4, 24.8):
        look_at(NOW + timedelta(seconds=seconds))

    assert [alert.rule.metric for alert in Alert.objects.all()] == ["changes"]
