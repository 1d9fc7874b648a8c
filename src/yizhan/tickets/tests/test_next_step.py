"""The bar of a ticket: what comes next stands first, for who does it."""

from typing import Any

from yizhan.tickets.models import Ticket
from yizhan.tickets.services import taking, working
from yizhan.tickets.views.parts import buttons


def first(world: Any, ticket: Ticket, count: int, name: str = "engineer1") -> list[str]:
    shown, _more = buttons(world.actor(name), Ticket.objects.get(pk=ticket.pk))
    return [button.action for button in shown[:count]]


def test_the_next_step_of_whoever_goes_there_is_the_first(world: Any) -> None:
    me, ticket = world.actor("engineer1"), world.claimed()
    assert first(world, ticket, 2) == ["judge_level", "depart"]
    working.judge_level(actor=me, number=ticket.number, level=3, reason="核实")
    assert first(world, ticket, 3) == ["depart", "submit_sheet", "mark_restored"]
    working.depart_for_ticket(actor=me, number=ticket.number)
    assert first(world, ticket, 1) == ["arrive"]
    working.arrive_at_ticket(actor=me, number=ticket.number)
    assert first(world, ticket, 3) == ["mark_restored", "submit_sheet", "leave"]


def test_a_remote_session_leads_to_the_sheet(world: Any) -> None:
    ticket = world.judged()
    working.start_remote(actor=world.actor("engineer1"), number=ticket.number, tool="ToDesk")
    assert first(world, ticket, 2) == ["mark_restored", "submit_sheet"]


def test_who_was_asked_to_take_it_over_answers_first(world: Any) -> None:
    ticket = world.judged()
    taking.transfer_ticket(actor=world.actor("engineer1"), number=ticket.number, to="engineer2", reason="下班")
    assert first(world, ticket, 2, "engineer2") == ["accept_transfer", "decline_transfer"]
