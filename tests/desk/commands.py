"""Commands for a pure desk from dice, seeded or Hypothesis's own: two traders, two instruments, prices near 10 USD."""

from __future__ import annotations

from random import Random

from .pure_words import Command

KINDS = {
    **{"place": 40, "quote": 36, "replace": 9, "cancel": 5, "look": 6, "expire": 4, "close": 1, "hours": 3},
    **{"exit": 4, "method": 3, "split": 1, "dividend": 1},
}
TRADERS = ("ann", "ben")
METHODS = ("fifo", "lifo", "average")
TYPES = {"market": 3, "limit": 4, "stop": 2, "stop_limit": 2, "trailing_stop": 2}
TIMES = {"day": 4, "gtc": 3, "gtd": 2, "ioc": 2, "fok": 2}
REMEMBERED = 8  # how many orders back a cancel or a change may look


def commands(dice: Random, count: int) -> list[Command]:
    at, made, orders = 0, [], ["o"]
    for number in range(count):
        at += dice.randrange(3)
        said = command(dice, number, at, orders[-REMEMBERED:])
        made.append(said)
        if said["do"] in ("place", "exit"):
            orders.append(said["order"])
    return made


def command(dice: Random, number: int, at: int, orders: list[str]) -> Command:
    kind, symbol = pick(dice, KINDS), dice.choice(("AAPL", "FRAC"))
    said: Command = {"do": kind, "at": at}
    match kind:
        case "place":
            kind = pick(dice, TYPES)
            return {
                **said,
                "order": order_id(number),
                "trader": dice.choice(TRADERS),
                "symbol": symbol,
                "side": dice.choice(("buy", "sell")),
                "type": kind,
                "tif": pick(dice, TIMES),
                "trail": dice.choice(("0.05", "0.11", "2", "1%", "3%")),
                "till": at + dice.randint(-1, 12),
                "extended": dice.randrange(2 if kind == "limit" else 12) == 0,
                **terms(dice, symbol),
            }
        case "exit":
            return {**said, "order": order_id(number), "trader": dice.choice(TRADERS), "symbol": symbol}
        case "replace":
            return {**said, "order": dice.choice(orders), **terms(dice, symbol)}
        case "cancel":
            return {**said, "order": dice.choice(orders)}
        case "quote":
            return {**said, "symbol": symbol, **prices(dice), **sizes(dice, symbol)}
        case "look":
            return {**said, "symbol": symbol}
        case "hours":
            return {**said, "hours": dice.choice(("regular", "regular", "extended"))}
        case "method":
            return {**said, "trader": dice.choice(TRADERS), "method": dice.choice(METHODS)}
        case "split":
            new, old = dice.choice(((2, 1), (3, 1), (3, 2), (1, 2), (1, 3), (2, 3)))
            return {**said, "symbol": symbol, "new": new, "old": old, "in_lieu": usd(cents_near_ten(dice))}
        case "dividend":
            return {**said, "symbol": symbol, "amount": dice.choice(("0.01", "0.07", "0.125"))}
    return said


def prices(dice: Random) -> Command:
    """Near 10 USD, now and then anywhere, and a last trade within the quote or beside it."""
    bid = cents_near_ten(dice)
    if not dice.randrange(8):
        bid = dice.choice((dice.randint(800, 1500), dice.randint(150, 4000)))
    ask = bid + dice.randrange(4)
    age = dice.choice((0, 0, 0, 0, 0, 1, 2, 15, 16))
    return {"bid": usd(bid), "ask": usd(ask), "last": usd(dice.choice((bid, ask, bid - 1, ask + 7))), "age": age}


def sizes(dice: Random, symbol: str) -> Command:
    return {name: lots(dice, symbol, 0, 80) for name in ("bid_size", "ask_size")}


def terms(dice: Random, symbol: str) -> Command:
    prices = {name: usd(cents_near_ten(dice)) for name in ("limit", "stop")}
    return {"quantity": lots(dice, symbol, 1, dice.choice((9, 60, 60, 250))), **prices}


def cents_near_ten(dice: Random) -> int:
    """Often one of three, so that orders at the same price compete by time, and quotes touch them exactly."""
    return dice.choice((dice.randint(970, 1030), 990, 1000, 1010))


def order_id(number: int) -> str:
    """Another for each number below 10,007, in no order of time: it must not pass for it."""
    return f"o{number * 7_919 % 10_007:05}"


def pick(dice: Random, weights: dict[str, int]) -> str:
    return dice.choice([name for name, weight in weights.items() for _ in range(weight)])


def usd(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def lots(dice: Random, symbol: str, least: int, most: int) -> str:
    """AAPL goes in whole shares, FRAC in thousandths."""
    number = dice.randint(least, most)
    return str(number) if symbol == "AAPL" else f"{number * 701 / 1000:.3f}"
