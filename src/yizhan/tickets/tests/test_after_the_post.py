"""What is sent once is not sent again by a reload: the answer leads on, and where it leads tells the same each time."""

import re
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from yizhan.site.config import DEMO_PASSWORD
from yizhan.tickets.models import ReturnVisit, SignOff
from yizhan.tickets.services.closing import reopen_ticket
from yizhan.tickets.services.signing import offer_sign_link
from yizhan.tickets.tests.world import STROKE

SIGNED = {"fixed": "yes", "signer_name": "张倩", "strokes": str(STROKE), "score": "5"}


@pytest.mark.parametrize(("given", "words"), [(SIGNED, "谢谢"), ({"fixed": "no", "reason": "还是卡"}, "我们接着处理")])
def test_the_page_behind_a_link_tells_what_came_of_it(given: dict[str, str], words: str, world: Any) -> None:
    number = world.completed().number
    token = offer_sign_link(actor=world.actor("engineer1"), number=number)
    stranger = Client()
    sent = stranger.post(f"/s/{token}/", given)
    assert (sent.status_code, sent.headers["Location"]) == (302, f"/s/{token}/")
    kept = (SignOff.objects.count(), ReturnVisit.objects.count())
    for _ in range(2):
        told = stranger.get(f"/s/{token}/")
        assert told.status_code == 200
        assert words in told.content.decode()
    again = stranger.post(f"/s/{token}/", given)  # a double press
    assert (again.status_code, again.headers["Location"]) == (302, f"/s/{token}/")
    other = {"fixed": "no", "reason": "又坏了"} if given["fixed"] == "yes" else SIGNED  # a second page, another answer
    told = stranger.post(f"/s/{token}/", other)
    assert told.status_code == 409
    assert words not in told.content.decode()
    assert "没有保存" in told.content.decode()
    assert (SignOff.objects.count(), ReturnVisit.objects.count()) == kept


def test_the_page_behind_a_signed_link_says_what_was_signed_and_to_another_answer_by_whom(world: Any, settings: Any) -> None:
    ticket = world.completed()
    settings.YIZHAN = replace(settings.YIZHAN, hotline="400-800-1234")
    token = offer_sign_link(actor=world.actor("engineer1"), number=ticket.number)
    stranger = Client()
    stranger.post(f"/s/{token}/", SIGNED)
    told = stranger.get(f"/s/{token}/").content.decode()
    for words in (ticket.number, ticket.sheets.get().number, "张倩", "5 分", "400-800-1234"):
        assert words in told, words
    for other in ({**SIGNED, "signer_name": "李娜"}, {**SIGNED, "score": "1"}, {"fixed": "no", "reason": "还是卡"}):
        answer = stranger.post(f"/s/{token}/", other)
        assert answer.status_code == 409
        assert re.search(r"已由 张倩 于 [-\d]+ [:\d]+ 签过，您这次的回答没有保存", answer.content.decode())
    assert SignOff.objects.get().signer_name == "张倩"


def test_a_link_that_ended_without_an_answer_is_gone(world: Any) -> None:
    number, engineer = world.completed().number, world.actor("engineer1")
    unused = offer_sign_link(actor=engineer, number=number)
    reopen_ticket(actor=world.actor("desk"), number=number, reason="打错了")
    assert Client().get(f"/s/{unused}/").status_code == 404
    assert Client().get("/s/nonsense/").status_code == 404


@pytest.mark.parametrize(
    ("sent_to", "stands_on"),
    [
        ("/desk/paste/", "/desk/"), ("/closing/{}/visit/", "/closing/{}/"), ("/closing/archive/", "/closing/"),
        ("/tickets/{}/do/judge_level/", "/tickets/{}/?do=judge_level"), ("/tickets/{}/messages/", "/tickets/{}/"),
        ("/tickets/batch/?view=all", "/tickets/?view=all"), ("/lists/tickets/columns/", "/tickets/"),
        ("/data/contacts/batch/?q=a", "/data/contacts/?q=a"),
    ],
)  # fmt: skip
def test_an_address_that_takes_a_form_leads_to_the_page_where_the_form_stands(
    world: Any, page: Any, sent_to: str, stands_on: str
) -> None:
    number = world.completed().number
    answer = page("desk").get(sent_to.format(number))
    assert (answer.status_code, answer.headers["Location"]) == (302, stands_on.format(number))


def test_who_must_sign_in_again_after_sending_a_form_comes_back_to_it(world: Any) -> None:
    number, client = world.claimed().number, Client()
    asked = client.post(f"/tickets/{number}/do/judge_level/", {"level": "2"})
    answer = client.post(asked.headers["Location"], {"login": "engineer1", "password": DEMO_PASSWORD}, follow=True)
    assert answer.status_code == 200
    assert answer.context["do"] == "judge_level"


def test_another_method_than_form_and_page_is_refused(world: Any, page: Any) -> None:
    assert page("desk").put("/desk/paste/").status_code == 405
