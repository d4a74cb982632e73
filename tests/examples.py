"""How many examples Hypothesis tries: with HYPOTHESIS_PROFILE=nightly as many as a night allows; else it has its own
defaults, which are those of its profile `ci` where CI is set."""

from __future__ import annotations

import os

from hypothesis import settings

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "")
NIGHTLY, NIGHTLY_RUNS = 5000, 100

settings.register_profile("nightly", max_examples=NIGHTLY, deadline=None, derandomize=False, print_blob=True)
if PROFILE:
    settings.load_profile(PROFILE)


def examples(by_day: int, by_night: int = NIGHTLY) -> int:
    """For a test that says its own number. One with a database says what a night is to be: NIGHTLY_RUNS, if each is a
    state machine's."""
    return by_night if PROFILE == "nightly" else by_day
