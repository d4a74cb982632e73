"""The list of notifications says what it leaves out, and marks all of it as read whatever it is narrowed to."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.live.activity import SHOWN, unread_each
from apps.live.announce import announce
from apps.live.fragments import render_fragment
from apps.live.topics import user_stream

MEMO = {"memo": "Something"}


def told(user: User, *kinds: str) -> None:
    for kind in kinds:
        announce(user_stream(user.pk), kind, MEMO, toast=True)


def test_all_is_marked_as_read_from_a_narrowed_list(alice: User, client: Client) -> None:
    told(alice, "account.dividend", "account.split")
    client.force_login(alice)

    page = client.get("/activity/?family=alert").content.decode()
    seq = re.search(r'name="seq" value="(\d+)"', page)
    assert seq
    client.post("/activity/read/", {"seq": seq[1]})

    assert "2 unread" in page
    assert unread_each([alice.pk]) == {alice.pk: 0}


def test_more_than_are_shown_are_said_to_be(alice: User) -> None:
    told(alice, *["account.dividend"] * SHOWN)
    exactly = render_fragment(f"activity/{alice.pk}:")
    told(alice, "account.dividend")

    more = render_fragment(f"activity/{alice.pk}:")

    assert [f"The newest {SHOWN} are shown" in html for html in (exactly, more)] == [False, True]


@pytest.mark.parametrize(
    ("family", "words"), [("", "Orders you place"), ("alert", "Make an alert"), ("account", "Deposits, dividends")]
)
def test_nothing_yet_says_what_would_come_here(alice: User, family: str, words: str) -> None:
    assert words in render_fragment(f"activity/{alice.pk}:{family}")
