"""Four who look and send, killed at any moment: `python -m tests.faults.alert_worker ADDRESS SEED` with DATABASE_URL
of a migrated database.

Django is imported once. Forked children do what each web process does beside its hub, by a clock that runs SPEED times
as fast; the parent kills one after another and starts another in its place. Prints one JSON line.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection, connections, transaction  # noqa: E402

from apps.alerts import services  # noqa: E402
from apps.alerts.models import Alert, Channel, Delivery, Rule, Sample  # noqa: E402
from apps.alerts.sending import send_due  # noqa: E402
from apps.incidents.models import Incident, Update  # noqa: E402

WORKERS, RULES, LOOKS, SPEED = 4, 10, 20, 20
START = datetime(2026, 3, 2, 12, tzinfo=UTC)
PAUSE = (0.05, 0.5)  # seconds from one kill to the next
ENDS_WITHIN = 60.0
CALM, HIGH, LOW = 0, 6, 450.0  # sockets that fire no rule and that fire ten; P95 (ms) between `clear` and `threshold`


def prepare(address: str) -> None:
    Rule.objects.all().delete()
    terms = {"window_s": 8, "severity": "critical"}  # one look
    many = [Rule(name=f"Rule {n}", metric="connections", threshold=5, clear=3, **terms) for n in range(RULES)]
    Rule.objects.bulk_create([*many, Rule(name="Trembles", metric="p95_ms", threshold=500, clear=400, **terms)])
    Channel.objects.create(name="hook", kind="webhook", address=address, signing_key="a key of sixteen characters")


def told_at(look: int, seed: int) -> dict[str, object]:
    """What all processes show at that look (0 and up): rules fire and end in turn, P95 trembles at its threshold."""
    over = look >= LOOKS
    trembles = LOW if look % 2 else Random(f"{seed} {look}").uniform(510, 900)
    return {
        "opened": 0, "resumed": 0, "frames": 0, "faults": 0, "status": "healthy", "release": "1", "processes": 1,
        "changes": 0, "connections": CALM if over or look % 2 else HIGH, "p95_ms": 0.0 if over else trembles,
        "p99_ms": None,
    }  # fmt: skip


def now_of(began: float) -> datetime:
    return START + timedelta(seconds=(time.monotonic() - began) * SPEED)


def work(began: float, seed: int) -> None:
    """Until it is killed."""
    try:
        while True:
            look_once(began, seed)
            send_due(now_of(began))
            time.sleep(0.02)
    except BaseException as error:
        sys.stderr.write(f"{error!r}\n")
        os._exit(1)


@transaction.atomic
def look_once(began: float, seed: int) -> None:
    """Under the lock that a look takes: what there is to see goes by how many looks there were."""
    list(Rule.objects.select_for_update().order_by("pk"))
    services.look(told_at(Sample.objects.count(), seed), now_of(began))


def started(began: float, seed: int) -> int:
    pid = os.fork()
    if not pid:
        work(began, seed)
    return pid


def ended(pid: int) -> bool:
    """Kills it; whether it was at work until then."""
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status)


def main() -> None:
    address, seed = sys.argv[1], int(sys.argv[2])
    prepare(address)
    looks()
    dice, began, kills, faults = Random(seed), time.monotonic(), 0, 0
    pids = [started(began, seed) for _ in range(WORKERS)]
    while looks() <= LOOKS:
        time.sleep(dice.uniform(*PAUSE))
        place = dice.randrange(WORKERS)
        killed = ended(pids[place])
        kills, faults = kills + killed, faults + (not killed)
        pids[place] = started(began, seed)
    deadline = time.monotonic() + ENDS_WITHIN
    while Delivery.objects.exclude(state="sent").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    faults += sum(not ended(pid) for pid in pids)
    report = {
        "kills": kills,
        "faults": faults,
        "seconds": round(time.monotonic() - began, 1),
        "states": Counter(Delivery.objects.values_list("state", flat=True)),
        "deliveries": sorted(f"livedesk-alert-{alert} {what}" for alert, what in pairs()),
        "open": Alert.objects.filter(resolved_at=None).count(),
        "trembling": Alert.objects.filter(rule__name="Trembles").count(),
        "incidents": Incident.objects.count(),
        "said": Counter(Update.objects.values_list("words", flat=True).filter(words__startswith="Alert over")),
    }
    sys.stdout.write(json.dumps(report) + "\n")


def looks() -> int:
    """How many there were; leaves no idle line, which would be every child's."""
    count = Sample.objects.count()
    connections.close_all()
    connection.close_pool()
    return count


def pairs() -> list[tuple[int, str]]:
    return list(Delivery.objects.values_list("alert_id", "what"))


if __name__ == "__main__":
    main()
