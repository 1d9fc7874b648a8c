"""What several ticket pages show: the route, the buttons, the facts."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from yizhan.kernel.actor import Actor
from yizhan.kernel.errors import NotFound
from yizhan.kernel.lifecycle import Transition
from yizhan.kernel.lifecycle.bodies import checked_body, perform
from yizhan.kernel.lifecycle.buttons import Button, button
from yizhan.kernel.templatetags.yizhan import when
from yizhan.kernel.web import actor_of
from yizhan.tickets.models import State, SubState, Ticket
from yizhan.tickets.policies import TicketPermission, tickets
from yizhan.tickets.queries import with_joins
from yizhan.tickets.states import TicketLife, label_of

SHOWN = 6
ANSWERS = (TicketLife.accept, TicketLife.accept_transfer, TicketLife.decline_transfer)
AT_HAND = (TicketLife.judge_level, TicketLife.depart, TicketLife.submit_sheet, TicketLife.mark_restored, TicketLife.start_remote)
# What comes next where the ticket is; the rest keeps the table's order.
NEXT: dict[str, tuple[Transition, ...]] = {
    SubState.ACCEPTED: AT_HAND,
    SubState.REOPENED: AT_HAND,
    SubState.SCHEDULED: AT_HAND,
    SubState.REMOTE: (TicketLife.judge_level, TicketLife.mark_restored, TicketLife.submit_sheet, TicketLife.depart),
    SubState.EN_ROUTE: (TicketLife.arrive, TicketLife.judge_level),
    SubState.ON_SITE: (TicketLife.judge_level, TicketLife.mark_restored, TicketLife.submit_sheet, TicketLife.leave),
}


@dataclass(frozen=True)
class Stop:
    place: str
    label: str
    note: str


def find_ticket(request: HttpRequest, number: str) -> Ticket:
    """A ticket in scope, with all that pages show."""
    ticket = with_joins(tickets.scope(actor_of(request), TicketPermission.VIEW)).filter(number=number).first()
    if ticket is None:
        raise NotFound
    return ticket


def buttons(actor: Actor, ticket: Ticket) -> tuple[list[Button], list[Button]]:
    """(what stands in the bar, what stands under “more”): the next step first."""
    found = TicketLife.actions_for(actor, ticket)
    if TicketLife.accept in found:
        found = [transition for transition in found if transition is not TicketLife.claim]
    if ticket.state == State.IN_PROGRESS:
        order = [*ANSWERS, *NEXT.get(ticket.sub_state or "", ())]
        found.sort(key=lambda t: order.index(t) if t in order else len(order))
        found.sort(key=lambda t: ticket.level_judged and t is TicketLife.judge_level)
    if ticket.handler_id != actor.user_id:
        # Somebody else is on the way or there: his steps are his, the next step here is another one.
        found.sort(key=lambda t: t in {TicketLife.leave, TicketLife.arrive, TicketLife.depart})
    drawn = [
        button(
            transition, ticket.number, reverse("ticket-do", args=[ticket.number, transition.action]),
            label_of(actor, transition, ticket),
        )
        for transition in found
    ]  # fmt: skip
    return drawn[:SHOWN], drawn[SHOWN:]


def route(ticket: Ticket) -> list[Stop]:
    """The four stops, with when each was reached and where the ticket is."""
    order = [State.PENDING, State.IN_PROGRESS, State.COMPLETED, State.ARCHIVED]
    here = order.index(State(ticket.state))
    notes = [
        when(ticket.received_at),
        f"{ticket.owner} {when(ticket.responded_at)}" if ticket.owner else "",
        when(ticket.completed_at) if ticket.completed_at else "",
        when(ticket.archived_at) if ticket.archived_at else "",
    ]
    sub = ticket.sub_state_words
    stops = []
    for index, state in enumerate(order):
        place = "past" if index < here else "here" if index == here else ""
        label = f"{state.label} · {sub}" if index == here and sub else str(state.label)
        stops.append(Stop(place, label, notes[index] if index <= here else ""))
    return stops


def act(actor: Actor, ticket: Ticket, transition: Transition, given: dict[str, Any]) -> Ticket:
    """The page's entries through the action's schema to its command, as REST does."""
    done: Ticket = perform(transition, actor, ticket.number, checked_body(transition, given))
    return done
