"""What one button does in several steps is one command: all of it or nothing, again after a deadlock, refusals audited."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from yizhan.kernel import commands
from yizhan.kernel.errors import Forbidden, Invalid
from yizhan.kernel.models import Attachment, AuditEntry, StoredEvent
from yizhan.people.models import Contact
from yizhan.tickets.models import Message, Ticket
from yizhan.tickets.services.composing import Caller, DeskEntry, Finish, finish_work, register_at_desk
from yizhan.tickets.services.working import arrive_at_ticket


def rows() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Ticket, Contact, Attachment, Message, StoredEvent))


def new_caller() -> Caller:
    return Caller(customer="demo-a", name="新来的", phone="13400002222")


def test_caller_ticket_and_dispatch_in_one(world: Any) -> None:
    ticket = register_at_desk(
        actor=world.actor("desk"), entry=DeskEntry(new_caller(), "打印机脱机\n二楼", dispatch_to="engineer1")
    )
    assert (ticket.subject, ticket.description, ticket.sub_state) == ("打印机脱机", "打印机脱机\n二楼", "offered")
    assert ticket.requester.name == "新来的"


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        (DeskEntry(new_caller(), "x", dispatch_to="nobody"), Invalid), (DeskEntry(new_caller(), "  "), Invalid),
        (DeskEntry(new_caller(), "x", done="教他写公式"), Forbidden), (DeskEntry(Caller(customer="none", name="谁"), "x"), Invalid),
        (DeskEntry(Caller(), "x"), Invalid),
    ],
)  # fmt: skip
def test_nothing_is_left_of_what_is_refused(world: Any, entry: DeskEntry, error: type[Exception]) -> None:
    before = rows()
    with pytest.raises(error):
        register_at_desk(actor=world.actor("desk"), entry=entry)
    assert rows() == before


def test_a_refused_composite_is_in_the_audit(world: Any) -> None:
    before = AuditEntry.objects.filter(outcome="refused").count()
    with pytest.raises(Forbidden):
        register_at_desk(actor=world.actor("desk"), entry=DeskEntry(new_caller(), "x", done="教他写公式"))
    row = AuditEntry.objects.filter(outcome="refused").order_by("-id")[0]
    assert AuditEntry.objects.filter(outcome="refused").count() == before + 1
    assert row.command == "register_at_desk"


def test_finish_work_leaves_submits_and_decides(world: Any) -> None:
    ticket = world.judged()
    arrive_at_ticket(actor=world.actor("engineer1"), number=ticket.number)
    ticket.refresh_from_db()
    finish = Finish(world.sheet(mode="on_site"), leave=True, decision="routine")
    done = finish_work(actor=world.actor("engineer1"), number=ticket.number, finish=finish, version=ticket.version)
    assert (done.state, done.knowledge) == ("completed", "routine")
    assert not done.visits.filter(left_at=None).exists()


def test_a_sheet_that_is_refused_leaves_the_visit_open(world: Any) -> None:
    ticket = world.judged()
    arrive_at_ticket(actor=world.actor("engineer1"), number=ticket.number)
    finish = Finish(world.sheet(mode="on_site"), leave=True, decision="linked")  # without an article
    with pytest.raises(Invalid):
        finish_work(actor=world.actor("engineer1"), number=ticket.number, finish=finish)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.sub_state) == ("in_progress", "on_site")
    assert ticket.visits.filter(left_at=None).exists()


def test_a_message_that_is_refused_leaves_no_file(page: Any, world: Any) -> None:
    ticket = world.archived()
    before = rows()
    sent = page("engineer1").post(
        f"/tickets/{ticket.number}/messages/", {"body": "x", "files": SimpleUploadedFile("a.txt", b"x")}
    )
    assert sent.status_code == 409
    assert rows() == before


def test_a_report_and_its_photos_stand_or_fall_together(page: Any, world: Any, settings: Any) -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
    sent = page("requester1").post("/report/", {"what": "没网", "photos": SimpleUploadedFile("a.png", png)})
    assert sent.status_code == 302
    ticket = Ticket.objects.get()
    assert Attachment.objects.get(owner_id=ticket.pk, owner_type="tickets.ticket").name == "a.png"
    before = rows()
    assert page("requester1").post("/report/", {"what": " ", "photos": SimpleUploadedFile("a.png", png)}).status_code == 422
    assert rows() == before


def test_no_command_waits_for_a_foreign_server(world: Any) -> None:
    """The drivers themselves refuse to be called with a transaction held open."""
    from yizhan.channels.models import Mailbox
    from yizhan.channels.services.mailboxes import try_mailbox

    @commands.command
    def careless(*, actor: Any) -> int:
        return try_mailbox(Mailbox(name="x", address="x@y.example", imap_url="imap://127.0.0.1:1"))

    with pytest.raises(RuntimeError, match="inside a transaction"):
        careless(actor=world.actor("admin"))
