"""What a process has counted since it started, by flat names that add up over processes."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

from apps import telemetry
from apps.telemetry.latency import update_latency


def counts() -> dict[str, float]:
    """Only what has happened: `error:message`, `fault:draw`, `closed:4408`, `refused:4401`, `stay:3`, `late:quote:7`.

    The last two are of the histogram's bucket with that place, from 0.
    """
    found = {f"error:{category}": float(count) for category, count in telemetry.errors.counts.items()}
    found["error:server"] = telemetry.value(telemetry.faults)
    found |= by_label("fault", telemetry.faults, "where")
    found |= by_label("closed", telemetry.sockets_closed, "code")
    found |= by_label("refused", telemetry.sockets_refused, "code")
    found |= {f"stay:{place}": count for place, count in buckets(telemetry.socket_duration).get("", {}).items()}
    for kind, row in buckets(update_latency, "kind").items():
        found |= {f"late:{kind}:{place}": count for place, count in row.items()}
    return {name: count for name, count in found.items() if count}


def by_label(head: str, counter: Counter, label: str) -> dict[str, float]:
    samples = [sample for family in counter.collect() for sample in family.samples]
    return {f"{head}:{sample.labels[label]}": sample.value for sample in samples}


def buckets(histogram: Histogram, label: str = "") -> dict[str, dict[int, float]]:
    """How many fell into each bucket, by the label's value; the histogram itself gives sums up to each bound."""
    rows: dict[str, list[float]] = {}
    for family in histogram.collect():
        for sample in family.samples:
            if sample.name.endswith("_bucket"):
                rows.setdefault(sample.labels.get(label, ""), []).append(sample.value)
    return {
        key: {place: upto - (row[place - 1] if place else 0.0) for place, upto in enumerate(row)}
        for key, row in rows.items()
    }
