"""Statements that are built once say what Django would say, with other values each time."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.db.models import BigIntegerField, CharField, Exists, OuterRef

from apps.live.models import Event, Stream
from apps.live.prepared import Given, PreparedInsert, PreparedRead, PreparedUpdate

pytestmark = pytest.mark.django_db
AT = datetime(2030, 1, 31, 16, 0, 0, 250, tzinfo=UTC)
NAME = Given("name", CharField())


@pytest.fixture
def streams() -> list[Stream]:
    return [Stream.objects.create(name=name, seq=seq, at=AT) for name, seq in (("desk", 3), ("user/7", 9))]


def event_of(stream: Stream, seq: int = 1) -> Event:
    facts = {"symbol": "BRK.B", "said": 'a "quoted" % word', "count": 2}
    return Event(stream=stream, seq=seq, kind="order.filled", facts=facts, topics=["orders/1"], toast=True, at=AT)


def values_of(row: Any) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_rows_are_those_of_what_is_given(streams: list[Stream]) -> None:
    named = PreparedRead(lambda: Stream.objects.filter(name=NAME))

    found = [named.first(name=name) for name in ("desk", "user/7", "user/8")]

    assert found == [*streams, None]
    assert [values_of(row) for row in found if row] == [values_of(row) for row in Stream.objects.order_by("pk")]
    assert found[0]._state.adding is False


def test_no_text_is_taken_for_sql(streams: list[Stream]) -> None:
    named = PreparedRead(lambda: Stream.objects.filter(name=NAME))

    assert named.all(name="' OR ''='") == named.all(name="%s") == named.all(name=None) == []


def test_columns_come_as_tuples(streams: list[Stream]) -> None:
    event_of(streams[0]).save()
    told = Exists(Event.objects.filter(stream=OuterRef("pk")))
    columns = PreparedRead(lambda: Stream.objects.filter(name=NAME).values_list("seq", "at", told))

    assert columns.all(name="desk") == [(3, AT, True)]
    assert columns.all(name="user/7") == [(9, AT, False)]


def test_related_rows_come_along(streams: list[Stream], django_assert_num_queries: Any) -> None:
    event_of(streams[1]).save()
    of = Given("stream", BigIntegerField())
    events = PreparedRead(lambda: Event.objects.filter(stream=of).select_related("stream"))

    with django_assert_num_queries(1):
        (found,) = events.all(stream=streams[1].pk)
        assert values_of(found.stream) == values_of(streams[1])

    assert found.facts == event_of(streams[1]).facts


def test_an_update_changes_what_is_named(streams: list[Stream]) -> None:
    move = PreparedUpdate(lambda: Stream.objects.filter(name=NAME), seq=Given("seq", BigIntegerField()))

    assert [move.run(name=name, seq=20) for name in ("desk", "nobody")] == [1, 0]
    assert dict(Stream.objects.values_list("name", "seq")) == {"desk": 20, "user/7": 9}


def test_an_insert_writes_what_save_would(streams: list[Stream]) -> None:
    insert, saved = PreparedInsert(Event), event_of(streams[0], 1)
    saved.save(force_insert=True)

    for seq in (2, 3):
        insert.save(event_of(streams[0], seq))

    rows = [values_of(row) for row in Event.objects.order_by("seq")]
    assert [row.pop("seq") for row in rows] == [1, 2, 3]
    assert len({row.pop("id") for row in rows}) == 3
    assert rows[0] == rows[1] == rows[2]


@pytest.mark.django_db(transaction=True)
def test_each_connection_builds_it_once() -> None:
    Stream.objects.create(name="desk")
    made: list[int] = []
    named = PreparedRead(lambda: made.append(1) or Stream.objects.filter(name=NAME))  # type: ignore[func-returns-value]

    def read() -> None:
        found.extend(named.all(name="desk") + named.all(name="desk"))
        connection.close()

    found: list[Stream] = []
    read()
    assert len(made) == 1
    another = Thread(target=read)
    another.start()
    another.join()

    assert len(made) == 2
    assert [row.name for row in found] == ["desk"] * 4
