"""The writing functions that change nothing that a live page shows, each with the reason."""

from __future__ import annotations

NO_CASE = {
    "accounts.refresh_profile": "name and picture are drawn with the frame, never pushed",
    "accounts.set_time_zone": "pages show UTC to everybody; what goes by the zone is drawn when it is asked for",
    "accounts.set_counted": "the settings are no live page",
    "accounts.end_session": "its socket is closed: the page says signed out and shows nothing newer",
    **{
        f"accounts.{name}": "sockets are closed, or there are none yet; its orders are an action of their own"
        for name in ("suspend", "reinstate", "lock_both", "keep")
    },
    **{
        f"monitoring.{name}": "the socket is closed, and nothing that a page shows has changed"
        for name in ("close_sockets", "close_sockets_of")
    },
    "accounts.make_admin": "nothing that a live page shows",
    "history.keep_note": "the history is a snapshot; its owner comes back to it from the note",
    "portfolio.keep_ledger_check": "the health view tells operators, no live page does",
    "portfolio.pays": "says what an action is, and writes nothing",
    **{
        f"alerts.{name}": "operators are told, no live page shows it"
        for name in (
            "look",
            "bring_forward",
            "judge",
            "rest",
            "end",
            "put_out",
            "judged_now",
            "point_of",
            "tell",
            "acknowledge",
            "claim",
            "waiting",
            "settle",
            "troubled",
            "try_again",
            "keep_span",
        )
    },
    **{
        f"canary.{name}": "of the desk's own canary, which no page shows"
        for name in ("claim", "sing", "land", "call_off")
    },
    **{
        f"incidents.{name}": "the status page and the admin are no live pages"
        for name in (
            "follow_alert",
            "regrade",
            "worsen",
            "say",
            "resolve",
            "count_look",
            "count_silence",
            "count",
        )
    },
    **{
        f"usage.{name}": "sums of use are shown to staff, on no live page"
        for name in (
            "book",
            "book_hours",
            "see",
            "see_live",
            "mark_release",
            "choose",
            "tidy",
            "roll_up_events",
            "forget",
            "locked",
        )
    },
    **{f"secrets.{name}": "sealed anew, the same text" for name in ("rotate", "step", "rows_of", "move")},
    "audit.record": "the audit log is read in the admin",
    "accounts.demo_trader": "makes a user; nobody's page is open yet",
}
