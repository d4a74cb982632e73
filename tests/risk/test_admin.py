"""R-ADMIN, R-RISK: limits and kill switches are set and lifted in the admin, its history says from what to what."""

from __future__ import annotations

import html
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.desk.limits import Halt, Limits
from apps.market.models import Instrument
from apps.portfolio.models import Account
from apps.portfolio.services import open_account
from apps.risk.models import RiskLimits
from apps.risk.queries import limits_of

pytestmark = pytest.mark.django_db
ADD = "/admin/risk/risklimits/add/"
STOPPED = Halt("for the whole desk", "Runaway orders")


@pytest.fixture
def account(alice: User) -> Account:
    Instrument.objects.bulk_create(Instrument(symbol=symbol, name=symbol) for symbol in ("AAPL", "MSFT"))
    return open_account(alice)


@pytest.fixture
def office() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def change(office: Client, row: RiskLimits, **fields: Any) -> Any:
    """Opens the form, changes these fields and saves."""
    address = reverse("admin:risk_risklimits_change", args=[row.pk])
    form = office.get(address).context["adminform"].form
    shown = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    return office.post(address, {name: value for name, value in {**shown, **fields}.items() if value})


def told() -> list[str]:
    return [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]


def test_kill_switch_of_the_desk_is_set_and_lifted_and_both_are_kept(office: Client, account: Account) -> None:
    office.post(ADD, {"halted": "on", "halt_reason": "Runaway orders"})
    stopped = limits_of(account, timezone.now())
    row = RiskLimits.objects.get()

    change(office, row, halted="", halt_reason="")

    assert stopped == Limits(halt=STOPPED)
    assert limits_of(account, timezone.now()) == Limits()
    assert told() == [
        "Stop new orders: no → yes; Reason: empty → Runaway orders",
        "Stop new orders: yes → no; Reason: Runaway orders → empty",
    ]
    entry = LogEntry.objects.earliest("pk")
    row.refresh_from_db()
    assert (entry.user.username, entry.object_repr) == ("root", "Limits of the whole desk")
    assert (row.set_by, row.set_at is not None) == (entry.user, True)


def test_limits_of_an_account_are_set_and_changed(office: Client, account: Account) -> None:
    office.post(ADD, {"account": account.pk, "position_qty": "100", "position_pct": "12.5", "day_loss": "1000"})

    change(office, RiskLimits.objects.get(), position_qty="50.5", day_loss="", orders_per_minute="0")

    assert limits_of(account, timezone.now()) == Limits(
        position_qty=Decimal("50.5"), position_pct=Decimal("12.5"), orders_per_minute=0
    )
    assert told()[-1] == (
        "Largest position (shares): 100 → 50.5; Orders per minute: empty → 0; "
        "Largest loss of a day (USD): 1000 → empty"
    )


def test_limits_of_one_account_bind_no_other(office: Client, account: Account, bob: User) -> None:
    office.post(ADD, {"account": account.pk, "position_qty": "100"})

    assert limits_of(open_account(bob), timezone.now()) == Limits()


def test_symbols_are_kept_as_the_desk_spells_them(office: Client, account: Account) -> None:
    office.post(ADD, {"barred_symbols": "msft, AAPL\r\nmsft"})

    assert RiskLimits.objects.get().barred_symbols == "AAPL MSFT"
    assert limits_of(account, timezone.now()).barred == {"AAPL", "MSFT"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"halted": "on"}, "Say why: traders read the reason."),
        ({"barred_symbols": "AAPL APPL"}, "Not known here: APPL"),
        ({"allowed_symbols": "A!"}, "'A!' is not a symbol"),
        ({"position_qty": "-1"}, "greater than or equal to 0"),
        ({"position_usd": "1e30"}, "less than or equal to 1000000000000"),
        ({"position_pct": "NaN"}, "Enter a number."),
        ({"day_loss": "0.001"}, "no more than 2 decimal places"),
        ({"price_band_pct": "1001"}, "less than or equal to 1000"),
        ({"orders_per_minute": "10001"}, "less than or equal to 10000"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    office: Client, account: Account, fields: dict[str, str], words: str
) -> None:
    answer = office.post(ADD, fields)

    assert (answer.status_code, words in html.unescape(answer.content.decode())) == (200, True)
    assert RiskLimits.objects.count() == 0


@pytest.mark.parametrize("whole_desk", [True, False])
def test_there_is_one_row_of_limits_each(office: Client, account: Account, whole_desk: bool) -> None:
    fields = {"orders_per_minute": "5"} if whole_desk else {"account": account.pk, "orders_per_minute": "5"}
    office.post(ADD, fields)

    answer = office.post(ADD, fields)

    assert (answer.status_code, RiskLimits.objects.count()) == (200, 1)
    assert "already" in answer.content.decode()


def test_form_that_is_out_of_date_does_not_lift_another_admins_kill_switch(office: Client, account: Account) -> None:
    office.post(ADD, {"position_qty": "100"})
    row = RiskLimits.objects.get()
    opened = row.set_at.isoformat()
    change(office, row, halted="on", halt_reason="Runaway orders")

    answer = office.post(
        reverse("admin:risk_risklimits_change", args=[row.pk]), {"position_qty": "200", "seen": opened}
    )

    assert "Changed by root since you opened it; open it again" in html.unescape(answer.content.decode())
    assert limits_of(account, timezone.now()) == Limits(halt=STOPPED, position_qty=Decimal(100))


def test_row_is_never_deleted_nor_given_to_another_account(office: Client, account: Account, bob: User) -> None:
    office.post(ADD, {"account": account.pk, "position_qty": "100"})
    row = RiskLimits.objects.get()

    deleted = office.post(f"/admin/risk/risklimits/{row.pk}/delete/", {"post": "yes"})
    change(office, row, account=open_account(bob).pk)

    row.refresh_from_db()
    assert (deleted.status_code, row.account) == (403, account)


@pytest.mark.parametrize("query", [{}, {"q": "alice"}, {"halted__exact": "0"}])
def test_limits_are_listed_searched_and_filtered(office: Client, account: Account, query: dict[str, str]) -> None:
    office.post(ADD, {"account": account.pk, "position_qty": "100"})

    assert "Paper of alice" in office.get("/admin/risk/risklimits/", query).content.decode()


def test_limits_are_for_staff_who_may(alice: User, account: Account) -> None:
    alice.is_staff = True
    alice.save()
    client = Client()
    client.force_login(alice)

    answer = client.post(ADD, {"halted": "on", "halt_reason": "Mine"})

    assert (answer.status_code, RiskLimits.objects.count()) == (403, 0)


def test_who_may_only_look_sees_a_row_and_changes_nothing(office: Client, alice: User, account: Account) -> None:
    office.post(ADD, {"halted": "on", "halt_reason": "Runaway orders"})
    alice.is_staff = True
    alice.save()
    alice.user_permissions.add(Permission.objects.get(codename="view_risklimits"))
    client = Client()
    client.force_login(alice)
    address = reverse("admin:risk_risklimits_change", args=[RiskLimits.objects.get().pk])

    seen, sent = client.get(address), client.post(address, {"halted": ""})

    assert (seen.status_code, "Runaway orders" in seen.content.decode()) == (200, True)
    assert (sent.status_code, limits_of(account, timezone.now()).halt) == (403, STOPPED)
