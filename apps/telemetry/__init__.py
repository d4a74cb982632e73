"""Counts and gauges by name, one registry a process. Who emits knows no dashboard; who reads knows no emitter."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from .tally import Tally

registry = CollectorRegistry()

sockets_opened = Counter("livedesk_sockets_opened", "Sockets accepted", registry=registry)
sockets_closed = Counter("livedesk_sockets_closed", "Sockets closed, by close code", ["code"], registry=registry)
sockets_resumed = Counter("livedesk_sockets_resumed", "Sockets opened by a page that came back", registry=registry)
socket_seconds = Counter("livedesk_socket_seconds", "Seconds that closed sockets had been open", registry=registry)
sockets_open = Gauge("livedesk_sockets_open", "Sockets open now", registry=registry)
frames_sent = Tally("livedesk_frames_sent", "Frames handed to sockets", registry)
topics_watched = Gauge("livedesk_topics_watched", "Topics that some page shows", registry=registry)
streams_followed = Gauge("livedesk_streams_followed", "Event streams that some page follows", registry=registry)
seats_taken = Gauge("livedesk_seats_taken", "Seats of users and addresses, counted here", registry=registry)
frames_deferred = Counter("livedesk_frames_deferred", "Frames that a slow page could not take", registry=registry)
messages_received = Counter("livedesk_messages_received", "Messages that pages sent", registry=registry)
faults = Counter("livedesk_faults", "Unexpected errors, by where they were caught", ["where"], registry=registry)
quotes_received = Counter("livedesk_quotes_received", "Quotes the feed handed over", registry=registry)
orders_placed = Counter("livedesk_orders_placed", "Orders by outcome", ["outcome"], registry=registry)
fills_booked = Counter("livedesk_fills_booked", "Executions booked", registry=registry)
flush_seconds = Histogram(
    "livedesk_flush_seconds",
    "Time one flush of the hub takes",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    registry=registry,
)


def value(metric: Counter | Gauge | Tally) -> float:
    """The metric's present sum over its labels."""
    return sum(
        sample.value
        for family in metric.collect()
        for sample in family.samples
        if not sample.name.endswith("_created")
    )
