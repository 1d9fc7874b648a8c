"""Whom a ticket can be sent to: engineers and teams that serve its customer, and nobody before somebody chose."""

from typing import Any

from yizhan.people.models import Assignment, Contact, Customer, Team, User
from yizhan.tickets.forms import DispatchForm, dispatch_choices
from yizhan.tickets.models import Ticket


def offered(choices: Any) -> set[str]:
    """Every value of a list with groups in it."""
    found: set[str] = set()
    for value, label in choices:
        found |= offered(label) if isinstance(label, list) else {value}
    return found


def elsewhere() -> Team:
    """A team whose only engineer serves another customer."""
    user = User.objects.create(username="only-b", display_name="乙地")
    Assignment.objects.create(user=user, role="technician", customer=Customer.objects.get(code="demo-b"))
    team = Team.objects.create(code="b-team", name="乙组")
    team.members.add(user)
    return team


def test_teams_that_serve_the_customer_are_offered(world: Any, page: Any) -> None:
    elsewhere()
    ticket = world.new()
    choices = offered(DispatchForm(record=ticket).fields["to"].choices)  # type: ignore[attr-defined]
    assert {"tier1", "engineer1", ""} <= choices
    assert "b-team" not in choices
    shown = page("desk").get(f"/tickets/{ticket.number}/?do=dispatch").content.decode()
    assert 'value="tier1"' in shown
    assert page("desk").post(f"/tickets/{ticket.number}/do/dispatch/", {"to": "tier1"}).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.sub_state, ticket.team.code, ticket.offered_to) == ("offered", "tier1", None)


def test_a_batch_of_two_customers_is_offered_who_serves_both(world: Any, page: Any) -> None:
    elsewhere()
    numbers = [world.new().number, world.new(requester="requester2").number]
    assert "b-team" in offered(dispatch_choices(Customer.objects.get(code="demo-b").pk))
    shown = page("desk").post("/tickets/batch/", {"action": "dispatch", "number": numbers}).content.decode()
    assert 'value="tier1"' in shown
    assert 'value="b-team"' not in shown
    sent = {"action": "dispatch", "number": numbers, "step": "apply", "to": "tier1"}
    assert page("desk").post("/tickets/batch/", sent).status_code == 200
    assert set(Ticket.objects.filter(number__in=numbers).values_list("team__code", flat=True)) == {"tier1"}


def test_the_desk_offers_teams_and_chooses_nobody(page: Any) -> None:
    elsewhere()
    caller = Contact.objects.get(user__username="requester1")
    shown = page("desk").get(f"/desk/?caller={caller.pk}")
    people = shown.context["people"]
    assert "tier1" in offered(people)
    assert "b-team" not in offered(people)
    assert shown.content.decode().partition('name="to"')[2].partition("<option")[2].startswith(' value="">')
    given = {"requester": caller.pk, "subject": "投影仪坏了", "channel": "phone", "level": "3", "then": "dispatch", "to": ""}
    refused = page("desk").post("/desk/", given)
    assert refused.status_code == 422
    assert "请选工程师或班组" in refused.content.decode()
    assert Ticket.objects.count() == 0
    assert page("desk").post("/desk/", {**given, "to": "tier1"}).status_code == 302
    assert Ticket.objects.get().team.code == "tier1"  # type: ignore[union-attr]


def test_somebody_new_is_served_by_his_customers_people(page: Any) -> None:
    elsewhere()
    shown = page("desk").get("/desk/people/?customer=demo-b").content.decode()
    assert 'value="b-team"' in shown
    assert 'value="b-team"' not in page("desk").get("/desk/people/?customer=demo-a").content.decode()
    assert page("requester1").get("/desk/people/?customer=demo-a").status_code == 403


def test_somebody_new_stays_open_where_his_entry_is_wrong(page: Any) -> None:
    refused = page("desk").post("/desk/", {"name": "", "phone": "13900001111", "customer": "", "subject": "打不开"})
    assert refused.status_code == 422
    part = refused.content.decode().partition('id="new-caller"')[2].partition("</details>")[0]
    assert part.startswith(" open>")
    assert 'value="13900001111"' in part
    assert '<option value="">' in part
