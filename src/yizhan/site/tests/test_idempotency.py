"""A repeated request: who asks comes first, then what he may see today, and only then the first answer."""

import hashlib
import json
import os
import tracemalloc
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import RequestFactory, encode_multipart

from yizhan.kernel import clock
from yizhan.kernel.models import Attachment, IdempotencyKey
from yizhan.kernel.testing.api import Answer
from yizhan.people.models import ApiToken, Assignment, Contact, Customer, Role, User
from yizhan.site.idempotency import digest_of, keyed
from yizhan.tickets.models import Ticket

NEW = {"customer": "demo-a", "requester": {"name": "张倩", "phone": "13800005678"}, "subject": "打印机显示脱机"}


@pytest.fixture
def desk(api: Any) -> Any:
    return api("desk")


def end_roles(name: str) -> None:
    Assignment.objects.filter(user__username=name).delete()


@pytest.mark.parametrize("ending", ["revoked", "expired", "deactivated"])
def test_a_key_without_a_valid_token_is_nobodys(desk: Any, ending: str) -> None:
    assert desk.post("/tickets", NEW, Idempotency_Key="k").status == 201
    if ending == "revoked":
        ApiToken.objects.filter(user__username="desk").update(revoked_at=clock.now())
    elif ending == "expired":
        ApiToken.objects.filter(user__username="desk").update(expires_at=clock.now())
    else:
        User.objects.filter(username="desk").update(is_active=False)
    again = desk.post("/tickets", NEW, Idempotency_Key="k")
    assert (again.status, again["code"]) == (401, "unauthenticated")


def test_a_lost_role_takes_the_old_answer_away(desk: Any) -> None:
    desk.post("/tickets", NEW, Idempotency_Key="k")
    before = Ticket.objects.count()
    end_roles("desk")
    again = desk.post("/tickets", NEW, Idempotency_Key="k")
    assert again.status in {403, 404, 422}
    assert "number" not in again.body
    assert Ticket.objects.count() == before


def test_another_role_reads_anew(desk: Any) -> None:
    first = desk.post("/tickets", NEW, Idempotency_Key="k")
    Assignment.objects.create(user=User.objects.get(username="desk"), role=Role.AUDITOR)
    again = desk.post("/tickets", NEW, Idempotency_Key="k")
    assert (again.status, again["code"]) == (409, "access_changed")
    assert Ticket.objects.filter(subject=NEW["subject"]).count() == 1
    assert desk.get(f"/tickets/{first['number']}").status == 200


def test_a_record_that_left_the_scope_is_not_told_again(api: Any, world: Any) -> None:
    user = api("requester1")
    made = user.post("/tickets", {"subject": "自己报的", "customer": "demo-a"}, Idempotency_Key="k")
    other = Contact.objects.exclude(user__username="requester1").filter(customer__code="demo-a").first()
    Ticket.objects.filter(number=made["number"]).update(requester=other, registered_by=None)
    again = user.post("/tickets", {"subject": "自己报的", "customer": "demo-a"}, Idempotency_Key="k")
    assert (again.status, again["code"]) == (404, "not_found")


def test_what_the_act_itself_used_up_is_still_answered(api: Any, world: Any) -> None:
    ticket = world.new()
    api("desk").act(ticket.number, "dispatch", to="engineer1")
    one, path = api("engineer1"), f"/tickets/{ticket.number}/actions/accept"
    first = one.post(path, {}, Idempotency_Key="k")
    again = one.post(path, {}, Idempotency_Key="k")
    assert (first.status, again.status) == (200, 200)
    assert again.body == first.body


def test_a_key_belongs_to_the_person_not_to_the_token(api: Any, desk: Any) -> None:
    first = desk.post("/tickets", NEW, Idempotency_Key="k")
    assert api("desk").post("/tickets", NEW, Idempotency_Key="k")["number"] == first["number"]
    assert api("manager").post("/tickets", NEW, Idempotency_Key="k")["number"] != first["number"]


def test_a_renamed_record_is_answered_again(api: Any) -> None:
    admin, body = api("admin"), {"code": "demo-renamed"}
    code = Customer.objects.get(code="demo-b").code
    calls = [admin.call("PATCH", f"/customers/{code}", body, Idempotency_Key="k") for _ in range(2)]
    assert [call.status for call in calls] == [200, 200]
    assert calls[0].body == calls[1].body


def test_nobody_is_refused_before_the_key_is_looked_at(api: Any) -> None:
    assert api("").post("/tickets", NEW, Idempotency_Key="x" * 500).status == 401


def test_a_remembered_answer_lies_sealed(api: Any) -> None:
    """It may hold what opens something; the database's reader gets nothing from it, who asks again gets it whole."""
    given = {"username": "neu", "display_name": "新同事", "roles": ["technician"], "customers": ["demo-a"]}
    first = api("admin").post("/invitations", given, Idempotency_Key="k")
    assert first.status == 201, first
    (kept,) = IdempotencyKey.objects.filter(key="k")
    assert "/join/" in first["link"]
    assert "join" not in str(kept.answer)
    assert api("admin").post("/invitations", given, Idempotency_Key="k")["link"] == first["link"]


def test_what_is_kept_of_a_body_leads_to_no_password(api: Any) -> None:
    admin, body = api("admin"), {"username": "neu8", "display_name": "新", "password": "neu-und-lang-1"}
    first = admin.post("/users", body, Idempotency_Key="k")
    assert first.status == 201, first
    row = IdempotencyKey.objects.get(key="k")
    written = [json.dumps(body), json.dumps(body, separators=(",", ":")), json.dumps(body, ensure_ascii=False)]
    plain = {hashlib.sha256(text.encode()).hexdigest() for text in written}
    assert row.body_digest not in plain
    assert row.body_digest in {keyed(digest) for digest in plain}
    assert admin.post("/users", body, Idempotency_Key="k").body == first.body


def test_what_an_earlier_version_kept_is_known(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr("yizhan.site.idempotency.keyed", lambda digest: digest)
        first = desk.post("/tickets", NEW, Idempotency_Key="k")
    assert desk.post("/tickets", NEW, Idempotency_Key="k")["number"] == first["number"]


def upload(
    who: Any, content: bytes = b"what was on the screen", name: str = "screen.txt", path: str = "/attachments", **fields: str
) -> Answer:
    """As HTTP libraries send it: each request draws a boundary of its own."""
    boundary = os.urandom(12).hex()
    body = encode_multipart(boundary, {**fields, "file": SimpleUploadedFile(name, content)})
    kind = f"multipart/form-data; boundary={boundary}"
    headers = {**who.headers, "Idempotency-Key": "k"}
    return Answer(who.client.generic("POST", f"/api/v1{path}", body, content_type=kind, headers=headers))


def test_a_repeated_upload_gets_the_first_answer(desk: Any) -> None:
    first, again = (upload(desk, customer="demo-a") for _ in range(2))
    assert (first.status, again.status) == (201, 201), again
    assert again.body == first.body
    kept = Attachment.objects.get(pk=first["id"])
    assert (kept.size, Attachment.objects.filter(sha256=kept.sha256).count()) == (22, 1)  # read whole, kept once


@pytest.mark.parametrize(
    "other", [{"content": b"What was on the screen"}, {"name": "screen2.txt"}, {"customer": "demo-b"}, {"more": "x"}]
)
def test_another_upload_under_the_same_key_is_refused(desk: Any, other: Any) -> None:
    assert upload(desk, customer="demo-a").status == 201
    again = upload(desk, **{"customer": "demo-a", **other})
    assert (again.status, again["code"]) == (422, "idempotency_mismatch")


def test_a_large_upload_is_compared_without_being_held(desk: Any, settings: Any) -> None:
    """Larger than what a request without files may be, and than what is kept in memory of one."""
    content = os.urandom(2**20) * 6
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE, settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 2**20, 2**16
    first = upload(desk, content)
    assert (first.status, upload(desk, content).body) == (201, first.body)
    body = encode_multipart("x", {"file": SimpleUploadedFile("large", content)})
    request = RequestFactory().generic("POST", "/api/v1/attachments", body, content_type="multipart/form-data; boundary=x")
    tracemalloc.start()
    digest_of(request)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < len(content) / 4
    request.close()


def test_a_form_where_json_is_meant_is_refused_as_without_a_key(desk: Any) -> None:
    again = upload(desk, path="/tickets")
    assert (again.status, again["code"]) == (422, "malformed_json")


def test_a_broken_form_under_a_key_is_unreadable(desk: Any) -> None:
    headers = {**desk.headers, "Idempotency-Key": "k"}
    for kind in ("multipart/form-data", "multipart/form-data; boundary=" + "é" * 3):
        answer = Answer(desk.client.generic("POST", "/api/v1/attachments", b"x", content_type=kind, headers=headers))
        assert (answer.status, answer["code"]) == (400, "unreadable")
