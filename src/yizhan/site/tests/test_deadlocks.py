"""Two real connections that wait for each other: whoever is sent away comes again, under an Idempotency-Key too."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, LiteralString

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections

from yizhan.kernel.models import IdempotencyKey
from yizhan.kernel.testing.api import ApiClient
from yizhan.people.models import User
from yizhan.tickets.models import Ticket, TicketLink

NEW = {"customer": "demo-a", "requester": {"name": "张倩", "phone": "13800005678"}, "subject": "打印机显示脱机"}
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@pytest.fixture
def other(committed: str) -> Iterator[psycopg.Connection[Any]]:
    """Somebody else, who never gives up: of two that wait for each other, ours is the one that is sent away."""
    with psycopg.connect(committed, autocommit=True) as opened:
        opened.execute("SET deadlock_timeout = '10min'")
        opened.execute(f"""ALTER DATABASE "{opened.info.dbname}" SET deadlock_timeout = '4s'""")
        connections.close_all()
        yield opened


LOCK_TICKET = "SELECT 1 FROM tickets_ticket WHERE number = %s FOR UPDATE"
LOCK_CONTENT = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
TAKE_KEY = """
INSERT INTO kernel_idempotencykey (actor, path, key, body_digest, status, created_at)
VALUES (%s, 'POST /api/v1/attachments', 'k', '', 0, now())
"""
Statement = tuple[LiteralString, str]


def crossed(other: psycopg.Connection[Any], theirs: Statement, act: Callable[[], Any], ours: Statement) -> Any:
    """`act` in a thread, stopped where the other has `theirs`; then the other asks for what `act` holds, until it lets go."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(act())
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    with other.transaction(force_rollback=True):
        other.execute(theirs[0], [theirs[1]])
        thread.start()
        while other.execute(WAITING).fetchone() == (0,):
            assert thread.is_alive(), found
            time.sleep(0.02)
        other.execute(ours[0], [ours[1]])
    thread.join()
    return found[0]


def test_a_command_that_is_sent_away_comes_again_under_a_key(other: psycopg.Connection[Any]) -> None:
    desk = ApiClient("desk")
    one, two = (desk.post("/tickets", NEW)["number"] for _ in range(2))
    body = {"to": two, "kind": "related"}
    answer = crossed(
        other,
        (LOCK_TICKET, two),
        lambda: desk.post(f"/tickets/{one}/actions/link", body, Idempotency_Key="k"),
        (LOCK_TICKET, one),
    )
    assert answer.status == 200, answer
    assert TicketLink.objects.filter(source__number=one, target__number=two).count() == 1
    assert desk.post(f"/tickets/{one}/actions/link", body, Idempotency_Key="k").body == answer.body
    assert Ticket.objects.get(number=one).version == answer["version"]


def test_an_upload_is_read_again_from_its_beginning(other: psycopg.Connection[Any]) -> None:
    desk, content = ApiClient("desk"), b"what was on the screen" * 100
    digest = hashlib.sha256(content).hexdigest()
    label = f"user:{User.objects.get(username='desk').pk}"

    def upload() -> Any:
        return desk.client.post(
            "/api/v1/attachments",
            {"file": SimpleUploadedFile("screen.txt", content)},
            headers={**desk.headers, "Idempotency-Key": "k"},
        )

    answer = crossed(
        other,
        (LOCK_CONTENT, f"file:0/{digest}"),
        upload,
        (TAKE_KEY, label),
    )
    assert answer.status_code == 201, answer.content
    assert answer.json()["size"] == len(content)
    assert IdempotencyKey.objects.get(key="k").status == 201
