"""A stand-in for Discord's OAuth2 server and for what bots ask, on loopback, in the wire format Discord documents."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

BOT_TOKEN = "fake.bot-token"
UNAUTHORIZED = {"message": "401: Unauthorized", "code": 0}
CLIENT_ID, CLIENT_SECRET = "157730590492196864", "fake-client-secret"
NELLY = {
    "id": "80351110224678912",
    "username": "nelly",
    "discriminator": "0",
    "global_name": "Nelly T",
    "avatar": "8342729096ea3675442027381ff50dfe",
    "verified": True,
    "email": "nelly@example.com",
    "flags": 64,
    "banner": None,
    "accent_color": 16711680,
    "premium_type": 1,
    "public_flags": 64,
    "locale": "en-US",
    "mfa_enabled": True,
}


class FakeDiscord:
    """Signs in whoever `profile` is; keeps the codes and tokens it gave out.

    Of the bot it keeps the messages by recipient; who is in `closed` takes none, and the next requests are slowed down
    by the seconds in `waits`.
    """

    def __init__(self) -> None:
        self.profile: dict[str, Any] = dict(NELLY)
        self.profile_status = 200
        self.grants: dict[str, dict[str, str]] = {}
        self.tokens: set[str] = set()
        self.asked: dict[str, str] = {}
        self.bot_token = BOT_TOKEN
        self.channels: dict[str, str] = {}
        self.messages: list[tuple[str, dict[str, Any]]] = []
        self.closed: set[str] = set()
        self.waits: list[float] = []
        self.agents: set[str] = set()
        self.bot_asked: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Answers,), {"discord": self}))

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def authorize(self, asked: dict[str, str]) -> tuple[int, str]:
        """The consent page, or why Discord would not show it."""
        self.asked = asked
        if asked.get("client_id") != CLIENT_ID or asked.get("response_type") != "code":
            return 400, "Invalid OAuth2 authorize request"
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            return 400, "PKCE is missing"
        code = secrets.token_urlsafe(22)
        self.grants[code] = asked
        yes = urlencode({"code": code, "state": asked["state"]})
        no = urlencode(
            {
                "error": "access_denied",
                "error_description": "The resource owner or authorization server denied the request",
                "state": asked["state"],
            }
        )
        page = '<!doctype html><title>Discord</title><link rel="icon" href="data:,">'
        for label, query in (("Authorize", yes), ("Cancel", no)):
            page += f'<a href="{escape(asked["redirect_uri"])}?{escape(query)}">{label}</a>'
        return 200, page

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """A token for a code that was given for this client, address and verifier; each code once."""
        if form.get("client_id") != CLIENT_ID or form.get("client_secret") != CLIENT_SECRET:
            return 401, {"error": "invalid_client"}
        grant = self.grants.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            grant is None
            or form.get("grant_type") != "authorization_code"
            or grant["redirect_uri"] != form.get("redirect_uri")
            or grant["code_challenge"] != challenge
        ):
            return 400, {"error": "invalid_grant", "error_description": 'Invalid "code" in request.'}
        token = secrets.token_urlsafe(22)
        self.tokens.add(token)
        return 200, {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": 604800,
            "refresh_token": secrets.token_urlsafe(22),
            "scope": "identify email",
        }

    def me(self, authorization: str) -> tuple[int, dict[str, Any]]:
        if authorization.removeprefix("Bearer ") not in self.tokens:
            return 401, UNAUTHORIZED
        return self.profile_status, self.profile

    def bot(self, path: str, authorization: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Create DM and Create Message; a channel stays the same for the same two."""
        if authorization != f"Bot {self.bot_token}":
            return 401, UNAUTHORIZED
        if self.waits:
            return 429, {"message": "You are being rate limited.", "retry_after": self.waits.pop(0), "global": False}
        if path == "/users/@me/channels":
            recipient = str(body.get("recipient_id"))
            channel = self.channels.setdefault(recipient, f"31937124472045{len(self.channels):04}")
            return 200, {"id": channel, "type": 1, "last_message_id": None, "recipients": [{"id": recipient}]}
        known = {f"/channels/{channel}/messages": recipient for recipient, channel in self.channels.items()}
        if path not in known:
            return 404, {"message": "Unknown Channel", "code": 10003}
        if known[path] in self.closed:
            return 403, {"message": "Cannot send messages to this user", "code": 50007}
        if not 0 < len(body.get("content", "")) <= 2000:
            return 400, {"message": "Invalid Form Body", "code": 50035, "errors": {}}
        self.messages.append((known[path], body))
        return 200, {"id": "334385199974967042", "channel_id": self.channels[known[path]], "content": body["content"]}


class Answers(BaseHTTPRequestHandler):
    """HTTP in front of FakeDiscord."""

    discord: FakeDiscord

    def log_message(self, *words: Any) -> None:
        """Say nothing: the tests' output is not a server's log."""

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path == "/oauth2/authorize":
            asked = {name: values[0] for name, values in parse_qs(address.query).items()}
            status, page = self.discord.authorize(asked)
            self.answer(status, "text/html", page)
        elif address.path == "/users/@me":
            status, profile = self.discord.me(self.headers.get("Authorization", ""))
            self.answer(status, "application/json", json.dumps(profile))
        else:
            self.answer(404, "application/json", json.dumps({"message": "404: Not Found", "code": 0}))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if not self.path.startswith("/oauth2/"):
            self.discord.bot_asked.append(self.path)
            self.discord.agents.add(self.headers.get("User-Agent", ""))
            asker = self.headers.get("Authorization", "")
            status, said = self.discord.bot(self.path, asker, json.loads(body))
            after = {"Retry-After": str(math.ceil(said["retry_after"]))} if status == 429 else {}
            self.answer(status, "application/json", json.dumps(said), after)
            return
        status, answer = self.discord.token({name: values[0] for name, values in parse_qs(body).items()})
        self.answer(status, "application/json", json.dumps(answer))

    def answer(self, status: int, kind: str, text: str, more: dict[str, str] | None = None) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (more or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def running() -> Iterator[FakeDiscord]:
    discord = FakeDiscord()
    thread = threading.Thread(target=discord.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield discord
    finally:
        discord.server.shutdown()
        thread.join()
        discord.server.server_close()
