"""R-SECRET: what a desk kept in clear is sealed by `migrate`, and nothing of it is left in the table."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from apps.alerts.models import Channel
from tests.browser.server import manage

ADDRESS, SIGNING = "https://example.com/c4n4ry-address", "c4n4ry-signing-key"
INSERT = "INSERT INTO alerts_channel (name, kind, address, signing_key, least, enabled) VALUES (?, ?, ?, ?, 'info', 1)"
READ = "SELECT name, address, signing_key, sealed_address, sealed_signing_key FROM alerts_channel ORDER BY id"
SHOW = "from apps.alerts.models import Channel; print([(c.sealed_address, c.sealed_signing_key) for c in Channel.objects.order_by('id')])"  # noqa: E501


def test_channels_in_clear_are_sealed_and_an_old_insert_goes_on_working(tmp_path: Path) -> None:
    manage(tmp_path, "migrate", "alerts", "0003", "--verbosity", "0")
    with closing(sqlite3.connect(tmp_path / "livedesk.sqlite3")) as database, database:
        database.execute(INSERT, ("Hook", "webhook", ADDRESS, SIGNING))
        database.execute(INSERT, ("Slack", "slack", ADDRESS, ""))

    manage(tmp_path, "migrate", "--verbosity", "0")
    with closing(sqlite3.connect(tmp_path / "livedesk.sqlite3")) as database, database:
        database.execute(INSERT, ("Late", "slack", "", ""))  # by a release that does not know the sealed columns
        stored = database.execute(READ).fetchall()
    shown = manage(tmp_path, "shell", "--no-imports", "-c", SHOW)
    manage(tmp_path, "migrate", "alerts", "0003", "--verbosity", "0")
    with closing(sqlite3.connect(tmp_path / "livedesk.sqlite3")) as database:
        back = database.execute("SELECT address, signing_key FROM alerts_channel ORDER BY id").fetchall()

    assert [row[:3] for row in stored] == [("Hook", "", ""), ("Slack", "", ""), ("Late", "", "")]
    assert [[text[:2] for text in row[3:]] for row in stored] == [["1.", "1."], ["1.", ""], ["", ""]]
    assert "c4n4ry" not in str(stored)
    assert str([(ADDRESS, SIGNING), (ADDRESS, ""), ("", "")]) in shown
    assert back == [(ADDRESS, SIGNING), (ADDRESS, ""), ("", "")]


def test_what_an_older_build_left_in_clear_is_sealed_when_the_row_is_saved(db: None) -> None:
    Channel.objects.create(name="Late", kind="slack")
    Channel.objects.update(address=ADDRESS, signing_key=SIGNING)
    late = Channel.objects.get()
    late.save(update_fields=["enabled"])

    again = Channel.objects.get()
    assert (again.address, again.signing_key) == ("", "")
    assert (again.sealed_address, again.sealed_signing_key) == (ADDRESS, SIGNING)
