"""What somebody does who is not signed in keeps his address, in the audit and in the evidence."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from yizhan.kernel.models import AuditEntry
from yizhan.people.models import Assignment, Customer, User
from yizhan.tickets.evidence import changed_records
from yizhan.tickets.models import ReturnVisit, SignOff
from yizhan.tickets.services.signing import closing_sheet, new_link, offer_sign_link
from yizhan.tickets.tests.world import STROKE


def test_who_signs_by_a_link_leaves_his_address(world: Any) -> None:
    number = world.completed().number
    token = offer_sign_link(actor=world.actor("engineer1"), number=number)
    given = {"fixed": "yes", "signer_name": "张倩", "strokes": str(STROKE), "score": "5"}
    assert Client(REMOTE_ADDR="192.0.2.9").post(f"/s/{token}/", given).status_code == 302
    assert SignOff.objects.get(ticket__number=number).address == "192.0.2.9"
    row = AuditEntry.objects.filter(actor="system:link", outcome="done").order_by("-id")[0]
    assert (row.address, bool(row.request_id)) == ("192.0.2.9", True)


def test_who_takes_up_an_invitation_leaves_his_address(page: Any) -> None:
    made = page("admin").post(
        "/people/invite/", {"display_name": "孙一", "username": "sunyi", "roles": ["technician"], "scope": "all"}, follow=True
    )
    link = re.findall(r"/join/[\w-]+/", made.content.decode())[0]
    word = "Schnee-am-See-2026"
    assert Client(REMOTE_ADDR="192.0.2.8").post(link, {"password": word, "again": word}).status_code == 302
    rows = AuditEntry.objects.filter(actor="system:invitation", outcome="done").order_by("-id")[:2]
    assert {(row.address, bool(row.request_id)) for row in rows} == {("192.0.2.8", True)}


def test_what_is_signed_and_rated_asks_for_nothing_more(world: Any, page: Any) -> None:
    number = world.completed().number
    requester = page("requester1")
    asked = requester.get("/").context
    assert number in {ticket.number for ticket in asked["to_sign"]}
    token = offer_sign_link(actor=world.actor("engineer1"), number=number)
    Client().post(f"/s/{token}/", {"fixed": "yes", "signer_name": "张倩", "strokes": str(STROKE), "score": "5"})
    asked = requester.get("/").context
    assert number not in {ticket.number for ticket in asked["to_sign"]}
    assert number in {ticket.number for ticket in asked["archived"]}


def test_a_grant_for_everybody_says_so(page: Any) -> None:
    assert "全部客户" in page("admin").get("/data/assignments/").content.decode().partition("<tbody>")[2]


@pytest.mark.parametrize("who", ["engineer1", "engineer2", "desk", "manager"])
@pytest.mark.parametrize("fixed", ["yes", "no"])
def test_one_of_ours_does_not_answer_the_customer_s_link(world: Any, page: Any, who: str, fixed: str) -> None:
    """The link that he made opens on his own screen too: signed in, he is told whose it is, and it stays unused."""
    number = world.completed().number
    token = offer_sign_link(actor=world.actor("engineer1"), number=number)
    given = {"fixed": fixed, "reason": "没好", "signer_name": "张倩", "strokes": str(STROKE), "score": "5"}
    for answer in (page(who).get(f"/s/{token}/"), page(who).post(f"/s/{token}/", given)):
        assert answer.status_code == 403
        shown = answer.content.decode()
        assert "这个链接是给用户的" in shown
        assert "signer_name" not in shown
        assert (f"/tickets/{number}/sign/" in shown) == (who == "engineer1")
    assert not SignOff.objects.exists()
    assert not ReturnVisit.objects.exists()
    refused = AuditEntry.objects.filter(command="answer_as", outcome="refused").values_list("actor", "address")
    assert list(refused) == [(world.actor(who).label, "127.0.0.1")]
    assert Client().post(f"/s/{token}/", {**given, "fixed": "yes"}).status_code == 302


def test_the_evidence_names_the_account_and_the_audit_how_the_link_came(world: Any, page: Any) -> None:
    shown, mailed = world.completed(requester="requester1"), world.completed(requester="requester1")
    given = {"fixed": "yes", "signer_name": "张倩", "strokes": "", "score": "5"}
    token = offer_sign_link(actor=world.actor("engineer1"), number=shown.number)
    assert page("requester1").post(f"/s/{token}/", given).status_code == 302
    row = SignOff.objects.get(ticket=shown, method="link")
    assert (row.signed_by, row.collected_by) == tuple(User.objects.get(username=name) for name in ("requester1", "engineer1"))
    assert told_of(row)["link_through"] == "screen"
    assert told_of(row)["link_shown_by"] == row.collected_by_id
    assert Client().post(f"/s/{new_link(mailed, closing_sheet(mailed))}/", given).status_code == 302
    row = SignOff.objects.get(ticket=mailed)
    assert (row.signed_by, row.collected_by, told_of(row)["link_through"]) == (None, None, "mail")
    assert list(changed_records(connection)) == []


def told_of(row: SignOff) -> dict[str, Any]:
    after: dict[str, Any] = AuditEntry.objects.get(command="sign_sheet", object_id=row.pk).after
    return after


@pytest.mark.parametrize("who", ["engineer2", "requester2"])
def test_nor_does_who_belongs_to_another_customer(world: Any, page: Any, who: str) -> None:
    """Ours or not: the engineer serves others only, the requester is another customer's."""
    Assignment.objects.filter(user__username="engineer2").update(customer=Customer.objects.get(code="boan"))
    token = offer_sign_link(actor=world.actor("engineer1"), number=world.completed().number)
    given = {"fixed": "yes", "signer_name": "张倩", "strokes": str(STROKE), "score": "5"}
    assert page(who).get(f"/s/{token}/").status_code == 403
    assert page(who).post(f"/s/{token}/", given).status_code == 403
    assert not SignOff.objects.exists()
