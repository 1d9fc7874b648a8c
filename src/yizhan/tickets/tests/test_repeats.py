"""A request that a REST client repeats because its answer got lost, without an Idempotency-Key, counts once."""

from datetime import timedelta
from typing import Any

import pytest

from yizhan.kernel import clock
from yizhan.kernel.models import AuditEntry, StoredEvent
from yizhan.tickets.models import ReturnVisit

NOT_REACHED = {"result": "unreachable"}
CONTENT = {"result": "reached", "solved": True, "satisfied": True, "comment": "很好"}


@pytest.mark.parametrize("said", [CONTENT, NOT_REACHED])
def test_an_equal_return_visit_is_the_same(api: Any, world: Any, said: dict[str, Any]) -> None:
    ticket, desk = world.completed(), api("desk")
    first, again = (desk.act(ticket.number, "record_return_visit", **said) for _ in range(2))
    assert (first.status, again.status) == (200, 200)
    assert again.body == first.body
    visit = ReturnVisit.objects.get(ticket=ticket)
    assert AuditEntry.objects.filter(object_type="tickets.returnvisit", object_id=visit.pk).count() == 1


def test_another_one_is_another_visit(api: Any, world: Any) -> None:
    """By somebody else, in other words, after something else, or later: whoever calls twice reached nobody twice."""
    number = world.completed().number
    desk = api("desk")
    desk.act(number, "record_return_visit", **NOT_REACHED)
    desk.act(number, "record_return_visit", **CONTENT)
    desk.act(number, "record_return_visit", **NOT_REACHED)
    api("manager").act(number, "record_return_visit", **NOT_REACHED)
    with clock.at(clock.now() + timedelta(minutes=2)):
        api("manager").act(number, "record_return_visit", **NOT_REACHED)
    assert ReturnVisit.objects.filter(ticket__number=number).count() == 5


def test_an_equal_transfer_is_offered_once(api: Any, world: Any) -> None:
    number = world.claimed(by="engineer3").number
    one = api("engineer3")
    first, again = (one.act(number, "transfer", to="engineer1", reason="换班") for _ in range(2))
    assert (first.status, again.status, again.body) == (200, 200, first.body)
    offers = StoredEvent.objects.filter(type="TransferOffered", payload__number=number)
    assert offers.count() == 1
    assert one.act(number, "transfer", to="engineer1", reason="换班，客户催得急").status == 200
    assert offers.count() == 2
    api("engineer1").act(number, "decline_transfer", reason="排满了")
    assert one.act(number, "transfer", to="engineer1", reason="换班，客户催得急").status == 200
    assert offers.count() == 3


def test_who_names_his_acts_says_himself_which_are_two(api: Any, world: Any) -> None:
    number = world.completed().number
    for key in ("first", "second", "first", "third"):
        api("desk").post(f"/tickets/{number}/actions/record_return_visit", NOT_REACHED, Idempotency_Key=key)
    assert ReturnVisit.objects.filter(ticket__number=number).count() == 3


def test_a_person_who_tries_two_numbers_tried_twice(page: Any, world: Any) -> None:
    number = world.completed().number
    for _number in range(2):
        page("desk").post(f"/tickets/{number}/do/record_return_visit/", NOT_REACHED)
    assert ReturnVisit.objects.filter(ticket__number=number).count() == 2


def test_a_repeat_that_says_which_version_it_saw_is_one_too(api: Any, world: Any) -> None:
    ticket, one = world.claimed(by="engineer3"), api("engineer3")
    said = {"to": "engineer1", "reason": "换班", "version": ticket.version}
    first, again = (one.act(ticket.number, "transfer", **said) for _ in range(2))
    assert (first.status, again.status, again.body) == (200, 200, first.body)
    other = one.act(ticket.number, "transfer", **{**said, "reason": "别的"})
    assert (other.status, other["code"]) == (409, "stale_version")
