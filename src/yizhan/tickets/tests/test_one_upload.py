"""One upload goes with one message, however many name it at once."""

import contextlib
import threading
from typing import Any

import pytest
from django.db import connections

from yizhan.kernel import attachments
from yizhan.kernel.models import Attachment
from yizhan.kernel.testing.api import ApiClient
from yizhan.people.models import User
from yizhan.tickets.models import Message

NEW = {"customer": "demo-a", "requester": {"name": "张倩", "phone": "13800005678"}, "subject": "打印机显示脱机"}


def test_the_second_message_is_refused(committed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four at once, all of which have found the upload free (where they are let) before the first of them takes it."""
    desk = ApiClient("desk")
    numbers = [desk.post("/tickets", NEW)["number"] for _ in range(4)]
    made = desk.client.post("/api/v1/attachments", {"file": upload()}, headers=desk.headers).json()
    meeting, adopt, answers = threading.Barrier(4), attachments.adopt, list[Any]()

    def late(*given: Any, **named: Any) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(2)
        adopt(*given, **named)

    monkeypatch.setattr(attachments, "adopt", late)

    def write(number: str) -> None:
        try:
            answers.append(desk.post(f"/tickets/{number}/messages", {"body": "siehe Bild", "attachments": [made["id"]]}))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=[number]) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [201, 422, 422, 422]
    assert {answer["code"] for answer in answers if answer.status == 422} == {"unknown_attachment"}
    row, message = Attachment.objects.get(pk=made["id"]), Message.objects.get(body="siehe Bild")
    assert (row.owner_id, row.part_id, row.uploaded_by) == (message.ticket_id, message.pk, User.objects.get(username="desk"))
    assert (row.customer_id, attachments.open_content(row).read()) == (message.ticket.customer_id, upload().read())


def upload() -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile("screen.txt", b"what was on the screen")
