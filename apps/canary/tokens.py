"""The canary's way in: a word signed by this deployment's own key, good for a minute.

It names no user and opens no session, so that nobody's account can be reached with it; all it opens is a line on which
numbers are heard. It goes in a header: addresses are logged, by proxies too.
"""

from __future__ import annotations

from secrets import token_hex

from django.core.signing import BadSignature, TimestampSigner

GOOD_FOR_S = 60
SIGNER = "livedesk.canary"


def new_token() -> str:
    return TimestampSigner(salt=SIGNER).sign(token_hex(8))


def is_good(token: str) -> bool:
    """Whether a process of this deployment signed it within the last minute, by any key that is still taken."""
    try:
        TimestampSigner(salt=SIGNER).unsign(token, max_age=GOOD_FOR_S)
    except BadSignature:
        return False
    return True
