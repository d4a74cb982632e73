"""`make bench`: product, rival and the machine's limit, in turn, on the same load; prints what holds."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from . import account, matching, parties, placing, programs, report
from .figures import Figures, medians, table
from .loading import DISTURBED
from .scenarios import SCENARIOS, Scenario

Rounds = dict[str, list[Figures]]
ROUNDS = 2
NAMES = [*SCENARIOS, matching.NAME, placing.NAME, account.NAME]


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", default="", help=f"comma-separated, of {', '.join(NAMES)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=5, help="the measured window")
    parser.add_argument("--lines", action="store_true", help="with account: a file of a million lines too")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/performance.md")
    parser.add_argument("--raw", type=Path, help="write every figure of every round there, as JSON")
    options = parser.parse_args()
    options.names = [name for name in options.only.split(",") if name] or NAMES
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"no scenario {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    return options


def measure(machine: parties.Machine, scenario: Scenario, rounds: int, seconds: float) -> Rounds:
    """Each party once a round, in turn, every other round the other way round: none has always come first."""
    found: Rounds = {party: [] for party in scenario.runs}
    for number in range(min(rounds, scenario.most_rounds)):
        for party, run in list(scenario.runs.items())[:: -1 if number % 2 else 1]:
            try:
                figures = run(machine, seconds)
            except (RuntimeError, OSError, subprocess.SubprocessError) as error:
                print(f"  FAILED: {party}: {error}", file=sys.stderr, flush=True)
                continue
            found[party].append(figures)
            tell(party, figures)
    return found


def tell(party: str, figures: Figures) -> None:
    print(
        f"  {party}: {figures['ready']:.0f} connected, {figures['updates_s']:,.0f} updates/s, "
        f"P99 {figures['p99_ms']:.1f} ms, {figures['core_percent']:.0f} % of a core",
        file=sys.stderr,
        flush=True,
    )
    if figures["invalid"]:
        print(f"  INVALID: the client took {figures['client_percent']:.0f} % of its processor", file=sys.stderr)
    if figures["waited_percent"] > DISTURBED:
        waited = figures["waited_percent"]
        print(f"  DISTURBED: others had the server's processor {waited:.0f} % of the time", file=sys.stderr)


def remark(found: Rounds) -> str:
    """What makes the figures worth less than they look."""
    every = [each for rounds in found.values() for each in rounds]
    words = []
    if any(each["invalid"] for each in every):
        words.append("Invalid: the load client was at its limit.")
    if most := max((each["waited_percent"] for each in every if each["waited_percent"] > DISTURBED), default=0.0):
        words.append(f"Disturbed: others had the server's processor for up to {most:.0f} % of a run.")
    return " ".join(words)


def measured(options: argparse.Namespace, chosen: dict[str, Scenario]) -> tuple[list[str], bool]:
    """The scenarios' tables, and whether all claims hold."""
    programs.install_missing()
    raw: dict[str, Rounds] = {}
    tables, held = [], True
    with tempfile.TemporaryDirectory(prefix="livedesk-bench-") as name:
        folder = Path(name)
        load, limit = (programs.compiled(part, folder) for part in ("load", "limit"))
        machine = parties.Machine(folder, load, limit, programs.rival(), *parties.processors())
        if machine.client_cpu is not None:
            os.sched_setaffinity(0, {machine.client_cpu})
        print("prepares traders, lists, sessions and a day of history", file=sys.stderr, flush=True)
        parties.prepare(machine, positions=any("positions" in each.needs for each in chosen.values()))
        for name, scenario in chosen.items():
            print(f"{name}: {scenario.title}", file=sys.stderr, flush=True)
            raw[name] = measure(machine, scenario, options.rounds, options.seconds)
            found = {party: medians(rounds) for party, rounds in raw[name].items()}
            once = ", one round" if scenario.most_rounds == 1 < options.rounds else ""
            tables.append(table(scenario.title + once, scenario.claims, found, list(scenario.runs)))
            held &= all(raw[name].values()) and not any(claim.holds(found) is False for claim in scenario.claims)
            if words := remark(raw[name]):
                tables.append(words)
                held = False
            if options.raw:
                options.raw.write_text(json.dumps(raw, indent=1))
    return tables, held


def main() -> None:
    options = asked()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # what was started is stopped as well
    chosen = {name: SCENARIOS[name] for name in options.names if name in SCENARIOS}
    tables, held = measured(options, chosen) if chosen else ([], True)
    if matching.NAME in options.names:
        matched, decided = matching.table(matching.measured())
        tables.append(matched)
        held &= decided
    if placing.NAME in options.names:
        placed, fast = placing.table()
        tables.append(placed)
        held &= fast
    if account.NAME in options.names:
        text, kept = account.table(lines=options.lines)
        tables.append(text)
        held &= kept
    command = "make bench" + (f" ONLY={options.only}" if options.only else "")
    command += f" ROUNDS={options.rounds}" if options.rounds != ROUNDS else ""
    text = "\n\n".join([report.heading(command, options.rounds, options.seconds), *tables])
    print(text)
    if options.write:
        report.write(text)
    sys.exit(not held)


if __name__ == "__main__":
    main()
