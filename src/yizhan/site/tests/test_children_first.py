"""What a child reads is read before any transaction begins: pictures by page, by REST and by mail.

The sheets of an import go the same way: test_bulk runs them through `works.run_work`.
"""

import io
import os
import threading
import time
from email.message import EmailMessage
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test.client import encode_multipart
from PIL import Image

from yizhan.channels.models import InboundMessage, Mailbox
from yizhan.channels.services import mail
from yizhan.channels.services.mailboxes import add_mailbox
from yizhan.channels.services.polling import store_raw
from yizhan.channels.services.triage import place_message
from yizhan.kernel import attachments, children, clock, rooms
from yizhan.kernel.actor import system_actor
from yizhan.kernel.commands import command
from yizhan.kernel.errors import TemporaryFailure
from yizhan.kernel.models import Attachment


def picture(width: int = 3) -> bytes:
    out = io.BytesIO()
    Image.new("1", (width, width)).save(out, "PNG")
    return out.getvalue()


SIZES = ("yizhan.kernel.readers.pixels:sizes", picture())


def photo(width: int = 3) -> SimpleUploadedFile:
    return SimpleUploadedFile("屏幕.png", picture(width), "image/png")


def test_no_child_while_a_transaction_is_open(db: None) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="transaction"):
        children.run(*SIZES, lengths=[len(picture())])
    assert children.run(*SIZES, lengths=[len(picture())]) == [[3, 3]]


def test_no_child_within_a_command(db: None) -> None:
    @command
    def careless(*, actor: Any) -> None:
        attachments.check("a.png", picture())

    with pytest.raises(RuntimeError, match="transaction"):
        careless(actor=None)


def test_a_report_with_a_picture(page: Any) -> None:
    assert page("requester1").post("/report/", {"what": "没网", "photos": photo()}).status_code == 302
    assert Attachment.objects.get().content_type == "image/png"


def test_a_message_with_a_picture(page: Any, world: Any) -> None:
    ticket = world.new()
    sent = page("desk").post(f"/tickets/{ticket.number}/messages/", {"body": "看图", "files": [photo(), photo(4)]})
    assert (sent.status_code, Attachment.objects.filter(owner_id=ticket.pk).count()) == (302, 2)


def test_a_picture_of_too_many_pixels_is_refused_in_words(page: Any, world: Any) -> None:
    ticket = world.new()
    refused = page("desk").post(f"/tickets/{ticket.number}/messages/", {"body": "看图", "files": photo(9000)})
    assert (refused.status_code, Attachment.objects.count()) == (422, 0)
    assert "像素" in refused.content.decode()


@pytest.mark.parametrize("key", ["", "k"])
def test_a_picture_by_rest(api: Any, key: str) -> None:
    desk = api("desk")
    boundary = os.urandom(12).hex()
    body = encode_multipart(boundary, {"customer": "demo-a", "file": photo()})
    headers = {**desk.headers, **({"Idempotency-Key": key} if key else {})}
    kind = f"multipart/form-data; boundary={boundary}"
    answer = desk.client.generic("POST", "/api/v1/attachments", body, content_type=kind, headers=headers)
    assert answer.status_code == 201, answer.content
    assert Attachment.objects.get().size == len(picture())


def mailbox() -> Mailbox:
    return add_mailbox(
        actor=system_actor("console"), name="main", address="desk@yizhan.example", imap_url="imap://u:secret@127.0.0.1:143",
        smtp_url="", customer="demo-a",
    )  # fmt: skip


def with_pictures(sender: str, number: int | str = "") -> bytes:
    """One that is kept, and one of too many pixels."""
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Message-ID"] = sender, "desk@yizhan.example", f"<{number or 'picture'}@x>"
    letter["Subject"] = "看图"
    letter.set_content("附图")
    letter.add_attachment(picture(), "image", "png", filename=f"屏幕{number}.png")
    letter.add_attachment(picture(9000), "image", "png", filename="大图.png")
    return bytes(letter)


def received(sender: str) -> Any:
    store_raw(mailbox(), [with_pictures(sender)], clock.now())
    mail.process_stored()
    return InboundMessage.objects.get()


def test_a_mail_with_pictures(db: None) -> None:
    """The one of too many pixels is left in the raw mail, the other is the ticket's."""
    message = received("requester1@demo-a.example")
    assert message.state == message.State.PROCESSED, message.reason
    assert [row.name for row in Attachment.objects.filter(owner_id=message.ticket_id)] == ["屏幕.png"]


def test_a_mail_with_pictures_placed_by_a_person(world: Any) -> None:
    message = received("nobody@elsewhere.example")
    assert message.state == message.State.TRIAGE
    placed = place_message(actor=world.actor("desk"), message=message.pk, name="新同事")
    assert [row.name for row in Attachment.objects.filter(owner_id=placed.ticket_id)] == ["屏幕.png"]


def test_children_take_half_of_the_pages_threads_and_no_more() -> None:
    """Of eight threads four may be with children: two of them with running ones. The fifth is told at once."""
    room, held = rooms.Room(2, 2), threading.Event()
    entered: list[str] = []

    def sit() -> None:
        with room.entered("x", 30):
            entered.append("in")
            held.wait(30)

    sitting = [threading.Thread(target=sit) for _ in range(4)]
    for thread in sitting:
        thread.start()
    until = time.monotonic() + 10
    while (room.present._value, len(entered)) != (0, 2):  # all four are there
        assert time.monotonic() < until
        time.sleep(0.01)
    with pytest.raises(TemporaryFailure, match="too many"), room.entered("x", 30):
        pass
    held.set()
    for thread in sitting:
        thread.join()
    assert len(entered) == 4
    with room.entered("x", 0):  # and nothing is kept
        pass


def test_who_waits_too_long_for_a_child_is_told() -> None:
    room = rooms.Room(1, 1)
    with room.entered("x", 0), pytest.raises(TemporaryFailure, match="no child came free"), room.entered("y", 0.01):
        pass


def test_the_pages_of_a_web_process_have_such_a_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "_room", [rooms.Room()])
    for threads, expected in ((8, (2, 4)), (4, (1, 2)), (2, (1, 1))):
        rooms.serve_pages_with(threads)
        assert (rooms.present().running._value, rooms.present().present._value) == expected


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The children that were started, real ones."""
    found: list[str] = []
    real = children.run

    def counted(target: str, *args: Any, **more: Any) -> Any:
        found.append(target)
        return real(target, *args, **more)

    monkeypatch.setattr(children, "run", counted)
    return found


def test_pictures_of_one_batch_of_letters_take_one_child(db: None, started: list[str]) -> None:
    """Each letter gets its own, and one that cannot be read does not keep the others from theirs."""
    box, sent = mailbox(), [with_pictures("requester1@demo-a.example", number) for number in range(1, 5)]
    store_raw(box, [*sent, b"From: requester1@demo-a.example\nSubject: plain\n\nno picture"], clock.now())
    mail.process_stored()
    assert len(started) == 1
    for message in InboundMessage.objects.order_by("pk"):
        kept = Attachment.objects.filter(owner_id=message.ticket_id).values_list("name", flat=True)
        number = message.message_id.strip("<>").partition("@")[0]
        assert (message.state, list(kept)) == ("processed", [f"屏幕{number}.png"] if number else [])


def test_pictures_of_one_form_take_one_child(started: list[str], page: Any) -> None:
    photos = [photo(side) for side in range(2, 11)]
    assert page("requester1").post("/report/", {"what": "没网", "photos": photos}).status_code == 302
    assert (len(started), Attachment.objects.count()) == (1, 9)
