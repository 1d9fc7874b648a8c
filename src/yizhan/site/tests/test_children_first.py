"""What a child reads is read before any transaction begins: pictures by page, by REST and by mail.

The sheets of an import go the same way: test_bulk runs them through `works.run_work`.
"""

import io
import os
from email.message import EmailMessage
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test.client import encode_multipart
from PIL import Image

from yizhan.channels.models import InboundMessage
from yizhan.channels.services import mail
from yizhan.channels.services.mailboxes import add_mailbox
from yizhan.channels.services.polling import store_raw
from yizhan.channels.services.triage import place_message
from yizhan.kernel import attachments, children, clock
from yizhan.kernel.actor import system_actor
from yizhan.kernel.commands import command
from yizhan.kernel.models import Attachment


def picture(width: int = 3) -> bytes:
    out = io.BytesIO()
    Image.new("1", (width, width)).save(out, "PNG")
    return out.getvalue()


def photo(width: int = 3) -> SimpleUploadedFile:
    return SimpleUploadedFile("屏幕.png", picture(width), "image/png")


def test_no_child_while_a_transaction_is_open(db: None) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="transaction"):
        children.run("yizhan.kernel.readers.pixels:size", picture())
    assert children.run("yizhan.kernel.readers.pixels:size", picture()) == [3, 3]


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


def received(sender: str) -> Any:
    box = add_mailbox(
        actor=system_actor("console"), name="main", address="desk@yizhan.example", imap_url="imap://u:secret@127.0.0.1:143",
        smtp_url="", customer="demo-a",
    )  # fmt: skip
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"], letter["Message-ID"] = sender, box.address, "看图", "<picture@x>"
    letter.set_content("附图")
    letter.add_attachment(picture(), "image", "png", filename="屏幕.png")
    letter.add_attachment(picture(9000), "image", "png", filename="大图.png")
    store_raw(box, [bytes(letter)], clock.now())
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
