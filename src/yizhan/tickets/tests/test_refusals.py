"""Bad input and wrong people: a clear message, the right status in the right order, an unchanged database."""

import json
from typing import Any

import pytest
from django.db import connection

from yizhan.kernel.models import IdempotencyKey
from yizhan.tickets.models import Ticket
from yizhan.tickets.tests.world import SHEET

NEW = {"customer": "demo-a", "requester": {"name": "张倩"}, "subject": "打印机脱机"}


def counts() -> dict[str, int]:
    """Rows of everything that a refused request could have touched."""
    tables = ["tickets_ticket", "tickets_message", "tickets_servicesheet", "people_contact", "kernel_event", "kernel_searchrow"]
    with connection.cursor() as cursor:
        found = {}
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - our own table names
            found[table] = (cursor.fetchone() or (0,))[0]
    return found


def test_the_order_of_refusals(api: Any, world: Any) -> None:
    number = world.claimed().number
    path = f"/tickets/{number}/actions/escalate"
    assert api().post(path, {"team": 1}).status == 401
    assert api("requester2").post(path, {"team": 1}).status == 404
    assert api("engineer3").post(path, {"team": 1}).status == 403
    one = api("engineer1")
    assert one.post(path, {"team": 1}).status == 422
    stale = one.act(number, "escalate", team="tier2", diagnosis="x", version=1)
    assert (stale.status, stale["code"]) == (409, "stale_version")
    done = world.completed().number
    wrong = one.act(done, "escalate", team="tier2", diagnosis="x")
    assert (wrong.status, wrong["code"]) == (409, "transition_not_allowed")
    guard = one.act(number, "submit_sheet", sheet=SHEET)
    assert (guard.status, guard["code"], guard["missing"]) == (422, "guard_failed", ["level_judged"])


@pytest.mark.parametrize("token", ["", "Bearer nonsense", "Bearer ", "Basic abc"])
def test_wrong_tokens(api: Any, token: str) -> None:
    answer = api().call("GET", "/tickets", Authorization=token)
    assert (answer.status, answer["code"]) == (401, "unauthenticated")
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"[]", b'"x"', b"null", b"\xff\xfe", b'{"customer": "demo-a", "subject": "a\\u0000b", "requester": {"name": "x"}}',
        b'{"customer": "demo-a", "subject": "a\\ud800", "requester": {"name": "x"}}',
        b'{"customer": "demo-a", "subject": "x", "requester": {"name": "a\\u0000"}}',
    ],
)  # fmt: skip
def test_malformed_bodies(api: Any, body: bytes) -> None:
    desk, before = api("desk"), counts()
    answer = desk.call("POST", "/tickets", body)
    assert answer.status in {400, 422}, answer
    assert answer["code"]
    assert counts() == before


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "x" * 201}, {"subject": "  "}, {"description": "x" * 20_001}, {"customer": "nobody"}, {"customer": None},
        {"reported_level": 5}, {"kind": "planned"}, {"category": "none"}, {"site": 999_999}, {"channel": "pigeon"},
        {"requester_id": 1}, {"requester": None}, {"requester": {"name": ""}}, {"colour": "red"}, {"received_at": "gestern"},
        {"attachments": [999_999]}, {"source_id": "x" * 201},
    ],
)  # fmt: skip
def test_wrong_fields_change_nothing(api: Any, change: dict[str, Any]) -> None:
    desk, before = api("desk"), counts()
    answer = desk.post("/tickets", {**NEW, **change})
    assert answer.status == 422, answer
    assert answer["errors"]
    assert counts() == before


def test_both_requesters_are_refused(api: Any) -> None:
    answer = api("desk").post("/tickets", {**NEW, "requester_id": 1})
    assert (answer.status, answer["code"]) == (422, "two_requesters")


def test_a_source_id_counts_once_per_customer_and_channel(api: Any) -> None:
    desk = api("desk")
    first = desk.post("/tickets", {**NEW, "source_id": "wx-1", "channel": "wechat_group"})
    again = desk.post("/tickets", {**NEW, "source_id": "wx-1", "channel": "wechat_group"})
    assert (again.status, again["code"], again["number"]) == (409, "duplicate_source_id", first["number"])
    assert desk.post("/tickets", {**NEW, "source_id": "wx-1", "channel": "qq_group"}).status == 201


def test_requesters_report_for_themselves(api: Any) -> None:
    user = api("requester1")
    own = user.post("/tickets", {"customer": "demo-a", "subject": "自己报"})
    assert own["requester"]["username"] == "requester1"
    assert own["state"] == "pending"
    assert user.post("/tickets", {"customer": "demo-b", "subject": "别家"}).status == 422
    assert user.post("/tickets", {"customer": "demo-a", "subject": "替人", "requester": {"name": "沈岚"}}).status == 422
    other = api("customer1").post("/tickets", {"customer": "demo-a", "subject": "替人", "requester": {"name": "许静"}})
    assert other["requester"]["name"] == "许静"


def test_an_idempotency_key_gives_the_first_answer(api: Any) -> None:
    desk = api("desk")
    first = desk.post("/tickets", NEW, Idempotency_Key="k1")
    again = desk.post("/tickets", NEW, Idempotency_Key="k1")
    assert (again.status, again["number"]) == (201, first["number"])
    other = desk.post("/tickets", {**NEW, "subject": "另一件"}, Idempotency_Key="k1")
    assert (other.status, other["code"]) == (422, "idempotency_mismatch")
    assert api("manager").post("/tickets", NEW, Idempotency_Key="k1")["number"] != first["number"]
    assert desk.post("/tickets", {**NEW, "subject": ""}, Idempotency_Key="k2").status == 422
    assert not IdempotencyKey.objects.filter(key="k2").exists()


def test_internal_words_stay_inside(api: Any, world: Any) -> None:
    number = world.claimed().number
    one, user = api("engineer1"), api("requester1")
    one.post(f"/tickets/{number}/messages", {"body": "空开下口短路，内部勿传", "internal": True})
    one.act(number, "escalate", team="tier2", diagnosis="内部诊断文字")
    assert user.post(f"/tickets/{number}/messages", {"body": "x", "internal": True}).status == 403
    shown = json.dumps(user.get(f"/tickets/{number}/timeline").body, ensure_ascii=False)
    assert "空开" not in shown
    assert "内部诊断" not in shown
    assert user.get("/search?q=空开")["items"] == []
    assert one.get("/search?q=空开")["items"][0]["number"] == number


def test_the_archive_is_read_only(api: Any, world: Any) -> None:
    number = world.archived().number
    assert api("engineer1").post(f"/tickets/{number}/messages", {"body": "x"}).status == 409
    assert api("desk").patch(f"/tickets/{number}", {"subject": "改"}).status == 409
    assert api("desk").get(f"/tickets/{number}")["actions"] == ["link"]


def test_patch_checks_version_and_place(api: Any, world: Any) -> None:
    ticket = world.new()
    desk = api("desk")
    assert desk.patch(f"/tickets/{ticket.number}", {"subject": "新标题", "version": 1}).body["version"] == 2
    assert desk.patch(f"/tickets/{ticket.number}", {"subject": "旧", "version": 1}).status == 409
    assert desk.patch(f"/tickets/{ticket.number}", {"site": 999_999}).status == 422
    assert api("requester1").patch(f"/tickets/{ticket.number}", {"subject": "x"}).status == 403


def test_lists_page_by_cursor_and_filter(api: Any, world: Any) -> None:
    numbers = [world.new().number for _ in range(3)]
    desk = api("desk")
    first = desk.get("/tickets?limit=2")
    rest = desk.get(f"/tickets?limit=2&cursor={first['next']}")
    assert [i["number"] for i in first["items"] + rest["items"]] == numbers[::-1]
    assert rest["next"] is None
    assert desk.get("/tickets?limit=0").status == 422
    assert desk.get("/tickets?limit=201").status == 422
    assert desk.get("/tickets?cursor=abc").status == 422
    assert desk.get("/tickets?state=archived")["items"] == []
    assert len(desk.get("/tickets?customer=demo-a")["items"]) == 3
    assert api("requester2").get("/tickets")["items"] == []


def test_an_unknown_action_and_number(api: Any, world: Any) -> None:
    number = world.new().number
    assert api("desk").act(number, "explode").status == 404
    assert api("desk").act("INC000000-00000", "claim").status == 404


def test_links(api: Any, world: Any) -> None:
    one, two, other = world.new(), world.new(), world.new(requester="requester2")
    desk = api("desk")
    assert desk.act(one.number, "link", to=two.number, kind="duplicate_of").status == 200
    assert desk.act(one.number, "link", to=two.number, kind="duplicate_of").body["code"] == "already_linked"
    assert desk.act(one.number, "link", to=one.number, kind="related").status == 422
    assert desk.act(one.number, "link", to=other.number, kind="related").status == 422


def test_every_refusal_in_the_users_language(api: Any, world: Any) -> None:
    number = world.new().number
    assert api("engineer1").act(number, "escalate", team="x", diagnosis="y")["detail"] == "您没有这个权限。"
    english = api("engineer1").post(f"/tickets/{number}/actions/escalate", {}, Accept_Language="en")
    assert english["detail"] == "You may not do this."


def test_refused_attempts_are_audited(api: Any, world: Any) -> None:
    from yizhan.kernel.errors import Forbidden
    from yizhan.kernel.models import AuditEntry
    from yizhan.tickets.services.signing import waive_sign

    number = world.completed().number
    before = AuditEntry.objects.filter(outcome="refused").count()
    with pytest.raises(Forbidden):
        waive_sign(actor=world.actor("desk"), number=number, reason="x")
    assert AuditEntry.objects.filter(outcome="refused").count() == before + 1


def test_attachments_through_the_gate(api: Any, world: Any, page: Any) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from yizhan.kernel.testing.api import Answer

    ticket, user = world.claimed(), api("requester1")
    png = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
    raw = user.client.post("/api/v1/attachments", {"file": SimpleUploadedFile("a.png", png)}, headers=user.headers)
    made = Answer(raw)
    assert (made.status, made["content_type"], made["size"]) == (201, "image/png", len(png))
    assert page("requester2").get(f"/attachments/{made['id']}/").status_code == 404
    assert user.post(f"/tickets/{ticket.number}/messages", {"body": "照片", "attachments": [made["id"]]}).status == 201
    assert user.post(f"/tickets/{ticket.number}/messages", {"body": "又", "attachments": [made["id"]]}).status == 422
    shown = page("engineer1").get(f"/attachments/{made['id']}/")
    assert b"".join(shown.streaming_content) == png
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert page("requester2").get(f"/attachments/{made['id']}/").status_code == 404
    big = user.client.post(
        "/api/v1/attachments", {"file": SimpleUploadedFile("b.bin", b"x" * (20 * 2**20 + 1))}, headers=user.headers
    )
    assert big.status_code == 422


def test_nothing_is_seen_across_customers(api: Any, world: Any) -> None:
    theirs = world.new(requester="requester2")
    user = api("requester1")
    assert user.get(f"/tickets/{theirs.number}").status == 404
    assert user.get(f"/tickets/{theirs.number}/timeline").status == 404
    assert user.post(f"/tickets/{theirs.number}/messages", {"body": "x"}).status == 404
    assert all(item["customer"] == "demo-a" for item in api("customer1").get("/tickets")["items"])
    assert Ticket.objects.filter(pk=theirs.pk, version=1).exists()


def test_staff_upload_before_they_say_for_whom(api: Any, world: Any) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from yizhan.kernel.models import Attachment
    from yizhan.kernel.testing.api import Answer

    ticket, one = world.claimed(), api("engineer1")
    raw = one.client.post("/api/v1/attachments", {"file": SimpleUploadedFile("a.txt", b"x")}, headers=one.headers)
    made = Answer(raw)
    assert made.status == 201
    assert one.post(f"/tickets/{ticket.number}/messages", {"body": "见附件", "attachments": [made["id"]]}).status == 201
    assert Attachment.objects.get(pk=made["id"]).customer_id == ticket.customer_id


def test_odd_proof_is_kept_and_shown_unverified(api: Any, world: Any) -> None:
    number = world.claimed().number
    assert api("engineer1").act(number, "arrive", proof="前台签到").status == 200
    visit = Ticket.objects.get(number=number).visits.get()
    assert (visit.proof, visit.proof_note) == ("none", "前台签到")


def test_a_body_that_is_too_large(api: Any, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = api("desk").post("/tickets", {**NEW, "description": "x" * 5000})
    assert (answer.status, answer["code"]) == (422, "too_large")


def test_the_documented_answer_is_the_real_one(api: Any, world: Any) -> None:
    from yizhan.tickets.presenting import TICKET_EXAMPLE

    shown = api("desk").post("/tickets", NEW).body
    assert set(shown) == set(TICKET_EXAMPLE)
    schema = api().client.get("/api/v1/openapi.json").json()
    answer = schema["paths"]["/api/v1/tickets/{number}/actions/claim"]["post"]["responses"]["200"]
    assert answer["content"]["application/json"]["example"]["number"] == TICKET_EXAMPLE["number"]


def test_who_may_note_but_not_reply(api: Any, world: Any) -> None:
    """The asset keeper writes among ourselves and never to the customer."""
    number = world.claimed().number
    keeper = api("assets")
    assert keeper.post(f"/tickets/{number}/messages", {"body": "备件在柜里", "internal": True}).status == 201
    assert keeper.post(f"/tickets/{number}/messages", {"body": "您好"}).status == 403
    assert api("auditor").post(f"/tickets/{number}/messages", {"nonsense": 1}).status == 403
