"""What a receiver answers is a stranger's word: it may delay what goes to it, and nothing else."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from apps.alerts import grouping, outgoing
from apps.alerts.models import Delivery, Rule
from apps.alerts.outgoing import Failed, exchange, post, wait_of
from apps.alerts.sending import send_due

from .conftest import NOW, Receiver, channel, looks

DAY = 24 * 3600.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("120", 120),
        ("99999999999999999999", DAY),
        ("9" * 400, DAY),
        ("\xb2", None),
        ("-5", None),
        ("soon", None),
        ("Mon, 02 Mar 2026 12:01:30 GMT", 90),
        ("Mon, 02 Mar 2026 12:01:30", 90),
        ("Mon, 02 Mar 2026 11:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
        ("Mon, 02 Mar 2026 12:01:30 +99999999999999999999", None),
    ],
)
def test_how_long_a_receiver_may_ask_to_wait(text: str | None, seconds: float | None) -> None:
    with time_machine.travel(NOW, tick=False):
        assert wait_of(text) == seconds


@pytest.mark.parametrize("text", ["99999999999999999999", "\xb2"])
def test_a_senseless_answer_keeps_nothing_from_other_channels(rule: Rule, receiver: Receiver, text: str) -> None:
    channel("discord", f"{receiver.url}/first")
    channel("slack", f"{receiver.url}/second")
    receiver.answers = [(429, {"Retry-After": text})]
    looks(6)

    assert send_due(NOW) == 2

    assert [path for path, _, _ in receiver.heard] == ["/first", "/second"]
    assert dict(Delivery.objects.values_list("channel__kind", "state")) == {"discord": "due", "slack": "sent"}
    assert Delivery.objects.get(state="due").due_at <= NOW + timedelta(days=1)


def test_an_address_that_no_request_can_hold_is_given_up_and_the_next_is_sent(rule: Rule, receiver: Receiver) -> None:
    channel("discord", f"{receiver.url}/gr\u00fcn")
    channel("slack", f"{receiver.url}/second")
    looks(6)

    assert send_due(NOW) == 2

    assert dict(Delivery.objects.values_list("channel__kind", "state")) == {"discord": "dead", "slack": "sent"}
    assert "ASCII" in Delivery.objects.get(state="dead").error


def test_an_answer_in_drops_is_cut_off(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time, and the whole would take for ever."""
    settings.ALERTS_ALLOW_PRIVATE = True
    monkeypatch.setattr(outgoing, "TIMEOUT_S", 0.4)
    gone = threading.Event()

    def drip(server: socket.socket) -> None:
        line, _ = server.accept()
        with line:
            try:
                line.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not gone.wait(0.05):
                    line.sendall(b"x")
            except OSError:
                gone.set()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        started = time.monotonic()
        with pytest.raises(Failed, match="TimeoutError"):
            post(f"http://127.0.0.1:{server.getsockname()[1]}/x", {}, {})
        took = time.monotonic() - started
        thread.join(10)

    assert gone.is_set()
    assert took < 5


def test_of_a_huge_answer_only_the_beginning_is_read(settings: Any) -> None:
    """S8: a gigabyte is announced; what is taken is 64 KiB, and what lines hold."""
    settings.ALERTS_ALLOW_PRIVATE = True
    piece, sent = b"x" * 65536, list[int]()

    def pour(server: socket.socket) -> None:
        line, _ = server.accept()
        with line, suppress(OSError):
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            while sum(sent) < 1_000_000_000:
                sent.append(line.send(piece))

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=pour, args=(server,))
        thread.start()
        answer = exchange(f"http://127.0.0.1:{server.getsockname()[1]}/x", {}, {})
        thread.join(10)

    assert not thread.is_alive()
    assert (answer.status, answer.body) == (200, piece)
    assert sum(sent) < 50_000_000


def hanging_lookup(monkeypatch: pytest.MonkeyPatch, answered: threading.Event) -> list[str]:
    """Of slow.example, until it is answered; gives whom it was asked for."""
    asked, real = list[str](), socket.getaddrinfo

    def lookup(host: str, *more: Any, **options: Any) -> Any:
        if host != "slow.example":
            return real(host, *more, **options)
        asked.append(host)
        answered.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr("socket.getaddrinfo", lookup)
    return asked


@pytest.mark.parametrize(
    ("hangs", "words"), [(True, "no answer in 0.3 s"), (False, "[Errno -3] Temporary failure in name resolution")]
)
def test_a_name_that_nobody_answers_for_is_asked_once_a_round(
    rule: Rule, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, hangs: bool, words: str
) -> None:
    """P16: a resolver that hangs is given up as a receiver that does, and holds up no other."""
    answered = threading.Event()
    if not hangs:
        answered.set()
    asked = hanging_lookup(monkeypatch, answered)
    monkeypatch.setattr(outgoing, "TIMEOUT_S", 0.3 if hangs else 5.0)
    monkeypatch.setattr(grouping, "MOST_IN_A_BATCH", 1)
    hook = channel("webhook", "https://slow.example/x", sealed_signing_key="a key of sixteen characters")
    for number in range(5):
        looks(6, 0, start=NOW + number * timedelta(minutes=1))
    channel("slack", f"{receiver.url}/people")
    later = NOW + timedelta(minutes=10)
    looks(6, start=later)

    tried = send_due(later)

    answered.set()
    found = Delivery.objects.filter(channel=hook)
    assert (tried, asked) == (2, ["slow.example"])
    assert sorted(found.values_list("state", "attempts")) == [("due", 0)] * 10 + [("due", 1)]
    assert found.get(attempts=1).error == f"slow.example is not known: {words}"
    assert [path for path, _, _ in receiver.heard] == ["/people"]


def test_a_receiver_that_hangs_is_asked_once_a_round(
    rule: Rule, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P16: many deliveries to it cost one wait; the rest comes back untried, and all is sent once it answers."""
    monkeypatch.setattr(outgoing, "TIMEOUT_S", 0.3)
    monkeypatch.setattr(grouping, "MOST_IN_A_BATCH", 1)
    later = NOW + timedelta(minutes=10)
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        address = f"http://127.0.0.1:{hanging.getsockname()[1]}/x"
        hook = channel("webhook", address, sealed_signing_key="a key of sixteen characters")
        for number in range(5):
            looks(6, 0, start=NOW + number * timedelta(minutes=1))
        channel("slack", f"{receiver.url}/people")
        looks(6, start=later)

        assert send_due(later) == 2

    hooks = Delivery.objects.filter(channel=hook)
    assert sorted(hooks.values_list("state", "attempts")) == [("due", 0)] * 10 + [("due", 1)]
    assert [path for path, _, _ in receiver.heard] == ["/people"]
    monkeypatch.setattr(outgoing, "TIMEOUT_S", 5.0)
    hook.sealed_address = f"{receiver.url}/back"
    hook.save()
    assert send_due(later + timedelta(minutes=1)) == 11
    assert set(hooks.values_list("state", flat=True)) == {"sent"}


def test_a_mail_server_that_hangs_is_asked_once_a_round(rule: Rule, receiver: Receiver, settings: Any) -> None:
    """P17: it takes the connection and never says a word; what goes elsewhere is sent all the same."""
    assert settings.EMAIL_TIMEOUT == 5.0
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_URL = "smtp://127.0.0.1"
        settings.EMAIL_HOST, settings.EMAIL_PORT = hanging.getsockname()[:2]
        settings.EMAIL_TIMEOUT = 0.3
        mails = channel("email", "ops@example.com")
        for number in range(2):
            looks(6, 0, start=NOW + number * timedelta(minutes=1))
        channel("slack", f"{receiver.url}/people")
        later = NOW + timedelta(minutes=10)
        looks(6, start=later)
        started = time.monotonic()

        assert send_due(later) == 2

        took = time.monotonic() - started
    found = Delivery.objects.filter(channel=mails)
    assert sorted(found.values_list("state", "attempts")) == [("due", 0)] * 4 + [("due", 1)]
    assert [path for path, _, _ in receiver.heard] == ["/people"]
    assert took < 5
