"""A form that arrives twice is carried out once: same person, same words, same draft."""

import hashlib
import json
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from yizhan.kernel import clock
from yizhan.kernel.models import Attachment, IdempotencyKey
from yizhan.tickets.models import Message, Ticket
from yizhan.tickets.views import ticket as ticket_view

KEY = "0123456789abcdef" * 2


def replies(ticket: Ticket) -> list[str]:
    return list(Message.objects.filter(ticket=ticket).order_by("id").values_list("body", flat=True))


def test_a_reply_that_comes_twice_stands_once(world: Any, page: Any) -> None:
    ticket = world.claimed()
    address, client, before = f"/tickets/{ticket.number}/messages/", page("engineer1"), len(replies(ticket))
    sent = {"body": "已到现场，正在查看", "kind": "public", "draft": f"{ticket.number}-msg", "draft_key": KEY}
    first = client.post(address, sent)
    again = client.post(address, {**sent, "version": "99"})  # another copy of the page
    assert (first.status_code, again.status_code) == (302, 302)
    assert again.headers["Location"] == first.headers["Location"]
    assert replies(ticket)[before:] == ["已到现场，正在查看"]
    assert again.cookies[f"yz_sent.{sent['draft']}"]  # so that the browser lets go of the draft
    assert client.post(address, {**sent, "body": "已到现场，换了线"}).status_code == 302  # written anew: another message
    assert replies(ticket)[before:] == ["已到现场，正在查看", "已到现场，换了线"]
    assert page("engineer2").post(address, {**sent, "body": "我也在"}).status_code == 302  # a key is one person's
    assert len(replies(ticket)) == before + 3


def test_the_first_copy_still_waits_when_other_words_went_before_it(world: Any, page: Any) -> None:
    ticket = world.claimed()
    address, client, before = f"/tickets/{ticket.number}/messages/", page("engineer1"), len(replies(ticket))
    for body in ("已到现场", "已到现场，换了线", "已到现场"):
        assert client.post(address, {"body": body, "draft_key": KEY}).status_code == 302
    assert replies(ticket)[before:] == ["已到现场", "已到现场，换了线"]


def test_another_photo_of_the_same_name_and_size_is_another_message(world: Any, page: Any) -> None:
    ticket = world.claimed()
    address, client = f"/tickets/{ticket.number}/messages/", page("engineer1")
    for content in (b"first", b"other", b"first"):
        sent = {"body": "看图", "draft_key": KEY, "files": SimpleUploadedFile("IMG_1.txt", content)}
        assert client.post(address, sent).status_code == 302
    assert Attachment.objects.filter(owner_id=ticket.pk).count() == 2


def test_what_is_kept_of_a_form_leads_to_no_password(page: Any) -> None:
    given = {"oldpassword": "yizhan-demo", "password1": "neu-und-lang-1", "password2": "neu-und-lang-1"}
    assert page("desk").post("/accounts/password/change/", {**given, "draft_key": KEY}).status_code == 302
    row = IdempotencyKey.objects.get(key__startswith=KEY)
    fields = sorted((name, [value]) for name, value in given.items())
    assert hashlib.sha256(json.dumps([fields, []]).encode()).hexdigest() not in (row.body_digest, row.key)
    assert len(row.body_digest) == 64


def test_a_refused_form_may_be_sent_again(world: Any, page: Any) -> None:
    ticket = world.claimed()
    address, client = f"/tickets/{ticket.number}/messages/", page("engineer1")
    refused = client.post(address, {"body": "", "kind": "public", "draft_key": KEY})
    assert refused.status_code == 422
    assert not IdempotencyKey.objects.filter(key__startswith=KEY).exists()
    assert client.post(address, {"body": "好了", "kind": "public", "draft_key": KEY}).status_code == 302


def test_one_under_way_is_waited_for_but_not_for_ever(world: Any, page: Any) -> None:
    ticket = world.claimed()
    address, client = f"/tickets/{ticket.number}/messages/", page("engineer1")
    sent = {"body": "好了", "kind": "public", "draft_key": KEY}
    assert client.post(address, sent).status_code == 302
    IdempotencyKey.objects.filter(key__startswith=KEY).update(status=0, answer=None)  # as if the first were still at it
    shown = client.post(address, sent)
    assert shown.status_code == 409
    assert "正在保存" in shown.content.decode()
    assert len(replies(ticket)) == len(set(replies(ticket)))
    IdempotencyKey.objects.filter(key__startswith=KEY).update(
        created_at=clock.now() - timedelta(minutes=2)
    )  # its process was killed
    assert client.post(address, sent).status_code == 302


def test_what_took_so_long_that_another_took_it_over_is_undone(world: Any, page: Any) -> None:
    ticket = world.claimed()
    address, client = f"/tickets/{ticket.number}/messages/", page("engineer1")

    def taken_over(execute: Any, sql: Any, *more: Any) -> Any:
        if 'INSERT INTO "tickets_message"' in str(sql):
            IdempotencyKey.objects.filter(key__startswith=KEY).update(created_at=clock.now() + timedelta(minutes=1))
        return execute(sql, *more)

    with connection.execute_wrapper(taken_over):
        late = client.post(address, {"body": "好了", "kind": "public", "draft_key": KEY})
    assert late.status_code == 409
    assert not replies(ticket)


def test_that_it_is_being_saved_is_true_for_this_moment_only(world: Any, page: Any) -> None:
    ticket = world.claimed()
    address, client = f"/tickets/{ticket.number}/messages/", page("engineer1")
    client.get(f"/tickets/{ticket.number}/")
    sent = {"body": "好了", "kind": "public", "draft_key": KEY}
    client.post(address, sent)
    IdempotencyKey.objects.filter(key__startswith=KEY).update(status=0, answer=None)
    assert client.post(address, sent, headers={"Accept": "text/html,application/xhtml+xml"}).status_code == 409  # no 303


def test_what_was_carried_out_before_an_error_is_not_carried_out_again(world: Any, page: Any, monkeypatch: Any) -> None:
    ticket = world.claimed()
    address, client = f"/tickets/{ticket.number}/messages/", page("engineer1")
    client.raise_request_exception = False
    sent = {"body": "好了", "kind": "public", "draft_key": KEY}

    def broken(*_args: Any, **_given: Any) -> str:
        raise RuntimeError("after the commit")

    with monkeypatch.context() as patch:
        patch.setattr(ticket_view, "redirect", broken)
        assert client.post(address, sent).status_code == 500
    assert replies(ticket).count("好了") == 1
    assert client.post(address, sent).status_code == 409
    IdempotencyKey.objects.filter(key__startswith=KEY).update(created_at=clock.now() - timedelta(minutes=2))
    assert client.post(address, sent).status_code == 302
    assert replies(ticket).count("好了") == 1
