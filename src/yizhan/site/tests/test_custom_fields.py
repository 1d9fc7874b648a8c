"""Custom fields: typed, validated, searched, filtered, exported, asked for where they belong."""

from typing import Any

import pytest

from yizhan.kernel.models import CustomField
from yizhan.kernel.testing.api import Answer
from yizhan.people.models import Contact
from yizhan.tickets.tests.world import SHEET


def define(api: Any, **given: Any) -> Answer:
    answer: Answer = api("admin").post("/custom-fields", {"target": "tickets.ticket", "kind": "text", **given})
    assert answer.status == 201, answer
    return answer


def test_a_field_of_a_category_is_asked_for_on_its_sheets(api: Any, page: Any, world: Any) -> None:
    define(api, key="meter", label="计数器读数", kind="integer", group="print", required=True)
    number = world.judged().number
    engineer = api("engineer1")
    refused = engineer.act(number, "submit_sheet", sheet=SHEET)
    assert refused.status == 422
    assert refused["missing"] == ["custom.meter"]
    assert engineer.patch(f"/tickets/{number}", {"category": "print", "custom": {}}).status == 200
    assert engineer.patch(f"/tickets/{number}", {"custom": {"meter": "x"}}).status == 422
    assert engineer.patch(f"/tickets/{number}", {"custom": {"nonsense": 1}}).status == 422
    assert engineer.patch(f"/tickets/{number}", {"custom": {"meter": 1200}})["custom"] == {"meter": 1200}
    assert "计数器读数" in page("engineer1").get(f"/tickets/{number}/sheet/").content.decode()
    assert engineer.act(number, "submit_sheet", sheet=SHEET)["state"] == "completed"


def test_other_categories_are_not_asked(api: Any, world: Any) -> None:
    define(api, key="meter", label="计数器读数", kind="integer", group="print", required=True)
    done = api("engineer1").act(world.judged().number, "submit_sheet", sheet={**SHEET, "category": "mail"})
    assert done["state"] == "completed"


def test_the_sheet_page_keeps_it(api: Any, page: Any, world: Any) -> None:
    made = define(api, key="meter", label="计数器读数", kind="integer", required=True)
    ticket = world.judged()
    form = {**SHEET, "parts": "", "leave": "on", f"custom_{made['id']}": "88"}
    assert page("engineer1").post(f"/tickets/{ticket.number}/sheet/", form).status_code == 302
    ticket.refresh_from_db()
    assert ticket.custom == {str(made["id"]): 88}


def test_it_is_searched_by_who_may_see_it(api: Any) -> None:
    define(api, key="asset", label="资产", searchable=True)
    define(api, key="room", label="房间", searchable=True, public=True)
    body = {
        "customer": "demo-a",
        "requester": {"name": "张倩"},
        "subject": "换鼠标",
        "custom": {"asset": "ZC8891", "room": "Q7701"},
    }
    made = api("desk").post("/tickets", body)
    assert made.status == 201, made
    number = made["number"]
    assert [item["number"] for item in api("desk").get("/search?q=zc8891")["items"]] == [number]
    assert api("requester1").get("/search?q=zc8891")["items"] == []
    assert [item["number"] for item in api("requester1").get("/search?q=q7701")["items"]] == [number]
    assert api("requester1").get(f"/tickets/{number}")["custom"] == {"room": "Q7701"}


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("text", "甲", "x" * 256), ("integer", 7, "七"), ("decimal", "1.5", "a"), ("date", "2026-11-22", "22.11.2026x"),
        ("boolean", True, "maybe"), ("choice", "红", "绿"), ("long_text", "一\n二", "x" * 10_001),
    ],
)  # fmt: skip
def test_every_kind_of_a_resource(kind: str, good: Any, bad: Any, api: Any, page: Any) -> None:
    made = define(
        api, target="people.contact", key="own", label="自定义", kind=kind, choices=["红", "蓝"] if kind == "choice" else []
    )
    new = {"customer": "demo-a", "name": "王敏", "custom": {"own": good}}
    answer = api("desk").post("/contacts", new)
    assert answer.status == 201, answer
    assert answer["custom"] == {"own": good}
    assert api("desk").patch(f"/contacts/{answer['id']}", {"title": "主管"})["custom"] == {"own": good}
    assert api("desk").post("/contacts", {**new, "name": "李", "custom": {"own": bad}}).status == 422
    shown = page("desk").get(f"/data/contacts/?columns=name,custom_{made['id']}&q=%E7%8E%8B%E6%95%8F")
    assert shown.status_code == 200
    value = {True: "true"}.get(good, good) if isinstance(good, bool) else good
    if kind not in {"decimal", "long_text"}:
        found = api("desk").get(f"/contacts?custom.own={value}")
        assert [item["name"] for item in found["items"]] == ["王敏"]
    assert page("desk").get(f"/data/contacts/{answer['id']}/").status_code == 200


def test_a_choice_needs_choices(api: Any) -> None:
    given = {"target": "people.contact", "key": "own", "label": "x", "kind": "choice", "choices": []}
    assert api("admin").post("/custom-fields", given).status == 422
    assert api("admin").post("/custom-fields", {**given, "kind": "text", "group": "nope"}).status == 422
    assert CustomField.objects.count() == 0


def test_the_audit_keeps_no_personal_value(api: Any) -> None:
    from yizhan.kernel.models import AuditEntry

    define(api, target="people.contact", key="badge", label="工牌")
    api("desk").post("/contacts", {"customer": "demo-a", "name": "王敏", "custom": {"badge": "GP-4711"}})
    entry = AuditEntry.objects.get(object_type="people.contact", object_id=Contact.objects.get(name="王敏").pk)
    assert "4711" not in str(entry.after)


def test_two_people_in_one_form(page: Any) -> None:  # nothing is overwritten unseen
    contact = Contact.objects.get(name="张倩")
    address = f"/data/contacts/{contact.pk}/"
    desk = page("desk").get(address)
    seen, form = desk.context["seen"], desk.context["form"]
    data = {name: form.initial[name] for name in form.fields if form.initial.get(name) not in (None, False)} | {"seen": seen}
    Contact.objects.filter(pk=contact.pk).update(title="财务经理", place="501")
    merged = page("desk").post(address, {**data, "email": "new@demo-a.example"})
    assert merged.status_code == 302
    contact.refresh_from_db()
    assert (contact.title, contact.email) == ("财务经理", "new@demo-a.example")
    clash = page("desk").post(address, {**data, "email": contact.email, "title": "出纳"})
    assert clash.status_code == 409
    assert "财务经理" in clash.content.decode()
    again = {**data, "email": contact.email, "title": "出纳", "seen": clash.context["seen"]}
    assert page("desk").post(address, {**again, "keep-title": "theirs"}).status_code == 302
    contact.refresh_from_db()
    assert contact.title == "财务经理"
    mine = page("desk").post(address, {**again, "keep-title": "mine"})
    assert mine.status_code == 302
    contact.refresh_from_db()
    assert contact.title == "出纳"


def test_correcting_a_ticket_merges_too(page: Any, world: Any) -> None:
    ticket = world.new()
    shown = page("desk").get(f"/tickets/{ticket.number}/edit/")
    data = {
        "subject": ticket.subject,
        "description": ticket.description,
        "seen": shown.context["seen"],
        "place": ticket.place,
        "category": "",
    }
    data |= {"site": ticket.site_id or "", "department": ticket.department_id or ""}
    world_ticket = type(ticket).objects.filter(pk=ticket.pk)
    world_ticket.update(place="三楼")
    merged = page("desk").post(f"/tickets/{ticket.number}/edit/", {**data, "subject": "打印机卡纸"})
    assert merged.status_code == 302
    ticket.refresh_from_db()
    assert (ticket.subject, ticket.place) == ("打印机卡纸", "三楼")
    world_ticket.update(subject="改过了")
    assert page("desk").post(f"/tickets/{ticket.number}/edit/", {**data, "subject": "又一个"}).status_code == 409
