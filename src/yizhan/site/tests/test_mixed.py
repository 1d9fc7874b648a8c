"""Staff here, customer there: every question is asked for the record's own customer."""

from importlib import import_module
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.urls import reverse

from yizhan.channels.models import Call, PhoneLine
from yizhan.kernel import attachments, clock, search
from yizhan.kernel.actor import system_actor
from yizhan.kernel.documents.xlsx import read_table
from yizhan.kernel.models import CustomField, SearchRow
from yizhan.kernel.resource import Resource, registry, resource_named
from yizhan.kernel.resource.saving import save_record
from yizhan.people.models import Contact, Customer, Role
from yizhan.people.searching import index_contacts
from yizhan.people.tests.mixed import make_person
from yizhan.tickets.models import CoHandler, Ticket
from yizhan.tickets.searching import index_ticket
from yizhan.tickets.services.messages import NewMessage, attach_file, post_message
from yizhan.tickets.tables import LEDGER

SECRET, PHONE, LAST = "只许自己人看", "13911112222", "2222"


@pytest.fixture
def mixed(world: Any) -> Any:
    """An engineer of demo-a who is a requester at demo-b."""
    return make_person("mixed", (Role.TECHNICIAN, "demo-a"), (Role.REQUESTER, "demo-b"), contact_at="demo-b")


@pytest.fixture
def reported(world: Any, mixed: Any) -> Ticket:
    """A ticket that he reported as a customer, with an internal note, an internal file and an internal field."""
    own = CustomField.objects.create(target="tickets.ticket", key="margin", label="毛利", searchable=True)
    ticket: Ticket = world.claimed(requester="mixed", by="engineer1", custom={str(own.pk): "内部毛利九"})
    file = attach_file(
        actor=world.actor("engineer1"), customer_id=ticket.customer_id, file=attachments.check("内部底稿.txt", b"x")
    )
    note = NewMessage(SECRET, internal=True, attachment_ids=(file.pk,))
    post_message(actor=world.actor("engineer1"), number=ticket.number, message=note)
    return ticket


def test_what_is_internal_to_us_stays_internal_to_a_customer_who_is_staff_elsewhere(
    reported: Ticket, api: Any, page: Any, actors: Any
) -> None:
    number = reported.number
    for read, path in ((api("mixed").get, f"/tickets/{number}"), (api("mixed").get, f"/tickets/{number}/timeline")):
        text = str(read(path))
        assert SECRET not in text
        assert "内部" not in text
    content = page("mixed").get(f"/tickets/{number}/").content.decode()
    assert SECRET not in content
    assert "内部" not in content
    assert search.find(actors("mixed"), SECRET) == []
    assert search.find(actors("mixed"), "内部毛利") == []
    assert [hit.number for hit in search.find(actors("mixed"), "打印机")] == [number]
    columns = f"number,custom_{CustomField.objects.get().pk}"
    listed = page("mixed").get(f"/tickets/?view=all&columns={columns}").content.decode()
    assert number in listed
    assert "内部毛利" not in listed
    file = reported.messages.get(body=SECRET)
    assert api("mixed").post(f"/tickets/{number}/messages", {"body": "x", "internal": True}).status == 403
    assert page("engineer1").get(f"/tickets/{number}/").content.decode().count(SECRET) >= 1
    assert file.internal


def test_an_internal_file_is_for_the_staff_of_its_customer(reported: Ticket, page: Any) -> None:
    row = attachments.store(system_actor("t"), customer_id=reported.customer_id, file=attachments.check("a.txt", b"y"))
    attachments.adopt([row], reported, customer_id=reported.customer_id, part_id=None, internal=True)
    assert page("mixed").get(reverse("attachment", args=[row.pk])).status_code == 404
    assert page("engineer1").get(reverse("attachment", args=[row.pk])).status_code == 200


def test_who_is_staff_of_this_customer_never_writes_as_its_customer(world: Any, mixed: Any, api: Any, actors: Any) -> None:
    """Being somebody's contact elsewhere does not make an engineer's own words the user's: the wait goes on."""
    ticket = world.claimed(by="mixed", requester="requester1")
    engineer = api("mixed")
    assert engineer.act(ticket.number, "suspend", reason="wait_user", note="等他开机").status == 200
    assert engineer.post(f"/tickets/{ticket.number}/messages", {"body": "请您开机后回复"}).status == 201
    ticket.refresh_from_db()
    assert (ticket.sub_state, ticket.messages.get().contact_id) == ("wait_user", None)
    assert engineer.get(f"/tickets/{ticket.number}/timeline")["items"][-1]["type"] == "MessagePosted"
    assert api("requester1").post(f"/tickets/{ticket.number}/messages", {"body": "开好了"}).status == 201
    ticket.refresh_from_db()
    assert ticket.sub_state != "wait_user"
    own = world.new(requester="mixed")
    assert api("mixed").post(f"/tickets/{own.number}/messages", {"body": "我这边还不行"}).status == 201
    assert own.messages.get().contact_id == actors("mixed").contact_id


def test_who_registers_as_staff_is_not_himself_the_requester(world: Any, mixed: Any, api: Any) -> None:
    refused = api("mixed").post("/tickets", {"customer": "demo-a", "subject": "打印机脱机", "channel": "phone"})
    assert (refused.status, refused["code"]) == (422, "requester_missing")


def test_the_closing_desk_is_for_the_customers_that_one_closes_for(world: Any, page: Any) -> None:
    """A manager of demo-a who is contact person at demo-b sees its tickets, not what we noted when we called back."""
    make_person("lead", (Role.SERVICE_MANAGER, "demo-a"), (Role.CUSTOMER_CONTACT, "demo-b"), contact_at="demo-b")
    ours, theirs = world.completed(), world.completed(requester="requester2")
    assert page("lead").get(reverse("closing-ticket", args=[ours.number])).status_code == 200
    assert page("lead").get(reverse("closing-ticket", args=[theirs.number])).status_code == 403
    content = page("lead").get(reverse("closing")).content.decode()
    assert ours.number in content
    assert theirs.number not in content


@pytest.fixture
def hidden(world: Any) -> Contact:
    """A contact of demo-b, with number and address, whose ticket is open."""
    make_person("half", (Role.AUDITOR, "demo-b"), (Role.TECHNICIAN, "demo-a"))
    contact = Contact.objects.get(user__username="requester2")
    contact.phone, contact.email = PHONE, "verborgen@demo-b.example"
    contact.save()
    index_contacts([contact])
    world.new(requester="requester2")
    return contact


@pytest.mark.parametrize("username", ["auditor", "half"])
def test_hidden_numbers_are_found_by_nothing_and_stand_nowhere(
    username: str, hidden: Contact, api: Any, page: Any, actors: Any
) -> None:
    """`half` sees the numbers of demo-a, where he works, and not those of demo-b, which he audits."""
    mine, browser = api(username), page(username)
    for word in (PHONE, "1391111", "verborgen"):
        assert mine.get(f"/contacts?q={word}")["items"] == [], word
    for word in (PHONE, LAST, "verborgen@demo-b.example"):
        assert search.find(actors(username), word) == [], word
    shown = mine.get(f"/contacts/{hidden.pk}").body
    assert "phone" not in shown
    assert "email" not in shown
    pages = [
        reverse("resource-contacts-list") + "?columns=name,phone,email", reverse("palette") + f"?q={LAST}",
        reverse("resource-contacts-detail", args=[hidden.pk]), f"/tickets/?view=all&columns={','.join(LEDGER)}",
        reverse("ticket", args=[Ticket.objects.get().number]), reverse("search") + "?q=打印机",
    ]  # fmt: skip
    for address in pages:
        content = browser.get(address, follow=True).content.decode().replace(f'value="{PHONE}"', "")
        assert PHONE not in content, address
        assert "verborgen" not in content, address
    content = browser.get(reverse("list-export", args=["tickets"]) + pages[3].removeprefix("/tickets/")).content
    cells = str(read_table(content, "a.xlsx"))
    assert PHONE not in cells
    assert "139****2222" in cells


def test_the_entitled_find_and_see_them(hidden: Contact, api: Any, page: Any, actors: Any) -> None:
    assert [row["id"] for row in api("desk").get(f"/contacts?q={PHONE}")["items"]] == [hidden.pk]
    assert api("desk").get(f"/contacts/{hidden.pk}")["phone"] == PHONE
    assert {hit.type for hit in search.find(actors("desk"), LAST)} == {"contact", "ticket"}
    assert PHONE in page("desk").get(f"/tickets/?view=all&columns={','.join(LEDGER)}").content.decode()


def test_a_call_shows_its_number_to_the_entitled_only(hidden: Contact, page: Any) -> None:
    line = PhoneLine.objects.create(name="l", sealed_secret="", customer=hidden.customer)
    call = Call.objects.create(
        line=line, source_id="1", number=PHONE, customer=hidden.customer, contact=hidden, state="missed", started_at=clock.now()
    )
    for name, sees in (("auditor", False), ("half", False), ("desk", True)):
        for address in (reverse("calls"), reverse("call-card", args=[call.pk])):
            assert (PHONE in page(name).get(address).content.decode()) == sees, (name, address)


def test_history_shows_nothing_that_is_hidden(hidden: Contact, api: Any, page: Any) -> None:
    api("desk").patch(f"/contacts/{hidden.pk}", {"phone": "13900000000"})
    address = reverse("resource-contacts-detail", args=[hidden.pk])
    assert "联系电话" in page("desk").get(address).content.decode() or "电话" in page("desk").get(address).content.decode()
    history = page("half").get(address).content.decode().split("data-history")[-1]
    assert "13900000000" not in history


def test_what_customers_do_not_see_of_custom_fields(world: Any, api: Any, page: Any, actors: Any) -> None:
    """A contact person sees the public ones of his organisation's contacts, and finds nobody by the others."""
    inner = CustomField.objects.create(target="people.contact", key="mood", label="脾气", searchable=True)
    outer = CustomField.objects.create(target="people.contact", key="desk", label="座位", searchable=True, public=True)
    contact = Contact.objects.get(user__username="requester1")
    contact.custom = {str(inner.pk): "暴躁", str(outer.pk): "靠窗"}
    contact.save()
    index_contacts([contact])
    assert api("customer1").get(f"/contacts/{contact.pk}")["custom"] == {"desk": "靠窗"}
    assert api("desk").get(f"/contacts/{contact.pk}")["custom"] == {"mood": "暴躁", "desk": "靠窗"}
    assert api("customer1").get("/contacts?custom.mood=暴躁").status == 422
    assert [row["id"] for row in api("customer1").get("/contacts?custom.desk=靠窗")["items"]] == [contact.pk]
    for address in ("resource-contacts-list", "resource-contacts-detail"):
        args = [contact.pk] if address.endswith("detail") else []
        content = page("customer1").get(reverse(address, args=args) + f"?columns=name,custom_{inner.pk}").content.decode()
        assert "暴躁" not in content
    assert search.find(actors("customer1"), "暴躁") == []
    assert [hit.object_id for hit in search.find(actors("customer1"), "靠窗")] == [contact.pk]


@pytest.mark.parametrize(("resource", "field"), [("sites", "customer"), ("contacts", "user"), ("contacts", "customer")])
def test_what_is_foreign_and_what_is_not_there_answer_alike(resource: str, field: str, api: Any, db: None) -> None:
    make_person("local", (Role.SERVICE_MANAGER, "demo-b"))
    known = {"customer": "demo-a", "user": "requester1"}[field]
    bodies = [{"customer": "demo-b", "name": "新", field: value} for value in (known, "gibtesnicht")]
    answers = [api("local").post(f"/{resource}", body) for body in bodies]
    assert answers[0].status == answers[1].status == 422
    assert str(answers[0].body).replace(known, "") == str(answers[1].body).replace("gibtesnicht", "")


def test_unknown_members_of_a_list_are_named(api: Any) -> None:
    answer = api("admin").post("/teams", {"code": "t9", "name": "九", "members": ["engineer1", "gibtesnicht"]})
    assert answer.status == 422
    assert list(answer["errors"]) == ["members"]
    assert "gibtesnicht" in str(answer["errors"])
    assert "engineer1" not in str(answer["errors"])


def test_a_relation_to_what_nobody_decides_about_is_an_error_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    class Helpers(Resource[CoHandler]):
        model, name, fields = CoHandler, "helpers", ("ticket", "user")

    monkeypatch.setitem(registry._resources, "helpers", Helpers())
    with pytest.raises(ImproperlyConfigured, match=r"tickets\.Ticket"):
        registry.check_relations()


def test_an_auditor_of_one_customer_reads_what_was_done_to_its_records(world: Any, page: Any, actors: Any) -> None:
    make_person("local", (Role.AUDITOR, "demo-b"))
    ours, theirs = world.new(requester="requester2"), world.new(requester="requester1")
    for customer, name in (("demo-a", "甲部"), ("demo-b", "乙部")):
        data = {"customer": Customer.objects.get(code=customer).pk, "name": name, "active": "on"}
        save_record(actor=actors("desk"), resource=resource_named("departments"), pk=None, data=data)
    content = page("local").get(reverse("audit")).content.decode()
    everything = page("auditor").get(reverse("audit")).content.decode()
    for mine, other in ((f"事件 {ours.number}<", f"事件 {theirs.number}<"), ("部门 乙部 #", "部门 甲部 #")):
        assert mine in content
        assert other not in content
        assert other in everything


@pytest.mark.parametrize(("app", "migration", "kind"), [
    ("people", "0008_restricted_search", "people.contact"), ("tickets", "0009_restricted_search", "tickets.ticket"),
])  # fmt: skip
def test_the_upgrade_moves_numbers_to_the_restricted_words(
    app: str, migration: str, kind: str, hidden: Contact, reported: Ticket
) -> None:
    """The same words by the migration's statements, on rows of the old shape, as by the program."""
    Ticket.objects.filter(pk=reported.pk).update(requester=hidden)
    reported.refresh_from_db()
    index_ticket(reported)
    record = hidden.pk if app == "people" else reported.pk
    rows = SearchRow.objects.filter(object_type=kind, object_id=record)
    before = dict(rows.values_list("audience", "tokens"))
    assert set(before[2]) - set(before[1]) >= set(search.text_tokens(phones=[PHONE])) - set(before[0]) != set()
    SearchRow.objects.exclude(object_type=kind, object_id=record).filter(audience__gt=0).delete()
    rows.filter(audience=1).delete()
    rows.filter(audience=2).update(audience=1)
    statements = import_module(f"yizhan.{app}.migrations.{migration}").FORWARD
    with connection.cursor() as cursor:
        cursor.execute(statements)
    assert dict(rows.values_list("audience", "tokens")) == before
