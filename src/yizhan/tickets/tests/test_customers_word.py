"""Who speaks for the customer: signs by account, refuses, rates. Nobody of ours, nobody who did the work."""

from typing import Any

import pytest
from django.urls import reverse
from django.utils.translation import override

from yizhan.kernel import clock
from yizhan.kernel.models import AuditEntry
from yizhan.kernel.resource.importing import import_rows
from yizhan.people.access import actor_for
from yizhan.people.models import Assignment, Contact, Customer, Role, User
from yizhan.people.resources import ContactResource
from yizhan.tickets.models import ReturnVisit, SignLink, SignOff, Ticket
from yizhan.tickets.services.link_signing import LinkAnswer, answer_link
from yizhan.tickets.services.signing import Signature, offer_sign_link
from yizhan.tickets.tests.world import SHEET, STROKE
from yizhan.tickets.views.printing import method_words

SIGN = {"signer_name": "张倩", "method": "account"}
DRAW = {"signer_name": "张倩", "method": "drawn", "strokes": STROKE}


def unbound_contact() -> Contact:
    return Contact.objects.filter(customer__code="demo-a", user=None).order_by("pk")[0]


def bind(contact: Contact, username: str) -> None:
    Contact.objects.filter(pk=contact.pk).update(user=User.objects.get(username=username), bound_at=clock.now())


@pytest.fixture
def theirs(world: Any) -> Ticket:
    """A completed ticket of a contact without an account, registered by the desk, served by engineer1."""
    ticket: Ticket = world.completed()
    Ticket.objects.filter(pk=ticket.pk).update(requester=unbound_contact())
    return ticket


# Binding.


@pytest.mark.parametrize("who", ["desk", "manager", "engineer1"])
def test_nobody_without_the_right_binds_an_account(api: Any, who: str) -> None:
    contact = unbound_contact()
    for account in (who, "engineer3", "customer1"):
        assert api(who).patch(f"/contacts/{contact.pk}", {"user": account}).status in {403, 422}
    body = {"customer": "demo-a", "name": "新来的", "user": who}
    assert api(who).post("/contacts", body).status in {403, 422}
    assert not Contact.objects.filter(user__username=who).exists()


def test_who_may_change_staff_binds_but_not_himself(api: Any, theirs: Ticket) -> None:
    contact = unbound_contact()
    assert api("admin").patch(f"/contacts/{contact.pk}", {"user": "admin"}).status == 403
    assert api("admin").patch(f"/contacts/{contact.pk}", {"user": "assets"}).status == 200
    contact.refresh_from_db()
    assert contact.user == User.objects.get(username="assets")
    assert contact.bound_at
    entry = AuditEntry.objects.filter(object_type="people.contact", object_id=contact.pk).order_by("-id")[0]
    assert entry.after["user_id"] == contact.user_id


def test_what_is_bound_stays_so_through_every_other_change(api: Any, world: Any) -> None:
    own = world.contact("requester1")
    desk = api("desk")
    assert desk.patch(f"/contacts/{own.pk}", {"title": "出纳"}).status == 200
    assert desk.patch(f"/contacts/{own.pk}", {"user": None}).status in {200, 403}
    own.refresh_from_db()
    assert own.user == User.objects.get(username="requester1")
    moved = desk.patch(f"/contacts/{own.pk}", {"customer": "demo-b", "site": None, "department": None})
    assert moved.status in {403, 422}
    assert desk.patch(f"/contacts/{own.pk}", {"active": False}).status == 200
    assert desk.patch(f"/contacts/{own.pk}", {"active": True}).status == 403


def test_the_form_the_batch_and_the_import_bind_nobody(page: Any, actors: Any) -> None:
    contact = unbound_contact()
    desk, me = page("desk"), User.objects.get(username="desk")
    form = {"customer": contact.customer_id, "name": contact.name, "phone": contact.phone, "user": me.pk, "active": "on"}
    address = reverse("resource-contacts-detail", args=[contact.pk])
    assert desk.get(address).status_code == 200
    assert desk.post(address, form).status_code in {403, 422}
    resource = ContactResource()
    assert "user" not in resource.batch_fields(actors("desk"))
    columns, row = {"customer": 0, "name": 1, "phone": 2, "user": 3}, ["demo-a", contact.name, contact.phone, "desk"]
    outcome = import_rows(actor=actors("desk"), resource=resource, mapping=columns, rows=[row])
    assert (outcome.new, outcome.changed) == (0, 0)  # the column is not his to send
    assert not Contact.objects.filter(user=me).exists()


# Signing, refusing, rating.


@pytest.mark.parametrize(("act", "body"), [("sign", SIGN), ("refuse", {"reason": "没好"}), ("rate", {"score": 5})])
def test_one_of_ours_does_not_speak_as_the_customer(api: Any, theirs: Ticket, act: str, body: dict[str, Any]) -> None:
    bind(unbound_contact(), "desk")
    answer = api("desk").act(theirs.number, act, **body)
    assert answer.status == 403
    assert act not in api("desk").get(f"/tickets/{theirs.number}")["actions"]


@pytest.mark.parametrize(("act", "body"), [("sign", SIGN), ("refuse", {"reason": "没好"}), ("rate", {"score": 5})])
@pytest.mark.parametrize("who", ["desk", "engineer1", "engineer3"])
def test_who_took_it_down_or_worked_on_it_does_not_either(
    api: Any, theirs: Ticket, who: str, act: str, body: dict[str, Any]
) -> None:
    """Also when he is none of ours any more: the desk registered it, engineer1 did the work, engineer3 drove there once."""
    if who == "engineer3":
        theirs.visits.create(engineer=User.objects.get(username=who), arrived_at=clock.now(), left_at=clock.now())
    Ticket.objects.filter(pk=theirs.pk).update(owner=User.objects.get(username="engineer2"), handler=None)
    Assignment.objects.filter(user__username=who).delete()
    Assignment.objects.create(user=User.objects.get(username=who), role=Role.REQUESTER, customer=theirs.customer)
    bind(unbound_contact(), who)
    if who == "engineer1":
        Ticket.objects.filter(pk=theirs.pk).update(first_contact_owner=User.objects.get(username="engineer2"))
    assert api(who).act(theirs.number, act, **body).status == 403


def test_staff_of_one_customer_is_a_customer_at_another(api: Any, world: Any) -> None:
    ticket = world.completed()
    Ticket.objects.filter(pk=ticket.pk).update(requester=unbound_contact())
    Assignment.objects.filter(user__username="engineer3").update(customer=Customer.objects.get(code="demo-b"))
    bind(unbound_contact(), "engineer3")
    assert api("engineer3").act(ticket.number, "sign", **SIGN).status == 200
    assert api("engineer3").act(ticket.number, "rate", score=4).status == 200


def test_own_reports_are_signed_and_rated_as_ever(api: Any, world: Any) -> None:
    user = api("requester1")
    number = user.post("/tickets", {"customer": "demo-a", "subject": "自己报的"})["number"]
    one = api("engineer1")
    one.act(number, "claim")
    one.act(number, "judge_level", level=3, reason="核实")

    assert one.act(number, "submit_sheet", sheet=SHEET).status == 200
    assert user.act(number, "sign", **SIGN).status == 200
    assert user.act(number, "rate", score=5).status == 200


def test_who_reports_for_a_colleague_does_not_sign_for_him(api: Any, world: Any) -> None:
    ticket = world.completed()
    contact, whole = api("customer1"), {"name": "许静", "relation": "同事", "reason": "出差"}
    Ticket.objects.filter(pk=ticket.pk).update(registered_by=User.objects.get(username="customer1"), requester=unbound_contact())
    refused = contact.act(ticket.number, "sign", signer_name="沈岚", method="account", on_behalf=whole)
    assert refused.status == 403


# Evidence.


def test_a_drawn_signature_names_its_collector(api: Any, page: Any, theirs: Ticket) -> None:
    assert api("engineer1").act(theirs.number, "sign", **DRAW).status == 200
    row = SignOff.objects.get(ticket=theirs)
    assert row.collected_by == User.objects.get(username="engineer1")
    lines = api("desk").get(f"/tickets/{theirs.number}/timeline")["items"]
    assert any("收签人 陈立" in line["sentence"] for line in lines if line["type"] == "TicketSigned")
    shown = page("desk").get(f"/v/{row.sheet.verify_token}/").content.decode()
    assert "收签人 陈立" in shown
    assert "收签人 陈立" in page("desk").get(f"/tickets/{theirs.number}/").content.decode()


def test_the_printed_sheet_names_the_collector(api: Any, theirs: Ticket) -> None:

    api("engineer1").act(theirs.number, "sign", **DRAW)
    with override("zh-hans"):
        assert "收签人 陈立" in method_words(SignOff.objects.get(ticket=theirs))


def test_the_code_on_the_engineers_screen_names_him_too(page: Any, theirs: Ticket) -> None:

    token = offer_sign_link(actor=actor_for(User.objects.get(username="engineer1")), number=theirs.number)
    assert SignLink.objects.filter(offered_by__username="engineer1").count() == 1
    answer_link(token=token, answer=LinkAnswer(fixed=True, signature=Signature("张倩", "link")), address="192.0.2.9")
    row = SignOff.objects.get(ticket=theirs)
    assert row.collected_by == User.objects.get(username="engineer1")


def test_nobody_collects_his_own_signature(api: Any, theirs: Ticket) -> None:
    bind(unbound_contact(), "engineer1")
    assert api("engineer1").act(theirs.number, "sign", **DRAW).status == 403
    assert api("engineer1").act(theirs.number, "sign", **SIGN).status == 403


# The return visit.


@pytest.mark.parametrize("who", ["engineer3", "desk"])
def test_a_visit_by_a_former_helper_or_to_oneself_is_self_made(api: Any, theirs: Ticket, who: str) -> None:
    if who == "engineer3":
        theirs.visits.create(engineer=User.objects.get(username=who), arrived_at=clock.now(), left_at=clock.now())
    else:
        bind(unbound_contact(), who)
    assert api(who).act(theirs.number, "record_return_visit", result="reached", satisfied=True).status == 200
    assert ReturnVisit.objects.get(ticket=theirs).self_made
