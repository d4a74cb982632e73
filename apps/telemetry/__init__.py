"""Counts and gauges by name, one registry a process. Who emits knows no dashboard; who reads knows no emitter."""

from __future__ import annotations

from django.db import transaction
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

from .asked import Asked
from .errors import Errors
from .tally import Tally

# When a count began: a third of all lines, and nobody reads them
disable_created_metrics()  # type: ignore[no-untyped-call]
registry = CollectorRegistry()
ProcessCollector(registry=registry)

STAYS = (1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 14400, 28800, 43200)
"""Seconds that sockets stay open, for their histogram."""

build = Gauge("livedesk_build_info", "Always 1; the release and its series", ["version", "release"], registry=registry)

sockets_opened = Counter("livedesk_sockets_opened", "Sockets accepted", registry=registry)
sockets_closed = Counter("livedesk_sockets_closed", "Sockets closed, by close code", ["code"], registry=registry)
sockets_resumed = Counter("livedesk_sockets_resumed", "Sockets opened by a page that came back", registry=registry)
sockets_refused = Counter("livedesk_sockets_refused", "Sockets not let in, by close code", ["code"], registry=registry)
socket_duration = Histogram(
    "livedesk_socket_duration_seconds",
    "How long closed sockets had been open",
    buckets=STAYS,
    registry=registry,
)
sockets_open = Gauge("livedesk_sockets_open", "Sockets open now", registry=registry)
frames_sent = Tally("livedesk_frames_sent", "Frames handed to sockets", registry)
requests_refused = Counter(
    "livedesk_requests_refused", "Requests for what is not for who asks, by place", ["place"], registry=registry
)
topics_watched = Gauge("livedesk_topics_watched", "Topics that some page shows", registry=registry)
streams_followed = Gauge("livedesk_streams_followed", "Event streams that some page follows", registry=registry)
seats_taken = Gauge("livedesk_seats_taken", "Seats of users and addresses, counted here", registry=registry)
frames_deferred = Counter("livedesk_frames_deferred", "Frames that a slow page could not take", registry=registry)
messages_received = Counter("livedesk_messages_received", "Messages that pages sent", registry=registry)
faults = Counter("livedesk_faults", "Unexpected errors, by where they were caught", ["where"], registry=registry)
errors = Errors("livedesk_errors", "Errors by category", lambda: value(faults), registry)
dependency_up = Gauge("livedesk_dependency_up", "Whether it answers: 1 or 0", ["dependency"], registry=registry)
desk_silent = Asked("livedesk_desk_silent_seconds", "Since the desk at work said that it lives", registry)
desk_lease_held = Asked("livedesk_desk_lease_held", "Whether this process is the desk at work: 1 or 0", registry)
market_quoting = Asked("livedesk_market_quoting", "Whether quotes are to come now: 1 or 0", registry)
feed_age = Asked("livedesk_feed_age_seconds", "Since the newest quote that this process knows", registry)
quotes_received = Counter("livedesk_quotes_received", "Quotes the feed handed over", registry=registry)
orders_placed = Counter("livedesk_orders_placed", "Orders sent, by outcome", ["outcome"], registry=registry)
orders_denied = Counter("livedesk_orders_denied", "Orders and changes refused, by rule", ["rule"], registry=registry)
orders_ended = Counter("livedesk_orders_ended", "Orders that ended, by status", ["status"], registry=registry)
fills_booked = Counter("livedesk_fills_booked", "Executions booked", registry=registry)
flush_seconds = Histogram(
    "livedesk_flush_seconds",
    "Time one flush of the hub takes",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    registry=registry,
)
canary_seconds = Histogram(
    "livedesk_canary_seconds",
    "From the commit of the canary's event to its arrival at the canary's socket",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0),
    registry=registry,
)
canary_failures = Counter("livedesk_canary_failures", "Canaries that failed, by stage", ["stage"], registry=registry)
for each in ("connect", "commit", "receive"):
    canary_failures.labels(each)  # what has not happened yet is a zero: the first one is a rise

for each in ("admin", "metrics", "operations"):
    requests_refused.labels(each)

for each in ("accepted", "repeated", "denied"):
    orders_placed.labels(each)  # what has not happened yet is a zero: the first one is a rise


def denied(rule: str) -> None:
    """An order, a change or a closing was refused by that rule; it counts as in `after_commit`."""
    after_commit(orders_placed.labels("denied"))
    after_commit(orders_denied.labels(rule))


def after_commit(counter: Counter) -> None:
    """Counts what the running transaction writes once it is committed, and never if it is undone; without one, now."""
    transaction.on_commit(counter.inc)


def value(metric: Counter | Gauge | Histogram | Tally) -> float:
    """The metric's present sum over its labels; of a histogram the sum of what was observed."""
    samples = [sample for family in metric.collect() for sample in family.samples]
    if isinstance(metric, Histogram):
        samples = [sample for sample in samples if sample.name.endswith("_sum")]
    return sum(sample.value for sample in samples)
