"""Letters are claimed before they are read: counted, done once, and given up only when trying again cannot help."""

import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection

from yizhan.channels.models import InboundMessage, Mailbox
from yizhan.channels.services import mail as mail_service
from yizhan.channels.services.phone import add_phone_line
from yizhan.channels.services.polling import store_raw
from yizhan.channels.tests.test_mail import box, letter
from yizhan.kernel import claims, clock, holders, notices
from yizhan.kernel.actor import system_actor
from yizhan.kernel.errors import Conflict
from yizhan.kernel.models import Notice
from yizhan.tickets.models import Ticket

__all__ = ["box"]


@pytest.fixture
def other(db: None) -> Iterator[psycopg.Connection[Any]]:
    """Another process's connection to the same database."""
    given = connection.get_connection_params()
    wanted = {key: given[key] for key in ("host", "port", "user", "password", "dbname") if given.get(key)}
    with psycopg.connect(**wanted) as opened:
        yield opened
        opened.rollback()


def stored(box: Mailbox, *raw: bytes) -> list[InboundMessage]:
    store_raw(box, raw, clock.now())
    return list(InboundMessage.objects.order_by("pk"))


@pytest.fixture
def take() -> Iterator[Callable[[], list[InboundMessage]]]:
    """As a worker of this process that goes on living does."""
    with ExitStack() as living:
        rows = InboundMessage.objects.filter(state="stored")
        yield lambda: living.enter_context(claims.taken(rows, most=100, seconds=mail_service.HELD))


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[str]]:
    """Another process of this machine; its first line is the token under which it claims."""
    words = "import sys; from yizhan.kernel import holders; print(holders.new_token(), flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_what_a_killed_worker_held_is_free_at_once(box: Mailbox, worker: subprocess.Popen[str]) -> None:
    """As long as it lives, however slow and with whatever connection, it keeps its claim."""
    stored(box, letter())
    assert worker.stdout
    until = clock.now() + timedelta(seconds=mail_service.HELD)
    InboundMessage.objects.update(claim=worker.stdout.readline().strip(), held_until=until, attempts=1)
    assert mail_service.process_stored() == 0
    worker.kill()
    worker.wait()
    assert mail_service.process_stored() == 1
    assert (Ticket.objects.count(), InboundMessage.objects.get().attempts) == (1, 2)


def test_a_killed_sender_s_notice_goes_at_once(box: Mailbox, worker: subprocess.Popen[str]) -> None:
    stored(box, letter())
    mail_service.process_stored()
    assert worker.stdout
    token, until = worker.stdout.readline().strip(), clock.now() + timedelta(minutes=3)
    Notice.objects.filter(state="pending").update(claim=token, held_until=until, attempts=1)
    waiting = Notice.objects.filter(claim=token).count()
    assert waiting
    notices.send_due()
    assert Notice.objects.filter(claim=token).count() == waiting
    worker.kill()
    worker.wait()
    notices.send_due()
    assert not Notice.objects.filter(claim=token).exists()


def test_what_one_s_own_process_abandoned_waits_for_a_pause(box: Mailbox) -> None:
    """Its database went away before the result was written: tried again soon, and the attempt is counted."""
    stored(box, letter())
    rows = InboundMessage.objects.filter(state="stored")
    with pytest.raises(ConnectionError), claims.taken(rows, most=100, seconds=mail_service.HELD):
        raise ConnectionError
    assert mail_service.process_stored() == 0
    with clock.at(clock.now() + timedelta(seconds=2 * claims.PAUSE + 1)):
        assert mail_service.process_stored() == 1
    assert InboundMessage.objects.get().attempts == 2


@pytest.mark.parametrize("token", ["", "5f1b0c7a9f0e4f0d8c1b2a3948576601", "0" * 32, "short"])
def test_of_other_machines_and_older_versions_nothing_is_said(token: str) -> None:
    assert not holders.is_dead(token)
    assert not holders.is_own(token)


def test_a_later_process_with_the_same_number_is_another_one() -> None:
    mine = holders.new_token()
    assert holders.is_own(mine)
    assert not holders.is_dead(mine)
    born = slice(holders.MACHINE + holders.PID, -holders.NUMBER)
    earlier = mine[: born.start] + f"{int(mine[born], 16) - 1:0{holders.BORN}x}" + mine[born.stop :]
    assert holders.is_dead(earlier)


def test_what_another_holds_is_left_alone(box: Mailbox, take: Callable[[], list[InboundMessage]]) -> None:
    stored(box, letter())
    assert take()[0].attempts == 1
    assert mail_service.process_stored() == 0
    with clock.at(clock.now() + timedelta(seconds=mail_service.HELD + 1)):
        assert mail_service.process_stored() == 1
    assert Ticket.objects.count() == 1


def test_a_slow_worker_writes_nothing_after_its_claim_went_over(box: Mailbox, take: Callable[[], list[InboundMessage]]) -> None:
    (row,) = stored(box, letter())
    (slow,) = take()
    read = mail_service.attempts([slow], {row.pk: letter()})
    with clock.at(clock.now() + timedelta(seconds=mail_service.HELD + 1)):
        (rescuer,) = take()
        assert rescuer.claim != slow.claim
        mail_service.process_claimed(read, slow.claim)
        assert (Ticket.objects.count(), InboundMessage.objects.get().state) == (0, "stored")
        mail_service.process_claimed(read, rescuer.claim)
        mail_service.process_claimed(read, slow.claim)
    assert (Ticket.objects.count(), InboundMessage.objects.get().state) == (1, "processed")


def test_a_letter_that_kills_its_reader_is_given_up_visibly(box: Mailbox) -> None:
    """Each attempt is counted and committed before it is made; a reader that dies never comes to saying so."""
    stored(box, letter(body="毒"), letter(body="好"))
    at = clock.now()
    for _ in range(mail_service.TRIES):
        rows = InboundMessage.objects.filter(state="stored").order_by("attempts")
        with clock.at(at), claims.taken(rows, most=1, seconds=1):
            pass
        at += timedelta(seconds=5)
    InboundMessage.objects.filter(attempts=0).update(attempts=mail_service.TRIES - 2)
    InboundMessage.objects.filter(pk=InboundMessage.objects.order_by("pk")[0].pk).update(attempts=mail_service.TRIES)
    with clock.at(at):
        mail_service.process_stored()
    bad, good = InboundMessage.objects.order_by("pk")
    assert (bad.state, bad.attempts, good.state) == ("failed", mail_service.TRIES + 1, "processed")
    assert bad.reason


def test_a_letter_that_failed_before_is_read_alone(box: Mailbox) -> None:
    stored(box, letter(body="一"), letter(body="二"), letter(body="三"))
    InboundMessage.objects.filter(pk=InboundMessage.objects.order_by("pk")[0].pk).update(attempts=1)
    assert mail_service.process_batch() == 2
    assert mail_service.process_batch() == 1


def test_what_may_pass_waits_and_does_not_fail(box: Mailbox, other: psycopg.Connection[Any]) -> None:
    """A lock that is not to be had (as a deadlock, as a connection that breaks) is nothing that the letter did."""
    stored(box, letter())
    other.execute("LOCK TABLE tickets_ticket IN ACCESS EXCLUSIVE MODE")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '100ms'")
    assert mail_service.process_stored() == 1
    row = InboundMessage.objects.get()
    assert (row.state, row.attempts, row.ticket) == ("stored", 1, None)
    assert "lock timeout" in row.reason
    other.rollback()
    assert mail_service.process_stored() == 0
    with clock.at(clock.now() + timedelta(minutes=10)):
        assert mail_service.process_stored() == 1
    assert InboundMessage.objects.get().state == "processed"
    assert Ticket.objects.count() == 1


def test_what_never_passes_fails_in_the_end(box: Mailbox, other: psycopg.Connection[Any]) -> None:
    stored(box, letter())
    other.execute("LOCK TABLE tickets_ticket IN ACCESS EXCLUSIVE MODE")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '50ms'")
    for hour in range(mail_service.TRIES):
        with clock.at(clock.now() + timedelta(hours=hour)):
            mail_service.process_stored()
    row = InboundMessage.objects.get()
    assert (row.state, row.attempts) == ("failed", mail_service.TRIES)


def test_whoever_was_quicker_lets_a_letter_wait(box: Mailbox, api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the database refuses for somebody else's sake is a refusal of the command, and passes the next time."""
    new = {"customer": "demo-a", "requester": {"name": "张倩"}, "subject": "打印机显示脱机"}
    with monkeypatch.context() as same:
        same.setattr(secrets, "token_urlsafe", lambda _size: "drawn-twice")
        assert api("desk").post("/tickets", new).status == 201
        stored(box, letter())
        mail_service.process_stored()
    row = InboundMessage.objects.get()
    assert (row.state, row.ticket) == ("stored", None)
    assert "AlreadyThere" in row.reason
    with clock.at(clock.now() + timedelta(minutes=10)):
        assert mail_service.process_stored() == 1
    assert InboundMessage.objects.get().state == "processed"


def test_two_lines_of_one_name_at_the_same_moment(other: psycopg.Connection[Any]) -> None:
    """Nothing looks before; the database decides, in the words of the rule."""
    other.execute("INSERT INTO channels_phoneline (name, sealed_secret, active) VALUES ('race', 'x', true)")
    ends = threading.Timer(0.5, other.commit)
    ends.start()
    try:
        with pytest.raises(Conflict):
            add_phone_line(actor=system_actor("test"), name="race")
    finally:
        ends.join()
        other.execute("DELETE FROM channels_phoneline WHERE name = 'race'")
        other.commit()
