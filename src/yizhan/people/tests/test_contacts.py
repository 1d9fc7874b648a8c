"""Who a registration is for: never matched and written by name, and one contact of one new person."""

import threading
from typing import Any

import pytest
from django.db import connections

from yizhan.kernel.actor import system_actor
from yizhan.kernel.errors import Forbidden
from yizhan.kernel.models import AuditEntry, SearchRow
from yizhan.people.models import Contact, Customer
from yizhan.people.queries import contacts_matching
from yizhan.people.services.contacts import find_or_add_contact, remember_address
from yizhan.tickets.models import Ticket


def known(name: str = "门卫老赵") -> Contact:
    return Contact.objects.get(name=name)


def test_a_name_with_a_strange_address_writes_into_nobody(api: Any) -> None:
    body = {"customer": "kangmu", "requester": {"name": "门卫老赵", "email": "thief@evil.example"}, "subject": "门禁坏了"}
    number = api("desk").post("/tickets", body)["number"]
    assert known_address() == ""
    ticket = Ticket.objects.get(number=number)
    assert (ticket.requester.email, ticket.requester.name) == ("thief@evil.example", "门卫老赵")
    assert Contact.objects.filter(name="门卫老赵").count() == 2


def known_address() -> str:
    return Contact.objects.filter(name="门卫老赵").order_by("pk")[0].email


@pytest.mark.parametrize(
    "given",
    [{"phone": "13800005678", "email": "thief@evil.example"}, {"email": "requester1@demo-a.example", "phone": "13999990000"}],
)
def test_what_is_known_of_a_contact_stays_as_it_is(api: Any, given: dict[str, str]) -> None:
    Contact.objects.filter(name="张倩").update(email="requester1@demo-a.example" if "13999990000" in given.values() else "")
    before = Contact.objects.values().get(name="张倩")
    made = api("desk").post("/tickets", {"customer": "demo-a", "requester": {"name": "张倩", **given}, "subject": "x"})
    assert made["requester"]["username"] == "requester1"
    assert Contact.objects.values().get(name="张倩") == before


def test_a_name_alone_finds_the_only_one_who_has_it(api: Any) -> None:
    body = {"customer": "kangmu", "requester": {"name": "门卫老赵"}, "subject": "门禁坏了"}
    first = api("desk").post("/tickets", body)["requester"]["id"]
    assert first == known().pk
    Contact.objects.create(customer=known().customer, name="门卫老赵", phone="13511112222", sort_key="x")
    assert api("desk").post("/tickets", body)["requester"]["id"] not in Contact.objects.filter(name="门卫老赵").order_by("pk")[
        :2
    ].values_list("pk", flat=True)


def test_the_desk_by_name_and_phone(page: Any) -> None:
    given = {
        "name": "门卫老赵",
        "phone": "13511112222",
        "customer": "kangmu",
        "subject": "门禁坏了",
        "level": "3",
        "channel": "phone",
    }
    assert page("desk").post("/desk/", given).status_code == 302
    assert list(Contact.objects.filter(name="门卫老赵").order_by("pk").values_list("phone", flat=True)) == ["", "13511112222"]


def test_an_address_is_remembered_when_a_person_says_whose_it_is(world: Any) -> None:
    contact = known()
    with pytest.raises(Forbidden):
        remember_address(actor=world.actor("engineer1"), contact=contact, email="zhao@kangmu.example")
    remember_address(actor=world.actor("desk"), contact=contact, email="zhao@kangmu.example")
    remember_address(actor=world.actor("desk"), contact=contact, email="second@kangmu.example")
    contact.refresh_from_db()
    assert contact.email == "zhao@kangmu.example"
    row = AuditEntry.objects.filter(object_type="people.contact", object_id=contact.pk).order_by("-id")[0]
    assert (row.command, row.actor) == ("change_contact", world.actor("desk").label)
    assert "zhao" not in str(row.after)


def test_two_registrations_at_once_make_one_contact(django_db_setup: None, django_db_blocker: Any) -> None:
    """Eight threads with connections of their own, really committed."""
    name, start = "两处同时来的人", threading.Barrier(8)
    found: list[int] = []

    def register() -> None:
        try:
            customer = Customer.objects.get(code="boan")
            start.wait()
            found.append(find_or_add_contact(actor=system_actor("test"), customer=customer, name=name, phone="13400001111").pk)
        finally:
            connections.close_all()

    with django_db_blocker.unblock():
        try:
            threads = [threading.Thread(target=register) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(found) == 8
            assert len(set(found)) == Contact.objects.filter(name=name).count() == 1
        finally:
            made = Contact.objects.filter(name=name)
            SearchRow.objects.filter(object_type="people.contact", object_id__in=made.values("pk")).delete()
            made.delete()
            connections.close_all()


@pytest.mark.parametrize(
    "address", ["a@b", "zwei@@kangmu.example", "mit leer@kangmu.example", "kein-at", "x" * 250 + "@a.example"]
)
def test_no_address_is_kept_that_no_form_takes(world: Any, address: str) -> None:
    """A form with such a contact could never be saved again."""
    customer = Customer.objects.get(code="kangmu")
    made = find_or_add_contact(actor=system_actor("mail"), customer=customer, name="陌生人", email=address)
    assert (made.name, made.email) == ("陌生人", "")
    made.full_clean()
    remember_address(actor=world.actor("desk"), contact=made, email=address)
    made.refresh_from_db()
    assert made.email == ""
    assert remember_address(actor=world.actor("desk"), contact=made, email="neu@kangmu.example").email == "neu@kangmu.example"


def test_a_dotless_i_is_no_i_where_contacts_are_looked_for(world: Any, page: Any) -> None:
    """One rule of casing, that of the constraints: `upper()` would make both the same."""
    Contact.objects.filter(name="门卫老赵").update(email="Info@Kangmu.example")
    desk = world.actor("desk")
    for typed, found in (("info@kangmu", True), ("INFO@", True), ("ınfo@kangmu", False), ("info@kangmu_", False)):
        assert contacts_matching(desk, typed).filter(name="门卫老赵").exists() is found, typed
        assert ("门卫老赵" in page("desk").get("/data/contacts/", {"q": typed}).content.decode()) is found, typed
