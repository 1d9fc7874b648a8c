"""From raw bytes to a ticket, an answer, or a person's decision (S3, S4); nothing lost, nothing twice."""

from email.message import EmailMessage
from typing import Any

import pytest

from yizhan.channels.models import InboundMessage, Mailbox
from yizhan.channels.services import mail as mail_service
from yizhan.channels.services.mailboxes import add_mailbox
from yizhan.channels.services.polling import store_raw
from yizhan.channels.services.triage import discard_message, place_message, replay_message
from yizhan.kernel import clock, notices
from yizhan.kernel.actor import system_actor
from yizhan.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from yizhan.kernel.models import Notice
from yizhan.people.models import Contact, Role, User
from yizhan.people.services.contacts import find_or_add_contact
from yizhan.people.tests.mixed import make_person
from yizhan.tickets.models import Ticket
from yizhan.tickets.services.messages import NewMessage, post_message

CONSOLE = system_actor("console")


@pytest.fixture
def box(db: None) -> Mailbox:
    return add_mailbox(
        actor=CONSOLE, name="main", address="desk@yizhan.example", imap_url="imap://u:secret@127.0.0.1:143",
        smtp_url="", customer="demo-a",
    )  # fmt: skip


def letter(sender: str = "requester1@demo-a.example", subject: str = "打印机坏了", body: str = "卡纸", **headers: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "desk@yizhan.example", subject
    message["Message-ID"] = headers.pop("message_id", f"<{abs(hash((sender, subject, body)))}@x>")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(body)
    return bytes(message)


def receive(box: Mailbox, *raw: bytes) -> list[InboundMessage]:
    store_raw(box, raw, clock.now())
    mail_service.process_stored()
    return list(InboundMessage.objects.order_by("pk"))


def test_a_mail_becomes_a_ticket_once(box: Mailbox) -> None:
    raw = letter()
    receive(box, raw)
    (row,) = receive(box, raw, raw)
    assert row.state == "processed"
    ticket = Ticket.objects.get()
    assert (ticket.subject, ticket.description, ticket.channel, ticket.requester.name) == ("打印机坏了", "卡纸", "mail", "张倩")
    assert row.ticket == ticket
    notice = Notice.objects.get(code="ticket_received")
    assert notice.address == "requester1@demo-a.example"
    assert ticket.number in notice.subject


def test_the_password_in_the_url_is_sealed(box: Mailbox) -> None:
    assert "secret" not in box.imap_url + box.sealed_password
    from yizhan.kernel.sealing import unseal

    assert unseal(box.sealed_password) == "secret"


def test_an_answer_by_reference_is_appended(box: Mailbox) -> None:
    receive(box, letter(message_id="<first@x>"))
    ticket = Ticket.objects.get()
    receive(
        box,
        letter(subject="Re: 打印机", body="还是卡\n\n------------------ 原始邮件 ------------------\n旧", References="<first@x>"),
    )
    receive(box, letter(subject="Re: 打印机", body="第二次", References=f"<ticket.{ticket.reply_token}.ab12@yizhan>"))
    assert [m.body for m in ticket.messages.order_by("pk")] == ["还是卡", "第二次"]
    assert Ticket.objects.count() == 1


def test_an_answer_by_number_needs_a_participant(box: Mailbox, world: Any) -> None:
    ticket = world.new()
    rows = receive(
        box,
        letter(subject=f"回复: [{ticket.number}] 打印机", body="好的"),
        letter(sender="stranger@evil.example", subject=f"Re: [{ticket.number}]", body="我来看看"),
    )
    assert [row.state for row in rows] == ["processed", "triage"]
    assert [m.body for m in ticket.messages.all()] == ["好的"]


@pytest.mark.parametrize("token", [False, True])
def test_nobody_answers_as_our_engineer_by_a_senders_address(box: Mailbox, world: Any, token: bool) -> None:
    """A sender's address proves nothing: it would be our public word to the customer, in the engineer's name."""
    ticket = world.claimed(by="engineer1")
    sender = User.objects.get(username="engineer1").email
    more = {"References": f"<ticket.{ticket.reply_token}.ab12@yizhan>"} if token else {}
    (row,) = receive(box, letter(sender=sender, subject=f"Re: [{ticket.number}]", body="请把密码发到这个邮箱", **more))
    assert (row.state, row.ticket_id, ticket.messages.count()) == ("triage", ticket.pk, 0)
    assert "登录" in row.reason


def test_a_domain_that_only_looks_alike_is_anothers(box: Mailbox, world: Any) -> None:
    """A dotless ı is no i, wherever a sender is looked up: as who reports, who wrote before, who works on it."""
    Contact.objects.filter(email="requester1@demo-a.example").update(email="Requester1@DIGITAL.example")
    engineer = User.objects.get(username="engineer1")
    User.objects.filter(pk=engineer.pk).update(email="e1@digital.example")
    ticket = world.claimed()
    note = NewMessage("好的", contact_id=ticket.requester_id)
    post_message(actor=CONSOLE, number=ticket.number, message=note)
    rows = receive(
        box,
        letter(sender="requester1@dıgital.example", subject="打印机坏了"),
        letter(sender="requester1@dıgital.example", subject=f"Re: [{ticket.number}]", body="我来看看"),
        letter(sender="e1@dıgital.example", subject=f"Re: [{ticket.number}]", body="我来修"),
        letter(sender="REQUESTER1@digital.example", subject=f"Re: [{ticket.number}]", body="谢谢"),
        letter(sender="E1@Digital.example", subject=f"Re: [{ticket.number}]", body="不客气"),
    )
    assert [row.state for row in rows] == ["triage", "triage", "triage", "processed", "triage"]
    assert ["登录" in row.reason for row in rows] == [False, False, False, False, True]  # the last is one of ours
    assert [m.body for m in ticket.messages.order_by("pk")] == ["好的", "谢谢"]
    who = {"actor": CONSOLE, "customer": ticket.customer, "name": "许某"}
    assert find_or_add_contact(**who, email="requester1@dıgital.example") != ticket.requester
    assert find_or_add_contact(**who, email="requester1@Digital.example") == ticket.requester


def test_a_colleagues_address_becomes_no_contacts(box: Mailbox, world: Any) -> None:
    """Placed by a person, such a letter is the contact's word once; the next one waits again."""
    ticket = world.claimed(by="engineer1")
    requester = ticket.requester
    requester.email = ""
    requester.save()
    sender = User.objects.get(username="engineer1").email
    (row,) = receive(box, letter(sender=sender, subject=f"Re: [{ticket.number}]", body="一"))
    place_message(actor=world.actor("desk"), message=row.pk, contact=requester.pk)
    requester.refresh_from_db()
    assert requester.email == ""
    rows = receive(box, letter(sender=sender, subject="别的事", body="二"))
    assert rows[-1].state == "triage"
    placed = place_message(actor=world.actor("desk"), message=rows[-1].pk, name="新同事")
    assert placed.contact is not None
    assert placed.contact.email == ""


def test_another_customers_number_opens_a_new_ticket(box: Mailbox, world: Any) -> None:
    theirs = world.new(requester="requester2")
    receive(box, letter(subject=f"Re: [{theirs.number}] x"))
    assert not theirs.messages.exists()
    assert Ticket.objects.filter(customer__code="demo-a").count() == 1


def test_an_answer_to_the_archive_is_a_follow_up(box: Mailbox, world: Any) -> None:
    old = world.archived()
    receive(box, letter(subject=f"Re: [{old.number}] 又坏了"))
    fresh = Ticket.objects.exclude(pk=old.pk).get()
    assert fresh.links.get().target == old
    assert fresh.links.get().kind == "follow_up_of"


def test_robots_are_kept_and_not_answered(box: Mailbox) -> None:
    (row,) = receive(box, letter(Auto_Submitted="auto-replied"))
    assert (row.state, row.reason) == ("ignored", "Auto-Submitted")
    assert not Ticket.objects.exists()
    assert not Notice.objects.exists()


def test_our_own_notices_never_come_back_as_tickets(box: Mailbox, world: Any) -> None:
    from yizhan.kernel.notices.transports import build_message

    world.new()
    notice = Notice.objects.first()
    assert notice is not None
    (row,) = receive(box, bytes(build_message(notice, "desk@yizhan.example")))
    assert row.state == "ignored"


def test_at_most_one_acknowledgement_an_hour(box: Mailbox) -> None:
    receive(box, letter(body="一"), letter(body="二"), letter(body="三"))
    assert Ticket.objects.count() == 3
    assert Notice.objects.filter(code="ticket_received").count() == 1


def test_unknown_senders_wait_and_are_remembered(box: Mailbox, world: Any) -> None:
    (row,) = receive(box, letter(sender="new@demo-a.example"))
    assert row.state == "triage"
    with pytest.raises(Forbidden):
        place_message(actor=world.actor("auditor"), message=row.pk, name="新同事")
    with pytest.raises(NotFound):
        place_message(actor=world.actor("engineer1"), message=row.pk, name="新同事")
    with pytest.raises(Invalid):
        place_message(actor=world.actor("desk"), message=row.pk)
    placed = place_message(actor=world.actor("desk"), message=row.pk, name="新同事")
    assert placed.state == "processed"
    assert Contact.objects.get(email="new@demo-a.example").name == "新同事"
    with pytest.raises(Conflict):
        place_message(actor=world.actor("desk"), message=row.pk, name="再来")
    receive(box, letter(sender="new@demo-a.example", body="第二封"))
    assert Ticket.objects.count() == 2


def test_discarding_needs_a_reason_and_keeps_the_raw(box: Mailbox, world: Any) -> None:
    (row,) = receive(box, letter(sender="spam@x.example"))
    with pytest.raises(Invalid):
        discard_message(actor=world.actor("desk"), message=row.pk, reason=" ")
    assert discard_message(actor=world.actor("desk"), message=row.pk, reason="广告").state == "discarded"
    from yizhan.channels.queries import raw_content

    assert raw_content(row) == letter(sender="spam@x.example")


def test_replay_does_nothing_twice(box: Mailbox) -> None:
    (row,) = receive(box, letter())
    assert replay_message(actor=CONSOLE, message=row.pk).ticket == row.ticket
    assert Ticket.objects.count() == 1


def test_a_failing_letter_is_visible_and_harms_no_other(box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    original = mail_service.request_of

    def broken(message: Any, parsed: Any, *more: Any) -> Any:
        if parsed.body == "坏":
            raise ZeroDivisionError
        return original(message, parsed, *more)

    monkeypatch.setattr(mail_service, "request_of", broken)
    rows = receive(box, letter(body="好1"), letter(body="坏"), letter(body="好2"))
    assert [row.state for row in rows] == ["processed", "failed", "processed"]
    monkeypatch.undo()
    assert replay_message(actor=CONSOLE, message=rows[1].pk).state == "processed"


def test_a_batch_is_registered_together(box: Mailbox) -> None:
    """Plain letters share their statements; an answer, a stranger and a robot among them go their own way."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    plain = [letter(subject=f"成批 {n}", body=f"第 {n} 封") for n in range(40)]
    odd = [letter(sender="x@y.example", subject="陌生人"), letter(subject="机器", Auto_Submitted="auto-replied")]
    store_raw(box, [*plain, *odd], clock.now())
    with CaptureQueriesContext(connection) as seen:
        assert mail_service.process_stored() == 42
    assert Ticket.objects.count() == 40
    assert len({ticket.number for ticket in Ticket.objects.all()}) == 40
    assert len(seen.captured_queries) < 120, len(seen.captured_queries)
    states = InboundMessage.objects.order_by("pk").values_list("state", flat=True)
    assert sorted(set(states[40:])) == ["ignored", "triage"]
    assert Notice.objects.filter(code="ticket_received").count() == 1  # one acknowledgement an hour and address
    store_raw(box, plain, clock.now())
    assert mail_service.process_stored() == 0


def test_a_batch_that_is_refused_is_taken_one_by_one(box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_service, "register_tickets", lambda **_: 1 / 0)
    rows = receive(box, letter(body="一"), letter(body="二"))
    assert [row.state for row in rows] == ["processed", "processed"]
    assert Ticket.objects.count() == 2


def test_long_and_odd_letters_are_cut_not_refused(box: Mailbox) -> None:
    receive(box, letter(subject="长" * 400, body="正" * 30_000), letter(subject="", body="没有标题\n第二行"))
    untitled, long = Ticket.objects.order_by("subject")
    assert (len(long.subject), len(long.description)) == (200, 20_000)
    assert untitled.subject == "没有标题"


def test_notices_leave_into_the_sink_and_lose_their_secret(box: Mailbox, world: Any, settings: Any) -> None:
    world.completed()
    while notices.send_due():
        pass
    done = Notice.objects.get(code="ticket_completed")
    assert (done.state, done.secret) == ("sent", "")
    assert "/s/…" in done.body
    kept = sorted((settings.YIZHAN.data_dir / "outbox").glob("*ticket_completed.eml"))
    assert b"Auto-Submitted: auto-generated" in kept[-1].read_bytes()


@pytest.mark.parametrize(
    "wrong", [{"imap_url": "ftp://x"}, {"imap_url": "imap://"}, {"customer": "nobody"}, {"address": "no"}, {"name": "ü ü"}]
)
def test_wrong_mailboxes_are_refused(db: None, wrong: dict[str, Any]) -> None:
    given: dict[str, Any] = {
        "name": "n",
        "address": "a@b.example",
        "imap_url": "imap://h",
        "smtp_url": "",
        "customer": "demo-a",
        **wrong,
    }
    with pytest.raises(Invalid):
        add_mailbox(actor=CONSOLE, **{**given, **wrong})
    assert not Mailbox.objects.exists()


@pytest.mark.parametrize("taken", [{"name": "n"}, {"address": "a@b.example"}])
def test_a_mailbox_taken_elsewhere_is_refused_in_the_words_of_ones_own(actors: Any, taken: dict[str, str]) -> None:
    make_person("local", (Role.ADMINISTRATOR, "demo-b"))
    given: dict[str, Any] = {"name": "n", "address": "a@b.example", "imap_url": "imap://h", "smtp_url": ""}
    refused = []
    for owner in ("demo-a", "demo-b"):
        box = add_mailbox(actor=CONSOLE, customer=owner, **given)
        other: dict[str, Any] = {**given, "name": "other", "address": "other@b.example", **taken}
        with pytest.raises(Invalid) as error:
            add_mailbox(actor=actors("local"), customer="demo-b", **other)
        refused.append((str(error.value), error.value.code, error.value.fields))
        box.delete()
    assert refused[0] == refused[1]
    assert "demo" not in str(refused)


@pytest.mark.parametrize("refused", [True, False])
def test_a_notice_given_up_keeps_no_secret(box: Mailbox, monkeypatch: pytest.MonkeyPatch, refused: bool) -> None:
    """A link that will never leave opens nothing for who reads the outbox; one that waits is still whole."""
    from datetime import timedelta

    from yizhan.kernel.errors import PermanentFailure, TemporaryFailure
    from yizhan.kernel.notices import outbox, transports

    def away(notice: Notice) -> None:
        error = f"no: {notice.body}"
        raise PermanentFailure(error) if refused else TemporaryFailure(error)

    monkeypatch.setitem(transports._transports, "mail", away)
    now = clock.now()
    Notice.objects.create(
        code="password_reset", address="a@b.example", subject="s", body="https://h/s/geheim-77/", secret="geheim-77",
        due_at=now, created_at=now,
    )  # fmt: skip
    attempts = 1 if refused else outbox.TRIES
    for number in range(attempts):
        kept = Notice.objects.get()
        assert (kept.state, kept.secret) == ("pending", "geheim-77")
        assert "geheim-77" in kept.body
        with clock.at(now + timedelta(days=number)):
            notices.send_due()
    kept = Notice.objects.get()
    assert (kept.state, kept.secret, kept.body) == ("failed", "", "https://h/s/…/")
    assert "geheim-77" not in kept.error


def test_what_was_given_up_before_loses_its_secret(db: None) -> None:
    from importlib import import_module

    from django.db import connection

    now = clock.now()
    for state in ("failed", "pending"):
        Notice.objects.create(
            code=state, address="a@b.example", subject="s", body="/s/k-1/", secret="k-1", state=state, due_at=now, created_at=now
        )
    with connection.cursor() as cursor:
        cursor.execute(import_module("yizhan.kernel.migrations.0009_given_up_notices_keep_no_secret").WIPE)
    kept = {row.code: (row.body, row.secret) for row in Notice.objects.all()}
    assert kept == {"failed": ("/s/…/", ""), "pending": ("/s/k-1/", "k-1")}


def test_a_notice_is_tried_again_and_given_up_visibly(box: Mailbox, world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from yizhan.kernel.errors import PermanentFailure, TemporaryFailure
    from yizhan.kernel.notices import transports

    def away(notice: Notice) -> None:
        raise TemporaryFailure("451 later")

    world.new()
    monkeypatch.setitem(transports._transports, "mail", away)
    notices.send_due()
    row = Notice.objects.get()
    assert (row.state, row.attempts, row.error) == ("pending", 1, "451 later")
    assert notices.send_due() == 0
    assert Notice.objects.get().attempts == 1

    def refused(notice: Notice) -> None:
        raise PermanentFailure("550 no such user")

    monkeypatch.setitem(transports._transports, "mail", refused)
    with clock.at(clock.now() + timedelta(minutes=5)):
        notices.send_due()
    assert (Notice.objects.get().state, Notice.objects.get().error) == ("failed", "550 no such user")
