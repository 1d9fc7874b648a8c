"""Letters are claimed before they are read: counted, done once, and given up only when trying again cannot help."""

import secrets
import threading
from collections.abc import Iterator
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
from yizhan.kernel import claims, clock
from yizhan.kernel.actor import system_actor
from yizhan.kernel.errors import Conflict
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


def take() -> list[InboundMessage]:
    return claims.take(InboundMessage.objects.filter(state="stored"), most=100, seconds=mail_service.HELD)


def test_what_another_holds_is_left_alone(box: Mailbox) -> None:
    stored(box, letter())
    assert take()[0].attempts == 1
    assert mail_service.process_stored() == 0
    with clock.at(clock.now() + timedelta(seconds=mail_service.HELD + 1)):
        assert mail_service.process_stored() == 1
    assert Ticket.objects.count() == 1


def test_a_slow_worker_writes_nothing_after_its_claim_went_over(box: Mailbox) -> None:
    (row,) = stored(box, letter())
    (slow,) = take()
    read = {row.pk: mail_service.attempt(slow, letter())}
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
        with clock.at(at):
            claims.take(InboundMessage.objects.filter(state="stored").order_by("attempts"), most=1, seconds=1)
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
