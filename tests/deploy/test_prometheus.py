"""R-METRICS: what is shipped for Prometheus and Grafana, held against the real programs and the product itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.exceptions import InvalidStatus

from tests.browser.conftest import StartDesk
from tests.browser.server import ROOT, DeskServer
from tests.live.test_socket import Trader, close_code
from tests.monitoring.desk_apart import desk_apart
from tests.services import program

from .prometheus import SHIPPED, Prometheus, configure, metrics_in, prometheus, promtool

TOKEN = "a token of the tests' own"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
SETTINGS = {
    "METRICS_TOKEN": TOKEN,
    "TRUSTED_PROXIES": "1",  # nobody is believed to be on this machine
    "CANARY_SECONDS": "5",
}
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
DASHBOARDS = sorted((ROOT / "deploy/grafana").glob("*.json"))
NOTHING_WRONG = "livedesk_faults_total"  # has no series before the first fault


def panels() -> dict[str, list[str]]:
    """The expressions of every panel, by its title."""
    shown = [panel for path in DASHBOARDS for panel in json.loads(path.read_text())["panels"]]
    return {each["title"]: [target["expr"] for target in each["targets"]] for each in shown if "targets" in each}


def annotations() -> list[str]:
    return [each["expr"] for path in DASHBOARDS for each in json.loads(path.read_text())["annotations"]["list"]]


def traffic(desk: DeskServer) -> None:
    """A little of everything that is counted."""
    alice, stranger = Trader(desk, "alice"), Trader(desk)
    with alice.socket() as line:
        for kind, ms in {"quote": 40, "event": 90, "state": 130}.items():
            line.send(json.dumps({"type": "ack", "kind": kind, "ms": ms}))
        assert alice.order(quantity="1", client_order_id="one").status_code == 201
        assert alice.order(quantity="1000000", client_order_id="too-many").status_code == 422
    with alice.socket(tries="1") as line:
        line.send("nonsense")
        assert close_code(line) == 4400
    with stranger.socket() as line:
        assert close_code(line) == 4401
    with pytest.raises(InvalidStatus):
        stranger.socket(origin="http://evil.example")
    for visitor in (alice, stranger):
        visitor.http.close()


@pytest.fixture(scope="module")
def web(start_desk: StartDesk) -> DeskServer:
    program("prometheus"), program("promtool")
    return start_desk(**SETTINGS)


@pytest.fixture(scope="module")
def apart(web: DeskServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A second desk, which stands by."""
    with desk_apart(web.var, tmp_path_factory.mktemp("apart"), **SETTINGS) as address:
        yield address


@pytest.fixture(scope="module")
def config(web: DeskServer, apart: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return configure(tmp_path_factory.mktemp("prometheus"), TOKEN, f"127.0.0.1:{web.port}", apart)


@pytest.fixture(scope="module")
def watching(web: DeskServer, config: Path) -> Iterator[Prometheus]:
    """It has seen both processes several times, some traffic, and its own rules."""
    with prometheus(config, config.parent) as asked:
        asked.wait("scrape of both", lambda: len(asked.value('up{job=~"livedesk.*"} == 1')) == 2)
        traffic(web)
        asked.wait("order that was filled", lambda: asked.value('livedesk_orders_ended_total{status="filled"} > 0'))
        ended = 'increase(livedesk_orders_ended_total{status="filled"}[1m])'
        asked.wait("second look at it", lambda: asked.value(ended))
        yield asked


def text_of(address: str) -> str:
    answer = httpx.get(f"http://{address}/metrics", headers=AUTHORIZED)
    assert answer.status_code == 200
    return answer.text


@pytest.fixture(scope="module")
def exposed(web: DeskServer, apart: str) -> set[str]:
    """Every name of a series that the product may show."""
    texts = [text_of(f"127.0.0.1:{web.port}"), text_of(apart)]
    families = [family for text in texts for family in text_string_to_metric_families(text)]
    return {family.name + suffix for family in families for suffix in SUFFIXES[family.type]}


def recorded() -> set[str]:
    return set(re.findall(r"^ *- record: (\S+)$", (SHIPPED / "rules.yml").read_text(), flags=re.M))


def alerts() -> list[str]:
    return re.findall(r"^ *- alert: (\S+)$", (SHIPPED / "rules.yml").read_text(), flags=re.M)


def test_names_and_units_are_as_prometheus_wants_them(web: DeskServer, apart: str) -> None:
    for address in (f"127.0.0.1:{web.port}", apart):
        assert promtool("check", "metrics", given=text_of(address)) == ""


def test_rules_do_what_their_tests_say() -> None:
    promtool("check", "rules", "rules.yml")
    promtool("test", "rules", "rules_test.yml")


@pytest.mark.parametrize("alert", alerts())
def test_each_alert_is_shown_firing_and_explained(alert: str) -> None:
    fires = re.compile(rf"alertname: {alert}\n +exp_alerts:")

    assert fires.search((SHIPPED / "rules_test.yml").read_text())
    assert f"`{alert}`" in (ROOT / "docs/runbook.md").read_text()


def test_the_configuration_is_sound(config: Path) -> None:
    promtool("check", "config", str(config))


def test_rules_work_on_the_product_and_a_sound_desk_fires_none(watching: Prometheus, exposed: set[str]) -> None:
    def evaluated() -> Any:
        [group] = watching.ask("/rules")["groups"]
        return group["rules"] if all(rule["health"] != "unknown" for rule in group["rules"]) else None

    rules = watching.wait("evaluation of every rule", evaluated)

    assert {rule["name"]: rule.get("lastError") for rule in rules if rule["health"] != "ok"} == {}
    assert {rule["name"] for rule in rules} == recorded() | set(alerts())
    assert [rule["name"] for rule in rules if rule.get("state") == "firing"] == []
    assert [rule["name"] for rule in rules if not metrics_in(rule["query"]) and "up{" not in rule["query"]] == []
    assert {name for rule in rules for name in metrics_in(rule["query"])} - exposed - recorded() == set()


@pytest.mark.parametrize("title", panels())
def test_a_panel_shows_something(watching: Prometheus, exposed: set[str], title: str) -> None:
    expressions = panels()[title]

    assert {name for each in expressions for name in metrics_in(each)} - exposed - recorded() == set()
    for expression in expressions:
        if NOTHING_WRONG in expression:
            assert watching.value(expression) == []
        else:
            watching.wait(f"series of {expression}", lambda wanted=expression: watching.value(wanted))


@pytest.mark.parametrize("expression", annotations())
def test_an_annotation_can_be_asked_for(watching: Prometheus, exposed: set[str], expression: str) -> None:
    watching.value(expression)

    assert metrics_in(expression) <= exposed


def test_an_example_of_a_late_update_names_its_connection(watching: Prometheus) -> None:
    def found() -> Any:
        query = "livedesk_update_latency_seconds_bucket"
        return watching.ask("/query_exemplars", query=query, start="0", end="9999999999")

    examples = [one for series in watching.wait("exemplar", found) for one in series["exemplars"]]

    assert {frozenset(one["labels"]) for one in examples} == {frozenset({"connection"})}
    assert {float(one["value"]) for one in examples} <= {0.04, 0.09, 0.13}


def test_one_dashboard_has_each_panel_once() -> None:
    [dashboard] = [json.loads(path.read_text()) for path in DASHBOARDS]
    shown = dashboard["panels"]

    assert [each["title"] for each in shown if each["type"] == "row"] == ["Transport", "Trading", "Health"]
    assert len({each["id"] for each in shown}) == len({each["title"] for each in shown}) == len(shown)
