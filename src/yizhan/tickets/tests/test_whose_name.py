"""In whose name one may register: colleagues are found and made only by who sees that customer's people."""

from typing import Any

import pytest

from yizhan.kernel.errors import Forbidden
from yizhan.kernel.models import CustomField
from yizhan.people.models import Contact, Role
from yizhan.people.services.contacts import find_or_add_contact
from yizhan.people.tests.mixed import make_person
from yizhan.tickets.models import Ticket


@pytest.fixture
def colleague(db: None) -> Contact:
    """Somebody of demo-b whose number a stranger may guess."""
    found = Contact.objects.get(user__username="requester2")
    found.phone = "13700003592"
    found.save()
    return found


def test_who_only_reports_there_finds_nobody_by_a_number_at_the_desk(colleague: Contact, page: Any) -> None:
    make_person("half", (Role.TECHNICIAN, "demo-a"), (Role.REQUESTER, "demo-b"))
    desk, before = page("half"), Contact.objects.count()
    assert 'value="demo-b"' not in desk.get("/desk/").content.decode()
    for name, phone in (("随便", colleague.phone), (colleague.name, ""), ("新来的", "13900001111")):
        given = {"customer": "demo-b", "name": name, "phone": phone, "subject": "试一试", "channel": "phone", "level": "3"}
        assert desk.post("/desk/", given).status_code == 422
    assert (Ticket.objects.count(), Contact.objects.count()) == (0, before)
    own = {"customer": "demo-a", "name": "新来的", "phone": "13900001111", "subject": "打不开", "channel": "phone", "level": "3"}
    assert desk.post("/desk/", own).status_code == 302


def test_an_account_without_a_contact_reports_for_nobody(colleague: Contact, api: Any) -> None:
    make_person("lonely", (Role.REQUESTER, "demo-b"))
    before = Contact.objects.count()
    for given in ({"name": "随便", "phone": colleague.phone}, {"name": "新来的", "email": "evil@attacker.example"}):
        refused = api("lonely").post("/tickets", {"customer": "demo-b", "subject": "试一试", "requester": given})
        assert (refused.status, refused["code"]) == (422, "unknown_reference"), refused
    assert (Ticket.objects.count(), Contact.objects.count()) == (0, before)


def test_the_rule_stands_where_contacts_are_made(colleague: Contact, actors: Any) -> None:
    with pytest.raises(Forbidden):
        find_or_add_contact(actor=actors("requester2"), customer=colleague.customer, name="随便", phone=colleague.phone)


@pytest.mark.parametrize("channel", ["phone", "walk_in", "wechat_group", "qq_group", "mail", "inspection"])
def test_what_our_own_people_take_down_no_requester_pretends(channel: str, api: Any, world: Any) -> None:
    """A source's id of theirs would keep the desk from registering the call itself."""
    given = {"subject": "试一试", "channel": channel, "source_id": "call:1"}
    refused = api("requester1").post("/tickets", given)
    assert (refused.status, list(refused["errors"])) == (422, ["channel"])
    assert api("requester1").post("/tickets", {**given, "channel": "oa"}).status == 201
    taken_down = {**given, "customer": "demo-a", "requester_id": world.contact().pk}
    assert api("desk").post("/tickets", taken_down).status == 201


def test_of_internal_fields_a_customers_people_know_nothing(api: Any, world: Any) -> None:
    CustomField.objects.create(target="tickets.ticket", key="margin", label="毛利", kind="text")
    CustomField.objects.create(target="tickets.ticket", key="room", label="房间", kind="text", public=True)
    told = [api("requester1").post("/tickets", {"subject": "试一试", "custom": {key: "九成"}}) for key in ("margin", "nothing")]
    assert [(answer.status, list(answer["errors"].values())) for answer in told] == [(422, [["没有这个自定义字段。"]])] * 2
    assert api("requester1").post("/tickets", {"subject": "试一试", "custom": {"room": "302"}}).status == 201
    ours = {"customer": "demo-a", "requester_id": world.contact().pk, "subject": "试一试", "custom": {"margin": "九成"}}
    assert api("desk").post("/tickets", ours).status == 201
