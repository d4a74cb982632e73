"""R-CODES: one table for the code, the docs and the page."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from apps.live.codes import ACTS, CODES, page_codes
from tests.architecture.tree import ROOT


def test_the_docs_are_what_the_table_prints() -> None:
    """After a change: manage.py ws_codes > docs/codes.md"""
    printed = StringIO()
    call_command("ws_codes", stdout=printed)

    assert (ROOT / "docs/codes.md").read_text() == printed.getvalue()


def test_each_code_can_be_sent_and_says_everything() -> None:
    """daphne sends 1000 and 3000 to 4999 only: anything else arrives as 1011."""
    assert len({code.close for code in CODES}) == len(CODES)
    assert [code for code in CODES if not 4000 <= code.close <= 4999] == []
    assert [code for code in CODES if not (code.message and code.advice and code.cause)] == []
    assert {code.act for code in CODES} <= ACTS.keys()


def test_the_customers_names_are_all_there() -> None:
    assert {code.ws for code in CODES} >= {"WS001", "WS002", "WS003", "WS004", "WS005"}


@pytest.mark.django_db
def test_the_page_has_the_table(client: Client, alice: object) -> None:
    client.force_login(alice)  # type: ignore[arg-type]

    html = client.get("/activity/").content.decode()

    shown = json.loads(re.search(r'<script id="ws-codes"[^>]*>(.*?)</script>', html, re.S)[1])  # type: ignore[index]
    assert shown == {str(close): words for close, words in page_codes().items()}


def test_the_page_knows_what_to_do_about_each() -> None:
    script = (Path(ROOT) / "static/js/connection.js").read_text()

    acts = set(re.findall(r'act === "([\w-]+)"', script)) | {"retry"}
    assert {code.act for code in CODES} <= acts
