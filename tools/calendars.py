"""Writes the tables of apps/market/calendars from exchange_calendars again: `python -m tools.calendars`."""

from __future__ import annotations

from datetime import date

import exchange_calendars
import pandas as pd

from apps.market.hours import CLOSE, NEW_YORK, TABLES

FIRST, LAST = date(2010, 1, 1), date(2030, 12, 31)
HEAD = """\
# Weekdays without regular hours (09:30 to 16:00 in New York): date, early close if any, why.
# Written by `python -m tools.calendars` from exchange_calendars; the next line is the span.
"""
UNNAMED = {
    date(2012, 10, 29): "Hurricane Sandy",
    date(2012, 10, 30): "Hurricane Sandy",
    date(2018, 12, 5): "Day of Mourning for George H. W. Bush",
    date(2025, 1, 9): "Day of Mourning for Jimmy Carter",
}
RENAMED = {
    "Dr. Martin Luther King Jr. Day": "Martin Luther King Jr. Day",
    "President's Day": "Presidents' Day",
    "July 4th": "Independence Day",
    "Juneteenth National Independence Day": "Juneteenth",
}


def table(name: str, first: date, last: date) -> str:
    """What stands in the file. Raises KeyError for a closed day whose reason nobody knows."""
    calendar = exchange_calendars.get_calendar(name, start=str(first), end=str(last))
    named = calendar.regular_holidays.holidays(pd.Timestamp(first), pd.Timestamp(last), return_name=True)
    names = {at.date(): RENAMED.get(why, why) for at, why in named.items()} | UNNAMED
    closes = {at.date(): moment.tz_convert(NEW_YORK).time() for at, moment in calendar.closes.items()}
    rows = []
    for at in pd.bdate_range(first, last):
        day = at.date()
        if day not in closes:
            rows.append(f"{day},,{names[day]}")
        elif closes[day] != CLOSE:
            rows.append(f"{day},{closes[day]:%H:%M},Early close")
    return f"{HEAD}{first},{last}\n" + "\n".join(rows) + "\n"


if __name__ == "__main__":
    (TABLES / "xnys.csv").write_text(table("XNYS", FIRST, LAST))
