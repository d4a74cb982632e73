"""Clients that come back by themselves: a page's socket, many of them, and a socket that does not read."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import select
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.wire import ask_for_line

from .background import Background

NUMBERED = re.compile(r'data-kind="[\w.]+"(?: data-after="(\d+)")? data-seq="(\d+)"')
BEAT = re.compile(r'id="beat" hidden data-ts="\d+" data-seq="(\d+)"')
STATE = re.compile(r'id="((?:orders|fills)-\d+)"[^>]* data-ts="(\d+)"')
QUOTE = re.compile(r'id="quote-[\w.]+"[^>]* data-ts="(\d+)"')
MOST_DELAY, FIRST_DELAY, STEPS = 8.0, 0.5, 5
OPENS_WITHIN = 20.0
DEAD_AFTER = 20.0
ESTABLISHED = "01"


@dataclass(frozen=True)
class Member:
    """Somebody who is signed in."""

    user_id: int
    account_id: int
    session: str


class Page:
    """A page's socket as connection.js keeps it: `since`, `drawn`, `desk`; full jitter; silence is a dead line.

    `numbers` are all event numbers in the order in which they came, over all of its sockets: nothing is hidden.
    `digested` are those of them that came in one toast for many, which also tells of numbers that are no toast.
    `lists` are its lists as it shows them, unread: they are looked into when something is proven.
    """

    def __init__(self, member: Member, addresses: Sequence[str], dice: random.Random, path: str = "/ws/desk/") -> None:
        self.member, self.addresses, self.dice, self.path = member, addresses, dice, path
        self.turn = dice.randrange(len(addresses))
        self.since = 0
        self.tries = 0
        self.connected = False
        self.address = ""
        self.numbers: list[int] = []
        self.digested: set[int] = set()
        self.stamps: dict[str, int] = {}
        self.lists: dict[str, str] = {}
        self.quoted_at = 0.0
        self.oldest = 0.0
        self.last_word = 0.0
        self.longest_silence = 0.0
        self.lags: list[float] = []
        self.ended: Counter[int | str] = Counter()

    def __repr__(self) -> str:
        quiet = time.time() - self.last_word
        line = f"connected={self.connected}, quiet for {quiet:.1f} s, tries={self.tries}, ended={dict(self.ended)}"
        return f"<page of user {self.member.user_id}: since={self.since}, {line}, stamps={self.stamps}>"

    async def live(self) -> None:
        while True:
            try:
                await self.visit()
            except ConnectionClosed as closed:
                self.ended[closed.rcvd.code if closed.rcvd else 1006] += 1
            except (OSError, WebSocketException, TimeoutError) as error:
                self.ended[type(error).__name__] += 1
            finally:
                self.connected = False
            self.tries += 1
            self.turn += 1
            await asyncio.sleep(self.dice.random() * min(MOST_DELAY, FIRST_DELAY * 2 ** min(self.tries, STEPS)))

    async def visit(self) -> None:
        numbers = {"since": self.since, "drawn": 0, "desk": 0, "tries": self.tries}
        address = self.address = self.addresses[self.turn % len(self.addresses)]
        async with connect(
            f"{address.replace('http', 'ws')}{self.path}?{urlencode(numbers)}",
            origin=address,  # type: ignore[arg-type]
            additional_headers={"Cookie": f"sessionid={self.member.session}"},
            open_timeout=OPENS_WITHIN,
            close_timeout=1,
            ping_interval=None,
            compression=None,
            max_size=None,
        ) as line:
            while True:
                async with asyncio.timeout(DEAD_AFTER):
                    frame = await line.recv()
                assert isinstance(frame, str)
                self.hear(frame)

    def hear(self, frame: str) -> None:
        now = time.time()
        if self.connected:
            self.longest_silence = max(self.longest_silence, now - self.last_word)
        self.tries, self.connected, self.last_word = 0, True, now
        for after, text in NUMBERED.findall(frame):  # a digest tells of all after one number up to another
            told = range(int(after) + 1 if after else int(text), int(text) + 1)
            self.numbers += told
            if after:
                self.digested.update(told)
            self.since = max(self.since, int(text))
        if 'id="beat"' in frame:
            self.since = max(self.since, *map(int, BEAT.findall(frame)))
        for found in STATE.finditer(frame):
            name, stamp = found[1], int(found[2])
            if stamp >= self.stamps.get(name, 0):  # a page drops what is older than what it shows
                self.stamps[name] = stamp
                self.lists[name] = frame[found.start() : frame.index("</section>", found.end())]
        if 'id="quote-' in frame:
            newest = max(map(int, QUOTE.findall(frame)), default=0) / 1e6
            if self.quoted_at:
                self.oldest = max(self.oldest, now - self.quoted_at)
            self.quoted_at = max(self.quoted_at, newest)
            self.lags.append(now - newest)


class Crowd:
    """Pages that live beside the test."""

    def __init__(self, background: Background, pages: Iterable[Page]) -> None:
        self.background, self.pages = background, list(pages)
        self.lives = [background.begin(page.live()) for page in self.pages]

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *failure: object) -> None:
        """They leave, as tabs are closed."""
        self.background.stop(self.lives)

    def wait(self, true: Callable[[Page], bool], within: float) -> float:
        """Seconds until it is true of every page; fails where it takes longer."""
        started = time.monotonic()
        while not all(true(page) for page in self.pages):
            if time.monotonic() - started > within:
                wrong = [page for page in self.pages if not true(page)]
                raise AssertionError(f"not true of {len(wrong)} pages after {within} s, as {wrong[0]}")
            time.sleep(0.01)
        return time.monotonic() - started

    def wait_until_heard(self, since: float, within: float = 60.0) -> float:
        """Until every page has a line, and a word over it that is newer."""
        return self.wait(lambda page: page.connected and page.last_word > since, within)

    def wait_until_connected(self, within: float = 60.0) -> float:
        return self.wait(lambda page: page.connected, within)

    def held_by(self, address: str) -> list[Page]:
        """Those whose line is to that process now."""
        return [page for page in self.pages if page.connected and page.address == address]

    def forget_ends(self) -> None:
        for page in self.pages:
            page.ended.clear()

    def forget_lags(self) -> None:
        for page in self.pages:
            page.lags.clear()

    def forget_ages(self) -> None:
        for page in self.pages:
            page.oldest = 0.0

    def oldest(self) -> float:
        """How old the newest quote of any page has become since they were forgotten (s)."""
        now = time.time()
        return max(max(page.oldest, now - page.quoted_at) for page in self.pages)

    def lag_p99(self) -> float:
        """How old the newest quote of a frame was when it came (s), at the 99th percentile."""
        lags = sorted(lag for page in self.pages for lag in tuple(page.lags))
        return lags[int(len(lags) * 0.99)]

    @property
    def ended(self) -> Counter[int | str]:
        return sum((page.ended for page in self.pages), Counter())


def unsent(server_port: int) -> dict[int, int]:
    """By the peer's port how many bytes of each open line of that server the kernel holds, not acknowledged."""
    found = {}
    for row in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, peer, state, queues, *_ = row.split()
        if state == ESTABLISHED and int(local.rpartition(":")[2], 16) == server_port:
            found[int(peer.rpartition(":")[2], 16)] = int(queues.partition(":")[0], 16)
    return found


class StuckLine:
    """A WebSocket by hand, with a tiny window, that reads only when asked to."""

    def __init__(self, port: int, member: Member, path: str = "/ws/desk/?drawn=0&desk=0", window: int = 4096) -> None:
        self.line = ask_for_line(port, f"sessionid={member.session}", path, window=window)
        answer = b""
        while b"\r\n\r\n" not in answer:
            piece = self.line.recv(1024)
            assert piece, f"refused: {answer!r}"
            answer += piece
        assert answer.startswith(b"HTTP/1.1 101"), answer

    @property
    def port(self) -> int:
        return int(self.line.getsockname()[1])

    def read_some(self, count: int) -> None:
        if self.has_word(0):
            with contextlib.suppress(OSError):  # let go
                self.line.recv(count)

    def has_word(self, within: float) -> bool:
        """Whether something is there to read, or comes."""
        return bool(select.select([self.line], [], [], within)[0])

    def closed_within(self, seconds: float) -> bool:
        """Reads on and says whether the server has ended the line by then."""
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            self.line.settimeout(left)
            try:
                if not self.line.recv(65536):
                    return True
            except TimeoutError:
                return False
            except OSError:
                return True
        return False

    def close(self) -> None:
        self.line.close()


class Watch:
    """Of lines to a server: since when nothing more could be sent, and how long after that each was gone."""

    def __init__(self, server_port: int, lines: Iterable[StuckLine]) -> None:
        self.server_port, self.ports = server_port, {line.port for line in lines}
        self.held = dict.fromkeys(self.ports, -1)
        self.full_at = dict.fromkeys(self.ports, time.monotonic())
        self.took: dict[int, float] = {}

    @property
    def all_gone(self) -> bool:
        return self.ports == self.took.keys()

    @property
    def slowest(self) -> float:
        return max(self.took.values(), default=0.0)

    def look(self) -> None:
        held, now = unsent(self.server_port), time.monotonic()
        for port in self.ports - self.took.keys():
            if port not in held:
                self.took[port] = now - self.full_at[port]
            elif held[port] != self.held[port]:
                self.held[port], self.full_at[port] = held[port], now
