"""A repeated request: who asks comes first, then what he may see today, and only then the first answer."""

from typing import Any

import pytest

from yizhan.kernel import clock
from yizhan.kernel.models import IdempotencyKey
from yizhan.people.models import ApiToken, Assignment, Contact, Customer, Role, User
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
