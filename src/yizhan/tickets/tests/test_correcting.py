"""Correcting a ticket: what is not given stays, what is given empty is cleared, where the field may be empty."""

from typing import Any

import pytest

from yizhan.people.models import Department, Site
from yizhan.tickets.models import Category, Ticket

FORM = ("subject", "description", "place", "category", "site", "department")


@pytest.fixture
def placed(world: Any) -> Ticket:
    """An open ticket with everything that can be cleared."""
    ticket: Ticket = world.new(place="3 楼")
    ticket.site = Site.objects.filter(customer=ticket.customer, active=True)[0]
    ticket.department = Department.objects.filter(customer=ticket.customer, active=True)[0]
    ticket.category = Category.objects.filter(active=True)[0]
    ticket.save()
    return ticket


def shown(page: Any, number: str) -> dict[str, Any]:
    """What a browser sends back from the form when nothing was touched."""
    form = page("desk").get(f"/tickets/{number}/edit/").context["form"]
    return {name: form.get_initial_for_field(field, name) or "" for name, field in form.fields.items() if name in FORM}


@pytest.mark.parametrize("name", ["site", "department", "category"])
def test_a_program_clears_a_reference(name: str, placed: Ticket, api: Any) -> None:
    answer = api("desk").patch(f"/tickets/{placed.number}", {name: None})
    assert (answer.status, answer[name]) == (200, None)
    others = {"site", "department", "category"} - {name}
    placed.refresh_from_db()
    assert getattr(placed, name) is None
    assert all(getattr(placed, other) is not None for other in others)


def test_a_program_clears_words_but_not_the_subject(placed: Ticket, api: Any) -> None:
    answer = api("desk").patch(f"/tickets/{placed.number}", {"description": None, "place": None})
    assert (answer.status, answer["description"], answer["place"]) == (200, "", "")
    refused = api("desk").patch(f"/tickets/{placed.number}", {"subject": None})
    assert (refused.status, list(refused["errors"])) == (422, ["subject"])


@pytest.mark.parametrize("name", ["site", "department", "category"])
def test_the_form_clears_a_reference(name: str, placed: Ticket, page: Any) -> None:
    answer = page("desk").post(f"/tickets/{placed.number}/edit/", {**shown(page, placed.number), name: ""})
    assert answer.status_code == 302
    placed.refresh_from_db()
    assert getattr(placed, name) is None


@pytest.mark.parametrize("name", ["site", "department", "category"])
def test_what_is_no_longer_offered_stays_until_somebody_changes_it(name: str, placed: Ticket, page: Any) -> None:
    """A site that was closed since is no reason to forget where the fault was."""
    part = getattr(placed, name)
    part.active = False
    part.save()
    answer = page("desk").post(f"/tickets/{placed.number}/edit/", {**shown(page, placed.number), "subject": "另一句"})
    assert answer.status_code == 302
    placed.refresh_from_db()
    assert (placed.subject, getattr(placed, name)) == ("另一句", part)


def test_work_that_is_done_keeps_its_category(world: Any, api: Any, page: Any) -> None:
    """The sheet needs one (DOMAIN 2.5): it may be put right, not taken away."""
    ticket = world.completed()
    answer = api("desk").patch(f"/tickets/{ticket.number}", {"category": None})
    assert (answer.status, list(answer["errors"])) == (422, ["category"])
    page("desk").post(f"/tickets/{ticket.number}/edit/", {**shown(page, ticket.number), "category": ""})
    ticket.refresh_from_db()
    assert ticket.category is not None
    assert api("desk").patch(f"/tickets/{ticket.number}", {"site": None}).status == 200
