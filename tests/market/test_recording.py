"""R-QUOTES: a bad recording is refused at the start, with its line and what would be right."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from apps.market.feeds import FeedError
from apps.market.feeds.recording import rows, survey

from .build import HEADER, recording

GOOD = "2013-10-07T13:30:00Z,SPY,167.43,167.45,1500,33000,167.43,99717"


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ("2013-10-07T13:30:01Z,SPY,1,2,3,4,5", "line 3: 7 cells; there must be 8"),
        ("2013-10-07 soon,SPY,1,2,3,4,5,6", "line 3: ts is '2013-10-07 soon'; it must be a UTC time"),
        ("2013-10-07T13:30:01,SPY,1,2,3,4,5,6", "line 3: ts is '2013-10-07T13:30:01'; it must be a UTC time"),
        ("2013-10-07T13:29:59Z,SPY,1,2,3,4,5,6", "line 3: 2013-10-07T13:29:59Z is earlier than the row before"),
        ("2013-10-07T13:30:00Z,SPY,1,2,3,4,5,6", "line 3: SPY a second time at 2013-10-07T13:30:00Z"),
        ("2013-10-07T13:30:01Z,S P Y,1,2,3,4,5,6", "line 3: 'S P Y' is not a symbol"),
        ("2013-10-07T13:30:01Z,SPY,2,1,3,4,5,6", "line 3: bid 2, ask 1; there must be 0 < bid <= ask"),
        ("2013-10-07T13:30:01Z,SPY,0,1,3,4,5,6", "line 3: bid 0, ask 1; there must be 0 < bid <= ask"),
        ("2013-10-07T13:30:01Z,SPY,1,,3,4,5,6", "line 3: bid, ask and their sizes must all be given or all be empty"),
        ("2013-10-07T13:30:01Z,SPY,1,2,,4,5,6", "line 3: bid, ask and their sizes must all be given or all be empty"),
        ("2013-10-07T13:30:01Z,SPY,1,2,3,4,0,6", "line 3: last is 0; it must be above 0, or empty"),
        ("2013-10-07T13:30:01Z,SPY,1,2,3,4,NaN,6", "line 3: last is 'NaN'; it must be a plain number"),
        ("2013-10-07T13:30:01Z,SPY,1,2,-3,4,5,6", "line 3: bid_size is '-3'; it must be a plain number"),
        ("2013-10-07T13:30:01Z,SPY,1,2,3,4,5,1e9", "line 3: volume is '1e9'; it must be a plain number"),
        ("2013-10-07T13:30:01Z,SPY,1.123456789,2,3,4,5,6", "line 3: bid is '1.123456789'; it must be a plain number"),
        ('2013-10-07T13:30:01Z,SPY,1,2,3,4,5,"6', "line 3: unexpected end of data"),
        ("", "line 3: 0 cells; there must be 8"),
    ],
)
def test_recording_with_a_malformed_row_names_its_line(tmp_path: Path, second: str, words: str) -> None:
    path = recording(tmp_path, GOOD, second)

    with pytest.raises(FeedError) as refused:
        survey(path)

    assert str(refused.value).startswith(f"{path}: {words}")


def test_recording_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match=r"nowhere\.csv: no such file"):
        survey(tmp_path / "nowhere.csv")


def test_recording_that_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.touch()

    with pytest.raises(FeedError, match=f"line 1: the file is empty; it must begin with the header {HEADER}"):
        survey(path)


def test_recording_with_another_header(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match=f"line 1: the header must be {HEADER}"):
        survey(recording(tmp_path, GOOD, header="time,symbol,price"))


def test_recording_without_a_row(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="line 2: holds no quote"):
        survey(recording(tmp_path))


def test_recording_with_trades_only(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="line 2: holds no quote"):
        survey(recording(tmp_path, "2013-10-07T13:30:00Z,SPY,,,,,167.43,100"))


def test_recording_in_other_characters(tmp_path: Path) -> None:
    path = tmp_path / "session.csv"
    path.write_bytes(HEADER.encode() + b"\n\xff\xfe\n")

    with pytest.raises(FeedError, match="holds other characters than ASCII"):
        survey(path)


def test_recording_that_is_called_gz_and_is_not(tmp_path: Path) -> None:
    path = tmp_path / "session.csv.gz"
    path.write_text(HEADER)

    with pytest.raises(FeedError, match="cannot be read: Not a gzipped file"):
        survey(path)


def test_recording_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "session.csv.gz"
    text = "\n".join([HEADER, GOOD, *(f"2013-10-07T14:{n:02}:00Z,SPY,1,2,3,4,{n + 1},6" for n in range(60))])
    path.write_bytes(gzip.compress(text.encode())[:-20])

    with pytest.raises(FeedError, match="cannot be read: Compressed file ended"):
        survey(path)


def test_recording_compressed_reads_like_plain(tmp_path: Path) -> None:
    plain, compressed = (recording(tmp_path, GOOD, name=name) for name in ("a.csv", "a.csv.gz"))

    assert list(rows(plain)) == list(rows(compressed))
    assert survey(compressed).opening_prices == {"SPY": Decimal("167.43")}
