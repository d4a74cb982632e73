"""What must hold after every fault: each page's list is the database's, and no money or order was made twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from .clients import Page
from .orders import Lists, Told
from .programs import Postgres
from .rows import Truth


class Oracle:
    def __init__(self, postgres: Postgres) -> None:
        self.ask = postgres.ask

    def newest(self) -> dict[int, int]:
        """The number of each user's last notification: of other events a page is told by its lists."""
        return {user: numbers[-1] for user, numbers in self.numbers().items()}

    def numbers(self) -> dict[int, list[int]]:
        """By user the numbers of all notifications, in order."""
        found: dict[int, list[int]] = {}
        rows = self.ask(
            "SELECT stream.name, event.seq FROM live_event event JOIN live_stream stream ON stream.id = stream_id "
            "WHERE event.toast AND stream.name LIKE 'user/%%' ORDER BY event.seq"
        )
        for name, seq in rows:
            found.setdefault(int(str(name).removeprefix("user/")), []).append(int(str(seq)))
        return found

    def compare(self, pages: Iterable[Page], truth: dict[int, list[int]]) -> Lists:
        """The pages' lists against numbers that they must all have got by now, and what else there is."""
        lists, all_got = (
            Counter[str](),
            [(page.member.user_id, tuple(page.numbers), set(page.digested)) for page in pages],
        )
        known, heights = self.numbers(), self.heights()  # later than what the pages have: it must stand there
        for user, got, digested in all_got:
            given = {number for number in digested if number <= heights.get(user, 0)}
            lists["delivered"] += len(got)
            lists["lost"] += len(set(truth.get(user, [])) - set(got))
            lists["doubled"] += len(got) - len(set(got))
            lists["disordered"] += list(got) != sorted(got)
            lists["invented"] += len(set(got) - set(known.get(user, [])) - given)
        return Lists(**{name: lists[name] for name in ("delivered", "lost", "doubled", "disordered", "invented")})

    def heights(self) -> dict[int, int]:
        """By user the last number that was given, of whatever event."""
        rows = self.ask("SELECT name, seq FROM live_stream WHERE name LIKE 'user/%%'")
        return {int(str(name).removeprefix("user/")): int(str(seq)) for name, seq in rows}

    def untrue(self, pages: Iterable[Page]) -> dict[Page, str]:
        """Those whose orders or fills are not, row by row, what the tables say now, and how they differ."""
        truth = Truth(self.ask)
        return {page: words for page in pages if (words := truth.denied_by(page))}

    def stamps(self) -> dict[int, int]:
        """By user when the last event happened that changes what pages show (µs): their lists must be as new."""
        rows = self.ask(
            "SELECT stream.name, (extract(epoch FROM max(event.at)) * 1000000)::bigint FROM live_event event "
            "JOIN live_stream stream ON stream.id = stream_id WHERE stream.name LIKE 'user/%%' "
            "AND event.topics <> '[]' GROUP BY 1"
        )
        return {int(str(name).removeprefix("user/")): int(str(stamp)) for name, stamp in rows}

    def broken_money(self) -> dict[str, Any]:
        """Every rule of money and orders that does not hold, with the rows that break it; {} is what is promised."""
        rules = {
            "journals that do not sum to zero": """
                SELECT journal_id, sum(amount) FROM portfolio_ledgerentry GROUP BY 1 HAVING sum(amount) <> 0""",
            "cash that is not its ledger's": """
                SELECT account.id, account.cash, sum(line.amount) FROM portfolio_account account
                JOIN portfolio_journal journal ON journal.account_id = account.id
                JOIN portfolio_ledgerentry line ON line.journal_id = journal.id AND line.book = 'cash'
                GROUP BY 1, 2 HAVING account.cash <> sum(line.amount)""",
            "orders whose fills are not what they say": """
                SELECT orders.id, orders.cum_qty, coalesce(sum(fill.last_qty), 0) FROM trades_order orders
                LEFT JOIN trades_fill fill ON fill.order_id = orders.id GROUP BY 1, 2
                HAVING orders.cum_qty <> coalesce(sum(fill.last_qty), 0)""",
            "orders filled beyond their quantity": """
                SELECT orders.id, orders.quantity, sum(fill.last_qty) FROM trades_order orders
                JOIN trades_fill fill ON fill.order_id = orders.id GROUP BY 1, 2
                HAVING sum(fill.last_qty) > orders.quantity""",
            "fills that were not booked once": """
                SELECT fill.exec_id, count(journal.id) FROM trades_fill fill
                LEFT JOIN portfolio_journal journal ON journal.ref = fill.exec_id
                GROUP BY 1 HAVING count(journal.id) <> 1""",
            "positions that are not their fills": """
                SELECT position.id, position.quantity, sum(fill.last_qty) FROM portfolio_position position
                JOIN trades_order orders ON orders.account_id = position.account_id
                    AND orders.instrument_id = position.instrument_id AND orders.side = 'buy'
                JOIN trades_fill fill ON fill.order_id = orders.id
                GROUP BY 1, 2 HAVING position.quantity <> sum(fill.last_qty)""",
            "streams with a gap": """
                SELECT stream.name, stream.seq, count(*) FROM live_stream stream
                JOIN live_event event ON event.stream_id = stream.id
                GROUP BY 1, 2 HAVING count(*) <> stream.seq OR max(event.seq) <> stream.seq""",
        }
        return {rule: rows for rule, statement in rules.items() if (rows := self.ask(statement))}

    def broken_orders(self, told: Told) -> dict[str, Any]:
        """Answers to traders that the database does not bear out; {} is what is promised."""
        kept = {str(name): str(pk) for name, pk in self.ask("SELECT client_order_id, id FROM trades_order")}
        wrong = {
            "told two things of one order": told.mismatched,
            "accepted and not kept": [name for name, pk in told.accepted.items() if kept.get(name) != pk],
            "refused and kept": [name for name in told.refused if name in kept],
        }
        return {what: names for what, names in wrong.items() if names}
