"""The shipped reverse proxy configurations, read by the real proxies."""

import json
import os
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.mail_servers import free_port
from tests.program import ROOT


@pytest.mark.server("nginx")
def test_the_shipped_nginx_configuration_is_valid_and_says_what_the_guide_says(tmp_path: Path) -> None:
    own = (ROOT / "deploy/nginx.conf").read_text()
    names = ["-keyout", str(tmp_path / "privkey.pem"), "-out", str(tmp_path / "fullchain.pem"), "-subj", "/CN=localhost"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names]
    subprocess.run(made, check=True, capture_output=True)
    conf = tmp_path / "nginx.conf"
    http = own.replace("/etc/ssl/yizhan/", f"{tmp_path}/")
    conf.write_text(f"pid {tmp_path}/pid; error_log stderr; events {{ }}\nhttp {{ access_log off;\n{http}\n}}\n")
    done = subprocess.run(["nginx", "-t", "-c", str(conf)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr
    assert "proxy_set_header X-Forwarded-For   $remote_addr;" in own  # replaced, never extended: one trusted proxy


class Told(BaseHTTPRequestHandler):
    """Answers with what it was told of the request."""

    def do_GET(self) -> None:
        told = json.dumps({**{name.lower(): value for name, value in self.headers.items()}, "port": self.server.server_port})
        self.send_response(200)
        self.end_headers()
        self.wfile.write(told.encode())

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        while size and (chunk := self.rfile.read(min(size, 2**20))):
            size -= len(chunk)
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def pages() -> Iterator[tuple[int, int]]:
    """The ports of two upstreams: the pages and the event stream."""
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Told) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield servers[0].server_port, servers[1].server_port
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def caddy(pages: tuple[int, int], tmp_path: Path) -> Iterator[str]:
    """The shipped Caddyfile in a real Caddy, with our ports and without a certificate."""
    port, conf = free_port(), tmp_path / "Caddyfile"
    own = (ROOT / "deploy/Caddyfile").read_text()
    changes = {"desk.example.com {": f"http://127.0.0.1:{port} {{", ":8000": f":{pages[0]}", ":8001": f":{pages[1]}"}
    for theirs, ours in {**changes, "\tservers {": "\tadmin off\n\tservers {"}.items():
        assert own.count(theirs) == 1
        own = own.replace(theirs, ours)
    conf.write_text(own)
    env = {**os.environ, "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    with (tmp_path / "log").open("wb") as log:
        running = subprocess.Popen(["caddy", "run", "--config", str(conf)], env=env, stdout=log, stderr=log)
    end = time.monotonic() + 20
    while time.monotonic() < end:
        assert running.poll() is None, (tmp_path / "log").read_text()
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
            break
        except OSError:
            time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    running.terminate()
    running.wait(20)


def through(url: str, data: bytes | None = None) -> dict[str, str]:
    request = urllib.request.Request(url, data=data, headers={"X-Forwarded-For": "192.0.2.66, 192.0.2.67"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, str] = json.loads(answer.read())
        return found


def passes(url: str, megabytes: int) -> bool:
    """Too much is a 413, a 502 (before Caddy 2.7), or no answer where it leaves while we are still sending."""
    try:
        through(f"{url}/", b"0" * megabytes * 2**20)
    except OSError:
        return False
    return True


@pytest.mark.server("caddy")
def test_the_shipped_caddyfile_does_what_the_guide_says(caddy: str, pages: tuple[int, int]) -> None:
    page, events = through(f"{caddy}/tickets/"), through(f"{caddy}/events?pass=x")
    assert (page["port"], events["port"]) == pages
    assert (page["x-forwarded-for"], page["host"]) == ("127.0.0.1", caddy.removeprefix("http://"))  # replaced, never extended
    assert passes(caddy, 30)
    assert not passes(caddy, 65)
