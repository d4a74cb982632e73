"""R-DASH: on PostgreSQL web processes count at once, each user once and each thing once, and none waits for ever."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.server import ROOT, environment, manage
from tests.keys import key_named
from tests.services import postgres

USERS, TURNS = 12, 25
MAKE = f"""
from apps.accounts.models import User
User.objects.bulk_create(User(username=f"user{{number}}") for number in range({USERS}))
"""
COUNT = f"""
import random, sys
from datetime import UTC, date, datetime
from apps.accounts.models import User
from apps.usage import services
dice, users, day = random.Random(SEED), list(User.objects.values_list("pk", flat=True)), date(2026, 3, 4)
hour = datetime(2026, 3, 4, 12, tzinfo=UTC)
for turn in range({TURNS}):
    dice.shuffle(users)
    names = dice.sample(["a", "b", "c", "d"], 4)
    services.see(users[:turn + 1], day)
    services.see_live(users[:turn + 1], {{"AAPL": users[:1]}}, 5, hour)
    services.book_hours({{(hour, "page", name): 1 for name in names}})
"""
SHOW = """
import json
from datetime import UTC, date, datetime, timedelta
from django.db import transaction
from apps.alerts.counting import traded
from apps.live.announce import announce
from apps.usage import queries, services
from apps.usage.models import Week
day = date(2026, 3, 4)
sums = {f"{kind}:{name}": number for (kind, name), number in queries.sums_of(day, day).items()}
with transaction.atomic():
    for rule in ("halt", "halt", "buying_power"):
        announce("user/1", "order.denied", {"rule": rule})
hours = queries.sums_since(datetime(2026, 3, 4, 12, tzinfo=UTC))
by_hour = {f"{kind}:{name}": number for (kind, name), number in hours.items()}
now = datetime.now(UTC)
services.tidy(now)
print(json.dumps([sums, by_hour, Week.objects.count(), traded(now - timedelta(minutes=1), now + timedelta(minutes=1)),
    [[each.size, each.shares] for each in queries.cohorts(day)]]))
"""


@pytest.mark.postgres
def test_processes_that_count_at_once_count_each_user_once(tmp_path: Path, migrated_postgres: Path) -> None:
    with postgres(migrated_postgres) as url:
        settings = {"DATABASE_URL": url, "SECRET_KEY": "k" * 60, "DEMO_SIGN_IN": "on", "HTTPS": "off"}
        settings["ENCRYPTION_KEY"] = key_named("new")
        manage(tmp_path, "shell", "--no-imports", "-c", MAKE, **settings)
        words = [sys.executable, "manage.py", "shell", "--no-imports", "-c"]
        programs = [
            subprocess.Popen(
                [*words, COUNT.replace("SEED", str(seed))],
                cwd=ROOT,
                env=environment(tmp_path, **settings),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for seed in range(3)
        ]
        said = [each.communicate(timeout=120)[0] for each in programs]
        assert [each.returncode for each in programs] == [0, 0, 0], said
        shown = manage(tmp_path, "shell", "--no-imports", "-c", SHOW, **settings)
    sums, by_hour, weeks, orders, cohorts = json.loads(shown.splitlines()[-1])

    assert by_hour == {"watched:AAPL": 3 * TURNS * 5, **{f"page:{name}": 3 * TURNS for name in "abcd"}}
    assert sums == {"users:seen": USERS, "users:live": USERS, **by_hour}
    assert (weeks, cohorts) == (USERS, [[USERS, [100]]])
    assert orders == {"order:denied": 3, "denied:halt": 2, "denied:buying_power": 1}
