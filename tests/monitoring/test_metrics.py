"""R-METRICS: the counts of a process in Prometheus' own format, for this machine and who has the token."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families
from websockets.exceptions import InvalidStatus

from tests.browser.conftest import StartDesk
from tests.browser.server import ROOT, DeskServer, environment
from tests.live.test_socket import Trader, close_code, until

from .counts import count, wait_for_count

TOKEN = "a token of the tests' own"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def proxied(start_desk: StartDesk) -> DeskServer:
    """Behind one proxy on this very machine, which the tests play."""
    return start_desk(TRUSTED_PROXIES="1", METRICS_TOKEN=TOKEN, HEALTH_DETAIL="token")


def test_the_counts_are_those_of_the_process(desk_server: DeskServer) -> None:
    alice = Trader(desk_server, "alice")
    with alice.socket() as line:
        until(line, lambda frame: True)
        answer = httpx.get(f"{desk_server.url}/metrics")
    alice.http.close()

    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    (open_now,) = families["livedesk_sockets_open"].samples
    kinds = {each.labels["kind"] for each in families["livedesk_update_latency_seconds"].samples}
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert open_now.value >= 1
    assert kinds == {"quote", "event", "state"}


def test_a_process_says_which_release_it_is_and_how_it_sees_the_desk(desk_server: DeskServer) -> None:
    names = "process_start_time_seconds", "process_resident_memory_bytes", "livedesk_desk_silent_seconds"
    age = count(desk_server.url, "livedesk_feed_age_seconds")

    assert count(desk_server.url, "livedesk_build_info", version="0.2", release="0.2.0") == 1
    assert count(desk_server.url, "livedesk_desk_lease_held") == 1
    assert count(desk_server.url, "livedesk_market_quoting") == 1
    assert age is not None and 0 <= age < 15
    assert None not in [count(desk_server.url, name) for name in names]


def test_who_takes_openmetrics_gets_examples_of_user_felt_latency(desk_server: DeskServer) -> None:
    """An example names the connection, as log lines do, and nobody."""
    alice = Trader(desk_server, "alice")
    with alice.socket() as line:
        line.send(json.dumps({"type": "ack", "kind": "event", "ms": 123}))
        line.send(json.dumps({"type": "ping", "at": 987654321}))
        until(line, lambda frame: "987654321" in frame)
    alice.http.close()

    accept = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"}
    answer = httpx.get(f"{desk_server.url}/metrics", headers=accept)

    families = {family.name: family for family in openmetrics.text_string_to_metric_families(answer.text)}
    buckets = families["livedesk_update_latency_seconds"].samples
    [example] = [bucket.exemplar for bucket in buckets if bucket.labels == {"kind": "event", "le": "0.125"}]
    others = [each for name, family in families.items() for each in family.samples if each.exemplar]
    assert answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert example.value == 0.123
    assert example.labels.keys() == {"connection"}
    assert re.fullmatch("[0-9a-f]{8}", example.labels["connection"])
    assert {each.name for each in others} == {"livedesk_update_latency_seconds_bucket"}


def test_errors_are_counted_by_category_and_closed_lines_by_code(desk_server: DeskServer) -> None:
    alice, stranger, url = Trader(desk_server, "alice"), Trader(desk_server), desk_server.url
    before = {name: count(url, "livedesk_errors_total", category=name) for name in ("connection", "message", "server")}
    with pytest.raises(InvalidStatus):
        alice.socket(origin="http://evil.example")
    with alice.socket() as line:
        line.send("nonsense")
        code = close_code(line)
    with alice.socket() as line:
        until(line, lambda frame: True)
        line.close(3999)
    with stranger.socket() as line:
        refused = close_code(line)
    for visitor in (alice, stranger):
        visitor.http.close()

    wait_for_count(url, 1, "livedesk_sockets_closed_total", code="other")  # a client's own number makes no series
    after = {name: count(url, "livedesk_errors_total", category=name) for name in before}
    assert (code, refused) == (4400, 4401)
    assert {name: after[name] - before[name] for name in before} == {"connection": 1, "message": 1, "server": 0}
    assert count(url, "livedesk_sockets_refused_total", code="origin") == 1
    assert count(url, "livedesk_sockets_refused_total", code="4401") == 1
    assert count(url, "livedesk_sockets_closed_total", code="4400") == 1
    assert count(url, "livedesk_sockets_closed_total", code="3999") is None


def test_a_line_that_breaks_is_an_error_of_the_connection(desk_server: DeskServer) -> None:
    alice, url = Trader(desk_server, "alice"), desk_server.url
    before = count(url, "livedesk_errors_total", category="connection")
    with alice.socket() as line:
        until(line, lambda frame: True)
        line.socket.shutdown(socket.SHUT_RDWR)
    alice.http.close()

    wait_for_count(url, before + 1, "livedesk_errors_total", category="connection")
    assert count(url, "livedesk_sockets_closed_total", code="1006") == 1


def test_head_has_no_body_and_post_is_not_taken(desk_server: DeskServer) -> None:
    head = httpx.head(f"{desk_server.url}/metrics")

    assert (head.status_code, head.content) == (200, b"")
    post = httpx.post(f"{desk_server.url}/metrics")
    assert (post.status_code, post.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("headers", [{"X-Forwarded-For": "203.0.113.5"}, {"Forwarded": "for=203.0.113.5"}])
def test_who_comes_by_a_proxy_that_nobody_named_is_not_this_machine(
    desk_server: DeskServer, headers: dict[str, str]
) -> None:
    assert httpx.get(f"{desk_server.url}/metrics", headers=headers).status_code == 404


def test_who_asks_for_what_is_not_for_them_is_counted(desk_server: DeskServer) -> None:
    """Each once, by where it was; who is let in is not."""
    alice, admin, url = Trader(desk_server, "alice"), Trader(desk_server, "admin"), desk_server.url
    before = {place: count(url, "livedesk_requests_refused_total", place=place) for place in ("metrics", "operations")}

    answers = [
        httpx.get(f"{url}/metrics", headers={"X-Forwarded-For": "203.0.113.5"}).status_code,
        *[alice.http.get(path).status_code for path in ("/ops/", "/live/poll/operations/")],
        *[admin.http.get(path).status_code for path in ("/ops/", "/live/poll/operations/", "/metrics")],
    ]
    for visitor in (alice, admin):
        visitor.http.close()

    after = {place: count(url, "livedesk_requests_refused_total", place=place) for place in before}
    assert answers == [404] * 3 + [200] * 3
    assert {place: after[place] - before[place] for place in before} == {"metrics": 1, "operations": 2}


def test_a_page_elsewhere_cannot_have_a_browser_here_ask(desk_server: DeskServer) -> None:
    """Its own name leads to this machine now (DNS rebinding)."""
    answer = httpx.get(f"{desk_server.url}/metrics", headers={"Host": "evil.example"})

    assert (answer.status_code, answer.content) == (404, b"Not found")


@pytest.mark.parametrize("address", [None, "203.0.113.5", "127.0.0.1", "::1"])
def test_behind_a_proxy_loopback_alone_does_not_count(proxied: DeskServer, address: str | None) -> None:
    headers = {"X-Forwarded-For": address} if address else {}

    assert httpx.get(f"{proxied.url}/metrics", headers=headers).status_code == 404
    assert httpx.get(f"{proxied.url}/metrics", headers=headers | AUTHORIZED).status_code == 200


@pytest.mark.parametrize("words", ["", TOKEN, "Bearer", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer é"])
def test_another_token_is_none(proxied: DeskServer, words: str) -> None:
    answer = httpx.get(f"{proxied.url}/metrics", headers={"Authorization": words.encode()})

    assert (answer.status_code, answer.content) == (404, b"Not found")


def test_health_tells_strangers_the_status_alone_where_it_is_set_so(proxied: DeskServer) -> None:
    stranger, known = (httpx.get(f"{proxied.url}/health", headers=headers).json() for headers in ({}, AUTHORIZED))

    assert stranger.keys() == {"status", "timestamp"}
    assert stranger["status"] == known["status"] == "healthy"
    assert "websocket" in known


def test_without_a_token_nobody_has_it(desk_server: DeskServer) -> None:
    headers = {"X-Forwarded-For": "203.0.113.5", "Authorization": "Bearer"}

    assert httpx.get(f"{desk_server.url}/metrics", headers=headers).status_code == 404


def test_a_token_that_can_be_guessed_stops_the_start(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=environment(tmp_path, METRICS_TOKEN="short"),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert "METRICS_TOKEN is too short" in done.stderr
