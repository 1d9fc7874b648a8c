"""Whose business a ticket is: only those who serve its customer are offered it, hear of it or take it."""

from typing import Any

import pytest

from yizhan.kernel.models import News
from yizhan.people.models import Assignment, Customer, Role, Team, User
from yizhan.people.tests.mixed import make_person
from yizhan.tickets.models import Watcher
from yizhan.tickets.services import taking


@pytest.fixture
def elsewhere(db: None) -> User:
    """An engineer of `demo-b` only, in both teams."""
    person = User.objects.create_user("elsewhere", display_name="别处")
    Assignment.objects.create(user=person, role="technician", customer=Customer.objects.get(code="demo-b"))
    for team in Team.objects.all():
        team.members.add(person)
    return person


def heard(person: User) -> list[str]:
    return list(News.objects.filter(owner=person).values_list("code", flat=True))


def test_a_team_hears_of_its_own_customers_only(api: Any, world: Any, elsewhere: User) -> None:
    number = world.new().number
    api("desk").act(number, "dispatch", to="tier1")
    assert heard(elsewhere) == []
    assert heard(User.objects.get(username="engineer1")) == ["dispatched"]
    other = world.new(requester="requester2").number
    api("desk").act(other, "dispatch", to="tier1")
    assert heard(elsewhere) == ["dispatched"]


def test_the_second_line_hears_of_its_own_customers_only(api: Any, world: Any, elsewhere: User) -> None:
    number = world.claimed().number
    api("engineer1").act(number, "escalate", team="tier2", diagnosis="端口反复掉线")
    assert heard(elsewhere) == []
    assert heard(User.objects.get(username="engineer2")) == ["escalated"]
    assert api("elsewhere").act(number, "accept").status == 404


def test_a_team_without_an_engineer_of_the_customer_is_no_target(api: Any, world: Any, elsewhere: User) -> None:
    empty = Team.objects.create(code="north", name="北区", tier=2)
    empty.members.add(elsewhere)
    assert api("desk").act(world.new().number, "dispatch", to="north").body["code"] == "not_an_engineer"
    number = world.claimed().number
    assert api("engineer1").act(number, "escalate", team="north", diagnosis="x").body["code"] == "not_second_line"
    assert api("desk").act(world.new(requester="requester2").number, "dispatch", to="north").status == 200


def test_to_see_a_ticket_is_not_to_be_offered_it(api: Any, world: Any, elsewhere: User) -> None:
    """Auditor of demo-a, engineer of demo-b, in the team: he looks on, he does not take."""
    Assignment.objects.create(user=elsewhere, role="auditor", customer=Customer.objects.get(code="demo-a"))
    offered, second = world.new().number, world.claimed().number
    api("desk").act(offered, "dispatch", to="tier1")
    api("engineer1").act(second, "escalate", team="tier2", diagnosis="x")
    him = api("elsewhere")
    assert him.get(f"/tickets/{offered}").status == 200
    for number in (offered, second):
        assert him.act(number, "accept").status == 403
        assert him.act(number, "claim").status in {403, 409}
    assert him.get("/tickets?view=mine")["items"] == []
    assert heard(elsewhere) == []


def test_nobody_from_elsewhere_by_name(api: Any, world: Any, elsewhere: User) -> None:
    number = world.claimed().number
    for action, body in (
        ("transfer", {"to": "elsewhere", "reason": "x"}), ("add_co_handler", {"user": "elsewhere"}),
    ):  # fmt: skip
        assert api("engineer1").act(number, action, **body).body["code"] == "not_an_engineer"
    assert api("desk").act(world.new().number, "dispatch", to="elsewhere").body["code"] == "not_an_engineer"
    api("engineer1").post(f"/tickets/{number}/messages", {"body": "@elsewhere 看下", "internal": True})
    assert heard(elsewhere) == []
    assert not Watcher.objects.exists()


def test_who_no_longer_serves_the_customer_hears_no_more(api: Any, world: Any, elsewhere: User) -> None:
    ticket = world.claimed()
    Watcher.objects.create(ticket=ticket, user=elsewhere, since=ticket.created_at)
    api("requester1").post(f"/tickets/{ticket.number}/messages", {"body": "急"})
    assert heard(elsewhere) == []
    Assignment.objects.create(user=elsewhere, role="desk", customer=ticket.customer)
    api("requester1").post(f"/tickets/{ticket.number}/messages", {"body": "很急"})
    assert heard(elsewhere) == ["watched"]


def test_an_offer_ends_with_the_role(api: Any, world: Any, elsewhere: User) -> None:
    role = Assignment.objects.create(user=elsewhere, role="technician", customer=Customer.objects.get(code="demo-a"))
    number = world.new().number
    taking.dispatch_ticket(actor=world.actor("desk"), number=number, to="elsewhere")
    role.role = "auditor"
    role.save()
    assert api("elsewhere").act(number, "accept").status == 403


def test_an_engineer_who_is_somebodys_contact_belongs_to_his_team_all_the_same(api: Any, world: Any) -> None:
    make_person("between", (Role.TECHNICIAN, "demo-b"), contact_at="demo-a")
    Team.objects.get(code="tier1").members.add(User.objects.get(username="between"))
    served, own = world.new(requester="requester2").number, world.new().number
    for number in (served, own):
        api("desk").act(number, "dispatch", to="tier1")
    him = api("between")
    assert [row["number"] for row in him.get("/tickets?view=mine")["items"]] == [served]
    assert him.act(own, "accept").status in {403, 404}  # there he is a customer
    assert him.act(served, "accept").status == 200
