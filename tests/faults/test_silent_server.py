"""A mail server that says nothing, with sixty letters to be brought there: everything else goes on, and readiness tells."""

import json
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.mail_servers import MailServers
from tests.program import Program

pytestmark = [pytest.mark.server("dovecot")]
NOTICES, MAILS = 60, 5
INSERT = """
INSERT INTO kernel_notice (code, transport, sender, address, subject, body, secret, headers, object_type, state, attempts, due_at,
    created_at, error, claim) SELECT 'silent', 'mail', 'silent@demo-b.example', 'a' || n || '@b.example', 's', 'b', '', '{}', '',
    'pending', 0, now(), now(), '', '' FROM generate_series(1, %s) AS n
"""


@pytest.fixture
def silent() -> Iterator[tuple[int, list[socket.socket]]]:
    """(its port, who has connected so far)."""
    server = socket.create_server(("127.0.0.1", 0))
    taken: list[socket.socket] = []

    def listen() -> None:
        while True:
            try:
                taken.append(server.accept()[0])
            except OSError:
                return

    threading.Thread(target=listen, daemon=True).start()
    yield server.getsockname()[1], taken
    server.close()
    for one in taken:
        one.close()


def database_url(program: Program) -> str:
    """Where the program's database is, as its own worker was told."""
    words = Path(f"/proc/{program.children()['worker']}/environ").read_bytes().split(b"\0")
    return next(w.split(b"=", 1)[1].decode() for w in words if w.startswith(b"YIZHAN_DATABASE_URL="))


def readiness(program: Program) -> dict[str, Any]:
    with urllib.request.urlopen(f"{program.url}/readyz", timeout=10) as answer:
        found: dict[str, Any] = json.loads(answer.read())
        return found


def subjects(program: Program) -> set[str]:
    page = program.api("desk", "GET", "/tickets?limit=200&channel=mail")[1]
    return {item["subject"] for item in page["items"] if item["subject"].startswith("静默")}


def test_one_silent_server_stops_nothing_else(
    program: Program, mail_servers: MailServers, mailbox: str, silent: tuple[int, list[socket.socket]]
) -> None:
    port, taken = silent
    program.run(
        "channel", "mail", "add", "--name", "silent", "--address", "silent@demo-b.example", "--customer", "demo-b",
        "--imap", f"imap://127.0.0.1:{port}", "--smtp", f"smtp://127.0.0.1:{port}",
    )  # fmt: skip
    with psycopg.connect(database_url(program), autocommit=True) as database:
        database.execute(INSERT, [NOTICES])
        end = time.monotonic() + 120
        while not taken and time.monotonic() < end:
            time.sleep(0.2)
        assert taken, "nobody tried"
        for index in range(MAILS):
            mail_servers.send("requester1@demo-a.example", f"静默 {index}", "正文")
        while len(subjects(program)) < MAILS and time.monotonic() < end:
            time.sleep(0.5)
        assert len(subjects(program)) == MAILS
        while not {f"smtp 127.0.0.1:{port}", f"imap 127.0.0.1:{port}"} <= set(readiness(program)["degraded"]):
            assert time.monotonic() < end, readiness(program)
            time.sleep(0.5)
        tried = database.execute("SELECT sum(attempts) FROM kernel_notice WHERE code = 'silent'").fetchone()
        assert tried is not None
        assert tried[0] < NOTICES / 4, "each of the sixty would have waited for the server"
        database.execute("DELETE FROM kernel_notice WHERE code = 'silent'")
        database.execute("UPDATE channels_mailbox SET active = false WHERE name = 'silent'")
        database.execute("DELETE FROM kernel_foreignserver")
    assert readiness(program)["ready"]
