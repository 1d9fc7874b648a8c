"""Nobody is offered a ticket who could not open it, and nobody his own; two people of one name are told apart."""

from typing import Any

import pytest

from yizhan.people.models import Assignment, Customer, Team, User
from yizhan.people.services.inviting import Colleague, accept_invitation, invite_colleague, withdraw_invitation
from yizhan.tickets.forms import CoHandlerForm, DispatchForm, TransferForm
from yizhan.tickets.models import Ticket
from yizhan.tickets.services import taking
from yizhan.tickets.tests.test_whom_to_send import offered

PASSWORD = "neues-Wort-42"


def invited(actors: Any) -> str:
    """The token of an engineer's invitation, for demo-a."""
    new = Colleague("sunyf", "孙一凡", roles=("technician",), customers=(Customer.objects.get(code="demo-a"),))
    return invite_colleague(actor=actors("admin"), new=new).token


def chosen_from(form: Any, field: str) -> set[str]:
    return offered(form.fields[field].choices)


@pytest.mark.parametrize("withdrawn", [False, True])
def test_who_has_not_joined_is_offered_nothing(world: Any, actors: Any, api: Any, withdrawn: bool) -> None:
    invited(actors)
    if withdrawn:
        withdraw_invitation(actor=actors("admin"), username="sunyf")
    free, taken = world.new(), world.claimed()
    for form, field in (
        (DispatchForm(record=free), "to"),
        (TransferForm(record=taken), "to"),
        (CoHandlerForm(record=taken), "user"),
    ):
        assert "engineer2" in chosen_from(form, field)
        assert "sunyf" not in chosen_from(form, field)
    refusals = [
        api("desk").act(free.number, "dispatch", to="sunyf"),
        api("engineer1").act(taken.number, "transfer", to="sunyf", reason="换班"),
        api("engineer1").act(taken.number, "add_co_handler", user="sunyf"),
    ]
    for refused in refusals:
        assert (refused.status, refused.body["code"]) == (422, "not_an_engineer")
        assert "孙一凡还没有加入" in refused.body["detail"]
    assert Ticket.objects.get(pk=free.pk).offered_to is None


def test_who_has_joined_is_offered_everything(world: Any, actors: Any, api: Any) -> None:
    accept_invitation(token=invited(actors), password=PASSWORD, address="192.0.2.1")
    ticket = world.new()
    assert "sunyf" in chosen_from(DispatchForm(record=ticket), "to")
    assert api("desk").act(ticket.number, "dispatch", to="sunyf").status == 200


def test_a_team_of_people_who_have_not_joined_is_not_offered(world: Any, actors: Any, api: Any) -> None:
    invited(actors)
    team = Team.objects.create(code="new-team", name="新组")
    team.members.add(User.objects.get(username="sunyf"))
    ticket = world.new()
    assert "new-team" not in chosen_from(DispatchForm(record=ticket), "to")
    assert api("desk").act(ticket.number, "dispatch", to="new-team").body["code"] == "not_an_engineer"


def test_nobody_is_offered_what_is_his(world: Any, actors: Any) -> None:
    ticket = world.claimed()
    taking.add_co_handler(actor=actors("engineer1"), number=ticket.number, user="engineer2")
    ticket = Ticket.objects.get(pk=ticket.pk)
    assert "engineer1" not in chosen_from(TransferForm(record=ticket), "to")
    assert "engineer2" in chosen_from(TransferForm(record=ticket), "to")
    assert not {"engineer1", "engineer2"} & chosen_from(CoHandlerForm(record=ticket), "user")
    others = [world.claimed(by="engineer3")]
    assert {"engineer1", "engineer3"} <= chosen_from(TransferForm(record=ticket, others=others), "to")


def test_two_people_of_one_name_are_told_apart(world: Any) -> None:
    first = User.objects.get(username="engineer1")
    second = User.objects.create(username="wangw2", display_name=first.display_name)
    Assignment.objects.create(user=second, role="technician", customer=Customer.objects.get(code="demo-a"))
    form: Any = DispatchForm(record=world.new())
    labels = {value: label for _group, choices in form.fields["to"].choices[1:] for value, label in choices}
    assert labels["engineer1"].startswith(f"{first.display_name} (engineer1)　")
    assert labels["wangw2"].startswith(f"{first.display_name} (wangw2)")
    assert "(" not in labels["engineer2"]
