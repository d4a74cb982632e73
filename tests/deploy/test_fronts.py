"""R-DEPLOY: the desk behind the proxies that are shipped, by TLS, pages and sockets."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import httpx
import pytest
import websockets
from django.core.management import call_command

from tests.browser.conftest import StartDesk
from tests.browser.server import DeskServer
from tests.patience import at_most

from .fronts import Caddy, Front, Nginx

CSRF = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


@pytest.fixture(scope="module")
def desk(start_desk: StartDesk) -> DeskServer:
    return start_desk(HTTPS="on", TRUSTED_PROXIES="1", ALLOWED_HOSTS="localhost")


@pytest.fixture(scope="module", params=[Nginx, Caddy])
def front(
    desk: DeskServer, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Front]:
    made: Front = request.param(tmp_path_factory.mktemp("front"), desk)
    with made.started():
        yield made


def visiting(front: Front) -> httpx.Client:
    return httpx.Client(base_url=front.url, verify=front.trusting(), follow_redirects=True)


@pytest.fixture
def visitor(front: Front) -> Iterator[httpx.Client]:
    with visiting(front) as client:
        yield client


def sign_in(visitor: httpx.Client, front: Front) -> None:
    token = CSRF.search(visitor.get("/accounts/login/").text)
    assert token
    fields = {"csrfmiddlewaretoken": token[1], "trader": "alice"}
    visitor.post("/accounts/demo/", data=fields, headers={"referer": f"{front.url}/"}).raise_for_status()


def test_pages_come_by_tls_and_the_way_without_leads_there(visitor: httpx.Client, front: Front) -> None:
    page = visitor.get("/healthz")
    plain = httpx.get(f"http://localhost:{front.plain}/orders/?tab=filled")

    assert page.status_code == 200
    assert plain.status_code in {301, 308}
    assert plain.headers["location"] == "https://localhost/orders/?tab=filled"


def test_cookies_are_bound_to_the_host_and_the_old_names_mean_nothing(visitor: httpx.Client, front: Front) -> None:
    """S6: a neighbour under the same domain can set `sessionid`, but none that begins with `__Host-`."""
    sign_in(visitor, front)
    named = {cookie.name: cookie for cookie in visitor.cookies.jar}
    planted = {"cookie": f"sessionid={visitor.cookies['__Host-sessionid']}"}

    assert named.keys() >= {"__Host-sessionid", "__Host-csrftoken"} and "sessionid" not in named
    for cookie in (named["__Host-sessionid"], named["__Host-csrftoken"]):
        assert (cookie.secure, cookie.path, cookie.domain_specified) == (True, "/", False)
    assert visitor.get("/orders/").url.path == "/orders/"
    with visiting(front) as other:
        assert other.get("/orders/", headers=planted).url.path == "/accounts/login/"
    assert visitor.get("/api").json()["authentication"]["session"] == "cookie __Host-sessionid"


def test_the_list_after_a_deploy_goes_through_it(
    visitor: httpx.Client, front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a demo trader and with somebody's session, whose cookies are named by what the desk is."""
    monkeypatch.setenv("SSL_CERT_FILE", str(front.certificate))
    sign_in(visitor, front)

    for who in (("--trader", "alice"), ("--session", visitor.cookies["__Host-sessionid"])):
        told = StringIO()
        call_command("smoke", front.url, *who, stdout=told)
        assert "paper order, told live" in told.getvalue() and "FAIL" not in told.getvalue()


def test_a_request_keeps_the_id_that_the_proxy_gave_it(visitor: httpx.Client) -> None:
    ids = {visitor.get("/", headers={"x-request-id": "a-strangers-own"}).headers["x-request-id"] for _ in range(2)}

    assert len(ids) == 2
    assert all(re.fullmatch(r"[0-9a-f-]{32,36}", each) for each in ids)


@pytest.mark.parametrize("size", [70_000, 5_000_000])
def test_a_body_too_large_is_refused_in_words(visitor: httpx.Client, size: int) -> None:
    answers = [visitor.post("/orders/", content=b"x" * size) for _ in range(5)]

    assert {answer.status_code for answer in answers} == {413}


async def test_a_page_is_live_through_it(visitor: httpx.Client, front: Front) -> None:
    sign_in(visitor, front)
    cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    address = f"wss://localhost:{front.secure}/ws/desk/"

    async with websockets.connect(
        address, ssl=front.trusting(), origin=front.url, additional_headers={"Cookie": cookie}
    ) as line:
        first = str(await line.recv())

    assert 'id="' in first


def test_a_file_of_fills_may_be_larger(visitor: httpx.Client, front: Front) -> None:
    sign_in(visitor, front)
    token, referer = visitor.cookies["__Host-csrftoken"], {"referer": f"{front.url}/"}
    sent = visitor.post(
        "/history/import/",
        data={"do": "send", "csrfmiddlewaretoken": token},
        files={"file": ("fills.csv", b"time,symbol,quantity,price\n" + b"2026-03-02,AAPL,1,12\n" * 8_000)},
        headers=referer,
    )

    assert (sent.status_code, "Lines to mend" in sent.text) == (200, True)


def test_caddy_sends_nobody_to_a_desk_that_is_away_and_finds_it_again(desk: DeskServer, tmp_path: Path) -> None:
    """It asks the desk how it is, and once that was away sends it nobody before it has answered well."""
    caddy = Caddy(tmp_path, desk)
    with caddy.started(), visiting(caddy) as visitor:
        assert visitor.get("/api").status_code == 200
        desk.terminate()
        until_answered(visitor, 503)
        desk.start()
        until_answered(visitor, 200)


def until_answered(visitor: httpx.Client, status: int) -> None:
    deadline = time.monotonic() + at_most(20)
    while (answer := visitor.get("/api")).status_code != status:
        assert time.monotonic() < deadline, answer.status_code
        time.sleep(0.05)
