"""S11: where the admin is, whence it may be asked for, and for how long a second factor that was shown counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.http import HttpResponse
from django.test import Client

from apps.accounts.models import User
from apps.accounts.staff import may_watch
from tests.browser.conftest import StartDesk
from tests.browser.server import DeskServer, manage

from .fake_discord import FakeDiscord
from .test_two_factor import code_of, later, switch_on

AGAIN = "/accounts/2fa/reauthenticate/?next=%2Fadmin%2F"
OFFICE = {"ADMIN_PATH": "back-office/", "ADMIN_NETWORKS": "192.0.2.0/24, 2001:db8::/32", "TRUSTED_PROXIES": "1"}
Visit = Callable[..., HttpResponse]


@pytest.mark.django_db(transaction=True)
def test_a_second_factor_is_asked_for_anew_after_its_hours(
    discord: FakeDiscord, through_discord: Visit, settings: Any
) -> None:
    client = Client()
    through_discord(client)
    secret = switch_on(client)
    User.objects.update(is_staff=True, is_superuser=True)
    settings.STAFF_MFA, settings.STAFF_MFA_HOURS = True, 2
    staff = User.objects.get()

    with later(2 * 3600 - 60):
        within = client.get("/admin/").status_code
        watches = may_watch(staff, lambda: client.session)
    with later(2 * 3600 + 60):
        stopped = client.get("/admin/")["Location"], client.get("/ops/").status_code
        watches_on = may_watch(staff, lambda: client.session)
        trades = client.get("/orders/").status_code
        client.post(AGAIN, {"code": code_of(secret)})
        anew = client.get("/admin/").status_code, may_watch(staff, lambda: client.session)

    assert (within, watches) == (200, True)
    assert (stopped, watches_on, trades) == ((AGAIN, 302), False, 200)
    assert anew == (200, True)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("192.0.2.7", 200),
        ("::ffff:192.0.2.7", 200),
        ("2001:db8::1", 200),
        ("192.0.3.7", 404),
        ("127.0.0.1", 404),
        ("", 404),
    ],
)
def test_from_other_networks_the_admin_is_not_there(
    client: Client, admin_client: Client, settings: Any, address: str, status: int
) -> None:
    settings.ADMIN_NETWORKS = [ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")]

    assert admin_client.get("/admin/", REMOTE_ADDR=address).status_code == status
    assert admin_client.get("/admin/accounts/user/", REMOTE_ADDR=address).status_code == status
    assert admin_client.get("/ops/", REMOTE_ADDR=address).status_code == 200
    assert client.get("/admin/login/", REMOTE_ADDR=address).status_code == (302 if status == 200 else 404)


@contextmanager
def admin_of(desk: DeskServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=desk.url, follow_redirects=True) as client:
        client.get("/")
        client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
        client.post("/accounts/demo/", data={"trader": "admin"}).raise_for_status()
        yield client


def test_behind_a_proxy_it_is_whom_the_proxy_saw_and_the_path_is_the_settings(start_desk: StartDesk) -> None:
    with admin_of(start_desk(**OFFICE)) as client:
        seen = {"here": "192.0.2.7", "elsewhere": "198.51.100.1", "forged": "192.0.2.7, 198.51.100.1"}
        told = {who: client.get("/back-office/", headers={"X-Forwarded-For": path}) for who, path in seen.items()}
        former = client.get("/admin/", headers={"X-Forwarded-For": "192.0.2.7"}).status_code
        linked = set(re.findall(r'href="(/[\w-]*/?(?:alerts/rule|incidents/incident)?/)"', client.get("/ops/").text))

    assert {who: answer.status_code for who, answer in told.items()} == {"here": 200, "elsewhere": 404, "forged": 404}
    assert former == 404
    assert linked >= {"/back-office/", "/back-office/alerts/rule/", "/back-office/incidents/incident/"}


def test_a_proxy_that_is_not_known_speaks_for_nobody(start_desk: StartDesk) -> None:
    """Its own address would let the world in."""
    with admin_of(start_desk(ADMIN_NETWORKS="127.0.0.1")) as client:
        itself = client.get("/admin/").status_code
        other = client.get("/admin/", headers={"X-Forwarded-For": "127.0.0.1"}).status_code

    assert (itself, other) == (200, 404)


def test_who_reaches_the_process_past_the_proxy_is_not_believed(start_desk: StartDesk) -> None:
    """The tests connect from this machine, and the proxy does not."""
    with admin_of(start_desk(**OFFICE, PROXY_NETWORKS="198.51.100.0/24")) as client:
        told = [client.get("/back-office/", headers={"X-Forwarded-For": "192.0.2.7"}).status_code]
    with admin_of(start_desk(**OFFICE, PROXY_NETWORKS="198.51.100.0/24, 127.0.0.0/8")) as client:
        told += [client.get("/back-office/", headers={"X-Forwarded-For": "192.0.2.7"}).status_code]

    assert told == [404, 200]


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"ADMIN_PATH": "admin"}, "ADMIN_PATH is 'admin'; it must be letters"),
        ({"ADMIN_PATH": "orders/"}, "ADMIN_PATH is 'orders/', where another page is"),
        ({"ADMIN_NETWORKS": "192.0.2.1/24"}, "ADMIN_NETWORKS: 192.0.2.1/24 has host bits set; they must be networks"),
        ({"PROXY_NETWORKS": "proxy.example"}, "PROXY_NETWORKS: 'proxy.example' does not appear to be"),
        ({"STAFF_MFA_HOURS": "0"}, "STAFF_MFA_HOURS is '0'; it must be a whole number of at least 1"),
    ],
)
def test_what_makes_no_sense_stops_the_start(tmp_path: Path, setting: dict[str, str], words: str) -> None:
    with pytest.raises(RuntimeError, match=re.escape(words)):
        manage(tmp_path, "check", **setting)
