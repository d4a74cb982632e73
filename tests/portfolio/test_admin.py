from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from apps.portfolio import services
from apps.portfolio.models import Account, AccountKind, Journal
from apps.portfolio.terms import set_kind

LISTS = ["account", "journal", "ledgerentry", "position", "lot", "equitypoint"]


@pytest.fixture
def admin(admin_client):
    return admin_client


@pytest.mark.parametrize("name", LISTS)
def test_list_can_be_read_and_searched(admin, alice_account, book, name):
    """R-ADMIN"""
    book(alice_account, "buy 10 AAPL @ 9.00")

    assert admin.get(f"/admin/portfolio/{name}/", {"q": "alice"}).status_code == 200


@pytest.mark.parametrize("name", ["journal", "ledgerentry", "position", "lot", "equitypoint"])
def test_ledger_is_not_written_by_hand(admin, alice_account, book, name):
    """R-ADMIN: ledger (read-only)"""
    book(alice_account, "buy 10 AAPL @ 9.00")
    row = 1 if name == "equitypoint" else Account._meta.apps.get_model("portfolio", name).objects.latest("pk").pk

    assert admin.get(f"/admin/portfolio/{name}/add/").status_code == 403
    assert admin.post(f"/admin/portfolio/{name}/{row}/delete/", {"post": "yes"}).status_code in {302, 403}
    assert admin.post(f"/admin/portfolio/{name}/{row}/change/", {"amount": "1"}).status_code in {302, 403}
    assert Journal.objects.count() == 2


def test_account_is_opened_with_booked_cash(admin, charlie, market, settings):
    admin.post("/admin/portfolio/account/add/", {"user": charlie.pk})

    account = Account.objects.get(user=charlie)
    assert account.cash == settings.PAPER_CASH
    assert Journal.objects.get(account=account).kind == "deposit"


def test_account_cannot_be_edited_or_deleted(admin, alice_account):
    url = f"/admin/portfolio/account/{alice_account.pk}"

    admin.post(f"{url}/change/", {"cash": "1000000", "name": "Mine"})

    assert admin.get(f"{url}/delete/").status_code == 403
    alice_account.refresh_from_db()
    assert (alice_account.cash, alice_account.name) == (10_000, "Paper")


def test_account_shows_when_it_was_of_which_kind(admin, alice_account, market):
    set_kind(alice_account, AccountKind.MARGIN)

    page = admin.get(f"/admin/portfolio/account/{alice_account.pk}/change/").content.decode()

    assert "margin since " in page


def test_deposit_is_asked_for_and_booked_once(admin, alice_account):
    url, chosen = "/admin/portfolio/account/", {"action": "deposit", "_selected_action": [alice_account.pk]}
    sent = {**chosen, "amount": "250.50", "memo": "Prize", "ref": str(uuid4())}

    asked = admin.post(url, chosen)
    for _ in range(2):
        admin.post(url, sent)

    assert "Deposit of paper cash" in asked.content.decode()
    alice_account.refresh_from_db()
    assert f"{alice_account.cash}" == "10250.50"


def test_withdrawal_is_booked_once_and_is_in_the_admins_history(admin, alice_account):
    chosen = {"action": "withdraw", "_selected_action": [alice_account.pk]}
    sent = {**chosen, "amount": "250.50", "memo": "Back", "ref": str(uuid4())}

    for _ in range(2):
        admin.post("/admin/portfolio/account/", sent)

    alice_account.refresh_from_db()
    assert f"{alice_account.cash}" == "9749.50"
    told = [entry.get_change_message() for entry in LogEntry.objects.all()]
    assert told == ["Withdrawal 250.50 USD (Back), cash: 10,000.00 → 9,749.50"]


def test_withdrawal_that_one_account_cannot_pay_is_booked_for_none(admin, alice_account, bob_account):
    both = [alice_account.pk, bob_account.pk]
    sent = {"action": "withdraw", "_selected_action": both, "amount": "600", "memo": "Back", "ref": str(uuid4())}
    services.hold_cash(bob_account, Decimal(100), timezone.now())

    answer = admin.post("/admin/portfolio/account/", sent)

    assert "600.00 USD asked for, 400.00 free; nothing was booked" in answer.content.decode()
    assert not Journal.objects.filter(kind="withdrawal").exists()


@pytest.mark.parametrize("action", ["deposit", "withdraw"])
@pytest.mark.parametrize("amount", ["", "0", "-1", "0.001", "abc", "NaN", "1e30"])
def test_cash_of_no_amount_says_so_and_books_nothing(admin, alice_account, action, amount):
    sent = {"action": action, "_selected_action": [alice_account.pk], "amount": amount, "ref": str(uuid4())}

    response = admin.post("/admin/portfolio/account/", {**sent, "memo": "Prize"})

    assert "errorlist" in response.content.decode()
    assert Journal.objects.count() == 1
