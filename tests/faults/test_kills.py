"""SIGKILL of worker and PostgreSQL during a stream of 200 mails and calls of the API: none twice, nothing lost."""

import os
import random
import signal
import threading
import time

import pytest

from tests.mail_servers import MailServers
from tests.program import Program

pytestmark = [pytest.mark.server("dovecot")]
MAILS = 200
KILLS = int(os.environ.get("TEST_KILLS", "5"))  # thirty: TEST_KILLS=30 ./yizhan test tests/faults/test_kills.py
NEW = {"customer": "demo-a", "requester": {"name": "张倩", "phone": "13800005678"}}


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


def listed(program: Program) -> list[str]:
    """The subjects of every ticket of the stream, however it came."""
    found: list[str] = []
    cursor = ""
    while True:
        page = program.api("desk", "GET", f"/tickets?limit=200{cursor}")[1]
        found += [item["subject"] for item in page["items"] if item["subject"].startswith(("杀进程", "杀接口"))]
        if not page["next"]:
            return found
        cursor = f"&cursor={page['next']}"


def test_kills_during_mails_and_calls(program: Program, mail_servers: MailServers, mailbox: str) -> None:
    """Every mail becomes one ticket, and so does every call that was acknowledged; what was not, may be there once."""
    stop, acknowledged, asked = threading.Event(), list[str](), list[str]()

    def send() -> None:
        for index in range(MAILS):
            mail_servers.send("requester1@demo-a.example", f"杀进程 {index:03d}", "正文")

    def call() -> None:
        while not stop.is_set():
            subject = f"杀接口 {len(asked):04d}"
            asked.append(subject)
            try:
                status, _ = program.api("desk", "POST", "/tickets", {**NEW, "subject": subject})
            except (OSError, ValueError):  # cut off, or an answer that is no JSON: not acknowledged
                status = 0
            if status == 201:
                acknowledged.append(subject)
            time.sleep(0.3)

    program.api("desk", "GET", "/tickets?limit=1")
    workers = [threading.Thread(target=send), threading.Thread(target=call)]
    for worker in workers:
        worker.start()
    dice = random.Random(KILLS)
    for number in range(KILLS):
        time.sleep(dice.uniform(0.5, 4))
        kill(program, ("worker", "postgres")[number % 2] if number < 2 else dice.choice(["worker", "postgres"]))
        program.wait_ready()
    stop.set()
    for worker in workers:
        worker.join()
    program.wait_ready()
    wanted = {f"杀进程 {index:03d}" for index in range(MAILS)}
    end = time.monotonic() + 400
    while time.monotonic() < end and not wanted <= set(listed(program)):
        time.sleep(2)
    found = listed(program)
    assert len(found) == len(set(found)), "something was done twice"
    assert wanted | set(acknowledged) <= set(found), "something was lost"
    assert set(found) <= wanted | set(asked)
    assert "✓" in program.run("audit", "verify")
    print(f"{KILLS} kills: {MAILS} mails, {len(acknowledged)} of {len(asked)} calls acknowledged, {len(found)} tickets")
