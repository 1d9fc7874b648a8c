"""A user name is one person's in any case and by any way in, since signing in does not look at the case."""

import threading
from contextlib import suppress
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from yizhan.kernel.actor import system_actor
from yizhan.kernel.errors import Conflict, DomainError, Invalid
from yizhan.kernel.models import AuditEntry
from yizhan.kernel.resource import resource_named
from yizhan.kernel.resource.importing import import_rows
from yizhan.people.access import actor_for
from yizhan.people.models import Team, User
from yizhan.people.services.accounts import create_user
from yizhan.people.services.inviting import Colleague, invite_colleague

PASSWORD, TAKEN = "neues-Wort-42", "这个用户名已被占用。"


@pytest.mark.parametrize("name", ["DESK", "Desk", "desk"])
def test_rest_refuses_a_namesake_beside_the_field(api: Any, name: str) -> None:
    answer = api("admin").post("/users", {"username": name, "display_name": "假的"})
    assert answer.status == 422, answer
    assert list(answer["errors"]) == ["username"]
    invited = api("admin").post("/invitations", {"username": name, "display_name": "假的", "roles": ["technician"]})
    assert (invited.status, invited["errors"]) == (422, {"username": [TAKEN]})
    assert User.objects.filter(username__iexact="desk").count() == 1


def test_nobody_is_renamed_into_a_namesake(api: Any) -> None:
    answer = api("admin").patch("/users/engineer1", {"username": "Desk"})
    assert (answer.status, answer["errors"]) == (422, {"username": [TAKEN]})


def test_the_form_of_a_colleague_says_it_beside_the_field(page: Any) -> None:
    given = {"display_name": "孙一凡", "username": "Desk", "roles": ["technician"], "scope": "all"}
    answer = page("admin").post("/people/invite/", given)
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"username": [TAKEN]}


def test_the_console_refuses_it_too(db: None) -> None:
    for name in ("DESK", "desk"):
        with pytest.raises(Invalid) as refused:
            create_user(actor=system_actor("console"), username=name, name="x", password=PASSWORD)
        assert {field: [str(text) for text in texts] for field, texts in refused.value.fields.items()} == {"username": [TAKEN]}


def test_nobody_is_shut_out_by_a_namesake(db: None) -> None:
    """The second is not made, the first comes in by whatever case he types."""
    one = create_user(actor=system_actor("console"), username="Max1", name="x", password=PASSWORD)
    with suppress(DomainError):
        create_user(actor=system_actor("console"), username="MAX1", name="x", password="anders-Wort-42")
    for name in ("Max1", "max1", "MAX1"):
        browser = Client()
        browser.post("/accounts/login/", {"login": name, "password": PASSWORD})
        assert browser.session.get("_auth_user_id") == str(one.pk), name


def test_a_sheet_brings_no_namesake(actors: Any) -> None:
    outcome = import_rows(
        actor=actors("admin"),
        resource=resource_named("users"),
        mapping={"username": 0, "display_name": 1},
        rows=[["Desk", "假的"]],
    )
    assert (outcome.new, [(fault.row, fault.reasons) for fault in outcome.faults]) == (0, [(2, (TAKEN,))])
    assert User.objects.filter(username__iexact="desk").count() == 1


def test_of_four_namesakes_invited_at_once_one_comes(committed: str) -> None:
    admin, gate = actor_for(User.objects.get(username="admin"), channel="web"), threading.Barrier(4)
    refused: list[Any] = []

    def invite(name: str) -> None:
        gate.wait(10)
        try:
            invite_colleague(actor=admin, new=Colleague(name, "周某", ["technician"]))
        except (Conflict, Invalid) as error:
            refused.append({field: [str(text) for text in texts] for field, texts in error.fields.items()})  # type: ignore[union-attr]
        finally:
            connections.close_all()

    threads = [threading.Thread(target=invite, args=[name]) for name in ("Zhou", "zhou", "ZHOU", "zHou")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert User.objects.filter(username__iexact="zhou").count() == 1
    assert len(refused) == 3
    assert all(list(fields) == ["username"] for fields in refused), refused


def test_a_team_tells_in_its_own_history_whom_an_invitation_brought(api: Any) -> None:
    """The same words, members before and after, as when he is ticked in the team's form."""
    admin, team = api("admin"), Team.objects.get(code="tier1")
    before = sorted(team.members.values_list("pk", flat=True))
    made = admin.post(
        "/invitations", {"username": "sunyf", "display_name": "孙一凡", "roles": ["technician"], "teams": ["tier1"]}
    )
    assert made.status == 201, made
    own = AuditEntry.objects.filter(object_type="people.team", object_id=team.pk)
    invited = own.latest("id")
    person = User.objects.get(username="sunyf")
    assert (invited.command, invited.before["members"]) == ("change_team", before)
    assert invited.after["members"] == sorted([*before, person.pk])
    names = [User.objects.get(pk=pk).username for pk in before]
    assert admin.patch("/teams/tier1", {"members": names}).status == 200
    assert admin.patch("/teams/tier1", {"members": [*names, "sunyf"]}).status == 200
    ticked = own.latest("id")
    assert ticked.pk != invited.pk
    assert (ticked.command, ticked.before, ticked.after) == (invited.command, invited.before, invited.after)
