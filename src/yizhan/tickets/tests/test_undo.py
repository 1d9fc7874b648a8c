"""Undo for ten seconds: claim, transfer, archive; by the same person, while nothing else has happened."""

from datetime import timedelta
from typing import Any

from yizhan.kernel import clock
from yizhan.kernel.models import AuditEntry
from yizhan.tickets.models import Ticket


def undo(client: Any, number: str) -> Any:
    return client.post(f"/tickets/{number}/undo/", follow=True)


def state(number: str) -> tuple[str, str, str | None, str | None]:
    ticket = Ticket.objects.get(number=number)
    owner, target = (person.username if person else None for person in (ticket.owner, ticket.transfer_to))
    return ticket.state, ticket.sub_state, owner, target


def test_a_claim_is_taken_back(page: Any, world: Any) -> None:
    number = world.new().number
    shown = page("engineer1").post(f"/tickets/{number}/do/claim/", follow=True).content.decode()
    assert f"/tickets/{number}/undo/" in shown
    undo(page("engineer1"), number)
    assert state(number) == ("pending", "unassigned", None, None)
    ticket = Ticket.objects.get(number=number)
    assert (ticket.first_contact_owner, ticket.responded_at, ticket.version) == (None, None, 3)
    assert AuditEntry.objects.filter(command="undo_step", object_id=ticket.pk).count() == 1
    assert "撤回" in page("engineer1").get(f"/tickets/{number}/").content.decode()
    page("engineer2").post(f"/tickets/{number}/do/claim/")
    assert state(number)[2] == "engineer2"


def test_a_transfer_and_an_archive(page: Any, world: Any) -> None:
    number = world.claimed().number
    page("engineer1").post(f"/tickets/{number}/do/transfer/", {"to": "engineer2", "reason": "换班"})
    assert state(number)[3] == "engineer2"
    undo(page("engineer1"), number)
    assert state(number)[3] is None
    ready = world.ready().number
    page("desk").post(f"/tickets/{ready}/do/archive/")
    assert state(ready)[0] == "archived"
    undo(page("desk"), ready)
    assert state(ready)[:2] == ("completed", "rated")


def test_not_somebody_elses_not_later_not_after_news(page: Any, world: Any, api: Any) -> None:
    number = world.claimed(by="engineer1").number
    assert "来不及" in undo(page("engineer2"), number).content.decode()
    with clock.at(clock.now() + timedelta(seconds=16)):
        assert "来不及" in undo(page("engineer1"), number).content.decode()
    api("requester1").post(f"/tickets/{number}/messages", {"body": "急"})
    assert "来不及" in undo(page("engineer1"), number).content.decode()
    assert state(number)[2] == "engineer1"
