"""R-DEPLOY: the desk behind the nginx configuration that is shipped, by TLS, pages and sockets."""

from __future__ import annotations

import re
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import websockets

from tests.browser.server import ROOT, DeskServer
from tests.ports import free_port
from tests.services import program, running

CSRF = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


class Front:
    """nginx on ports of its own, with a certificate made for the test; all else is as shipped."""

    def __init__(self, folder: Path, desk: DeskServer) -> None:
        self.folder, self.plain, self.secure = folder, free_port(), free_port()
        names = ["-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=localhost"]
        making = [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *names]
        subprocess.run(making, cwd=folder, check=True, capture_output=True)
        text = (ROOT / "deploy/nginx.conf").read_text()
        for shipped, here in {
            "127.0.0.1:8000": f"127.0.0.1:{desk.port}",
            "listen 80;": f"listen 127.0.0.1:{self.plain};",
            "listen 443 ssl;": f"listen 127.0.0.1:{self.secure} ssl;",
            "desk.example.com;": "localhost;",
            "/etc/letsencrypt/live/desk.example.com/fullchain.pem": str(folder / "cert.pem"),
            "/etc/letsencrypt/live/desk.example.com/privkey.pem": str(folder / "key.pem"),
        }.items():
            assert shipped in text
            text = text.replace(shipped, here)
        (folder / "nginx.conf").write_text(
            f"daemon off; pid {folder}/pid; error_log {folder}/errors; worker_processes 1;\n"
            "events {}\n"
            f"http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n{text}}}\n"
        )

    @property
    def url(self) -> str:
        return f"https://localhost:{self.secure}"

    def command(self) -> list[str]:
        return [program("nginx"), "-e", str(self.folder / "errors"), "-c", str(self.folder / "nginx.conf")]


@pytest.fixture(scope="module")
def front(start_desk: Callable[..., DeskServer], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    made = Front(tmp_path_factory.mktemp("nginx"), start_desk(HTTPS="on", TRUSTED_PROXIES="1"))
    with running(made.command(), made.secure, made.folder):
        yield made


@pytest.fixture
def trusting(front: Front) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(front.folder / "cert.pem"))


@pytest.fixture
def visitor(front: Front, trusting: ssl.SSLContext) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=front.url, verify=trusting, follow_redirects=True) as client:
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
    assert (plain.status_code, plain.headers["location"]) == (301, "https://localhost/orders/?tab=filled")


def test_a_request_keeps_the_id_that_nginx_gave_it(visitor: httpx.Client) -> None:
    ids = {visitor.get("/", headers={"x-request-id": "a-strangers-own"}).headers["x-request-id"] for _ in range(2)}

    assert len(ids) == 2
    assert all(re.fullmatch(r"[0-9a-f]{32}", each) for each in ids)


def test_a_body_too_large_ends_at_the_door(visitor: httpx.Client) -> None:
    assert visitor.post("/orders/", content=b"x" * 70_000).status_code == 413


async def test_a_page_is_live_through_it(visitor: httpx.Client, front: Front, trusting: ssl.SSLContext) -> None:
    sign_in(visitor, front)
    cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    address = f"wss://localhost:{front.secure}/ws/desk/"

    async with websockets.connect(
        address, ssl=trusting, origin=front.url, additional_headers={"Cookie": cookie}
    ) as line:
        first = str(await line.recv())

    assert 'id="' in first


def test_a_file_of_fills_may_be_larger(visitor: httpx.Client, front: Front) -> None:
    sign_in(visitor, front)
    token, referer = visitor.cookies["csrftoken"], {"referer": f"{front.url}/"}
    sent = visitor.post(
        "/history/import/",
        data={"do": "send", "csrfmiddlewaretoken": token},
        files={"file": ("fills.csv", b"time,symbol,quantity,price\n" + b"2026-03-02,AAPL,1,12\n" * 8_000)},
        headers=referer,
    )

    assert (sent.status_code, "Lines to mend" in sent.text) == (200, True)
