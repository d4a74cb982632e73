"""The proxies that are shipped for a plain machine, on ports of their own; all else of their set-up is as shipped."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.browser.server import ROOT, DeskServer
from tests.ports import free_port
from tests.services import STARTS_WITHIN, program, running


def shipped(name: str, here: Mapping[str, str]) -> str:
    """A shipped file with what is the test's own put in place of what must be there."""
    text = (ROOT / "deploy" / name).read_text()
    for theirs, own in here.items():
        assert theirs in text
        text = text.replace(theirs, own)
    return text


class Front:
    def __init__(self, folder: Path, desk: DeskServer) -> None:
        self.folder, self.plain, self.secure = folder, free_port(), free_port()
        self.prepare(desk)

    def prepare(self, desk: DeskServer) -> None:
        raise NotImplementedError

    def command(self) -> list[str]:
        raise NotImplementedError

    @property
    def certificate(self) -> Path:
        """The one that a visitor trusts."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        return f"https://localhost:{self.secure}"

    @contextmanager
    def started(self) -> Iterator[None]:
        home = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        with running(self.command(), self.secure, self.folder, home):
            self.wait_until_trusted()
            yield

    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))

    def wait_until_trusted(self) -> None:
        """Caddy listens a moment before it has its certificate."""
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                line = socket.create_connection(("127.0.0.1", self.secure), timeout=5)
                with line, self.trusting().wrap_socket(line, server_hostname="localhost"):
                    return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)


class Nginx(Front):
    """With a certificate made for the test."""

    def prepare(self, desk: DeskServer) -> None:
        names = ["-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=localhost"]
        making = [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *names]
        subprocess.run(making, cwd=self.folder, check=True, capture_output=True)
        here = {
            "127.0.0.1:8000": f"127.0.0.1:{desk.port}",
            "listen 80;": f"listen 127.0.0.1:{self.plain};",
            "listen 443 ssl;": f"listen 127.0.0.1:{self.secure} ssl;",
            "desk.example.com;": "localhost;",
            "/etc/letsencrypt/live/desk.example.com/fullchain.pem": str(self.certificate),
            "/etc/letsencrypt/live/desk.example.com/privkey.pem": str(self.folder / "key.pem"),
        }
        (self.folder / "nginx.conf").write_text(
            f"daemon off; pid {self.folder}/pid; error_log {self.folder}/errors; worker_processes 1;\n"
            "events {}\n"
            f"http {{ access_log off; client_body_temp_path {self.folder}/body; "
            f"proxy_temp_path {self.folder}/proxy;\n{shipped('nginx.conf', here)}}}\n"
        )

    @property
    def certificate(self) -> Path:
        return self.folder / "cert.pem"

    def command(self) -> list[str]:
        return [program("nginx"), "-e", str(self.folder / "errors"), "-c", str(self.folder / "nginx.conf")]


class Caddy(Front):
    """Gets its certificate by itself, as shipped: for this machine's name from an authority of its own."""

    def prepare(self, desk: DeskServer) -> None:
        own = {
            "admin": "off",
            "http_port": self.plain,
            "https_port": self.secure,
            "default_bind": "127.0.0.1",
            "skip_install_trust": "",  # nobody else shall believe it
            "storage": f"file_system {self.folder}/kept",
        }
        here = {
            "127.0.0.1:8000": f"127.0.0.1:{desk.port}",
            "desk.example.com {": "localhost {",
            "health_interval 5s": "health_interval 1s",
        }
        options = "".join(f"\t{name} {value}\n" for name, value in own.items())
        (self.folder / "Caddyfile").write_text(f"{{\n{options}}}\n{shipped('Caddyfile', here)}")

    @property
    def certificate(self) -> Path:
        return self.folder / "kept/pki/authorities/local/root.crt"

    def command(self) -> list[str]:
        return [program("caddy"), "run", "--config", str(self.folder / "Caddyfile"), "--adapter", "caddyfile"]
