"""SIGKILL of worker and PostgreSQL during a stream of 200 mails: 200 tickets, none twice, nothing lost."""

import os
import signal
import threading
import time

import pytest

from tests.mail_servers import MailServers
from tests.program import Program

pytestmark = [pytest.mark.xdist_group("program"), pytest.mark.server("dovecot")]
MAILS = 200


def kill(program: Program, victim: str) -> None:
    """SIGKILL; a worker that is just being restarted after the last blow is waited for."""
    end = time.monotonic() + 30
    while True:
        try:
            pid = program.postmaster() if victim == "postgres" else program.children()["worker"]
            os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, KeyError, FileNotFoundError):
            assert time.monotonic() < end
            time.sleep(0.2)
        else:
            return


def subjects(program: Program) -> list[str]:
    """The subjects of every ticket that came from the stream."""
    found: list[str] = []
    cursor = ""
    while True:
        page = program.api("desk", "GET", f"/tickets?limit=200&channel=mail{cursor}")[1]
        found += [item["subject"] for item in page["items"] if item["subject"].startswith("杀进程")]
        if not page["next"]:
            return found
        cursor = f"&cursor={page['next']}"


def test_five_kills_during_two_hundred_mails(program: Program, mail_servers: MailServers, mailbox: str) -> None:
    def send() -> None:
        for index in range(MAILS):
            mail_servers.send("requester1@demo-a.example", f"杀进程 {index:03d}", "正文")

    sender = threading.Thread(target=send)
    sender.start()
    for victim in ("worker", "postgres", "worker", "postgres", "worker"):
        time.sleep(3)
        kill(program, victim)
        program.wait_ready()
    sender.join()
    end = time.monotonic() + 150
    while time.monotonic() < end and len(subjects(program)) < MAILS:
        time.sleep(2)
    found = subjects(program)
    assert sorted(found) == [f"杀进程 {index:03d}" for index in range(MAILS)]
