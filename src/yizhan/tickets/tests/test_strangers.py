"""What somebody does who is not signed in keeps his address, in the audit and in the evidence."""

import re
from typing import Any

from django.test import Client

from yizhan.kernel.models import AuditEntry
from yizhan.tickets.models import SignOff
from yizhan.tickets.services.signing import offer_sign_link
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
