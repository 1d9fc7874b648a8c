"""What several ticket pages show: the route, the buttons, the facts."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from pydantic import ValidationError

from yizhan.kernel.actor import Actor
from yizhan.kernel.errors import Invalid, NotFound
from yizhan.kernel.states import Transition
from yizhan.kernel.templatetags.yizhan import when
from yizhan.kernel.web import actor_of
from yizhan.tickets.actions import ACTIONS
from yizhan.tickets.forms import FORMS
from yizhan.tickets.models import State, SubState, Ticket
from yizhan.tickets.policies import TicketPermission, tickets
from yizhan.tickets.schemas import ActionBody
from yizhan.tickets.services.acting import with_joins
from yizhan.tickets.states import TABLE, Action, label_of

ICONS: dict[str, str] = {
    "claim": "circle-check", "accept": "circle-check", "dispatch": "user-plus", "recall": "arrow-back-up",
    "judge_level": "gavel", "schedule": "calendar-event", "start_remote": "device-desktop-share", "depart": "walk",
    "arrive": "map-pin-check", "leave": "door-exit", "escalate": "arrow-up-right", "transfer": "arrows-exchange",
    "accept_transfer": "circle-check", "decline_transfer": "x", "add_co_handler": "users-plus", "suspend": "player-pause",
    "resume": "player-play", "mark_restored": "circle-check", "submit_sheet": "file-text", "sign": "writing-sign",
    "waive_sign": "writing-sign", "refuse": "x", "rate": "star", "record_return_visit": "phone-outgoing",
    "decide_knowledge": "book", "archive": "archive", "reopen": "rotate-clockwise", "cancel": "ban", "void": "trash",
    "remind": "bell-ringing", "link": "link", "add_affected": "users-plus",
}  # fmt: skip
KEYS: dict[str, str] = {
    "claim": "A", "accept": "A", "judge_level": "J", "submit_sheet": "S", "mark_restored": "V", "transfer": "T",
    "suspend": "P", "add_co_handler": "C", "escalate": "U", "sign": "G", "archive": "E", "dispatch": "D",
}  # fmt: skip
PAGES = {"submit_sheet": "ticket-sheet", "sign": "ticket-sign"}
SHOWN = 6
ANSWERS = (Action.ACCEPT, Action.ACCEPT_TRANSFER, Action.DECLINE_TRANSFER)
AT_HAND = (Action.JUDGE_LEVEL, Action.DEPART, Action.SUBMIT_SHEET, Action.MARK_RESTORED, Action.START_REMOTE)
# What comes next where the ticket is; the rest keeps the table's order.
NEXT: dict[str, tuple[Action, ...]] = {
    SubState.ACCEPTED: AT_HAND,
    SubState.REOPENED: AT_HAND,
    SubState.SCHEDULED: AT_HAND,
    SubState.REMOTE: (Action.JUDGE_LEVEL, Action.MARK_RESTORED, Action.SUBMIT_SHEET, Action.DEPART),
    SubState.EN_ROUTE: (Action.ARRIVE, Action.JUDGE_LEVEL),
    SubState.ON_SITE: (Action.JUDGE_LEVEL, Action.MARK_RESTORED, Action.SUBMIT_SHEET, Action.LEAVE),
}


@dataclass(frozen=True)
class Button:
    """One action as a control: `page` names the page that asks for it, `form` whether it asks in place."""

    action: str
    label: str
    icon: str
    key: str
    page: str
    form: bool


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


def button(actor: Actor, ticket: Ticket, transition: Transition[Ticket]) -> Button:
    action = str(transition.action)
    page = PAGES.get(action, "")
    return Button(
        action, str(label_of(actor, action, ticket)), ICONS[action], KEYS.get(action, ""), page, Action(action) in FORMS
    )


def buttons(actor: Actor, ticket: Ticket) -> tuple[list[Button], list[Button]]:
    """(what stands in the bar, what stands under “more”): the next step first."""
    found = [button(actor, ticket, t) for t in TABLE.actions_for(actor, ticket)]
    if any(b.action == Action.ACCEPT for b in found):
        found = [b for b in found if b.action != Action.CLAIM]
    if ticket.state == State.IN_PROGRESS:
        order = [str(action) for action in (*ANSWERS, *NEXT.get(ticket.sub_state or "", ()))]
        found.sort(key=lambda b: order.index(b.action) if b.action in order else len(order))
        found.sort(key=lambda b: ticket.level_judged and b.action == Action.JUDGE_LEVEL)
    if ticket.handler_id != actor.user_id:
        # Somebody else is on the way or there: his steps are his, the next step here is another one.
        found.sort(key=lambda b: b.action in {Action.LEAVE, Action.ARRIVE, Action.DEPART})
    return found[:SHOWN], found[SHOWN:]


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


def checked_body(action: Action, given: dict[str, Any]) -> ActionBody:
    """The page's entries as the body that REST takes.

    Raises:
        Invalid: with a message per field.
    """
    try:
        return ACTIONS[action].body.model_validate(given)
    except ValidationError as error:
        fields = {str(e["loc"][-1]): [e["msg"]] for e in error.errors(include_url=False)}
        raise Invalid(_("Some fields are not right."), fields=fields) from error


def perform(actor: Actor, ticket: Ticket, action: Action, given: dict[str, Any]) -> Ticket:
    """The page's entries through the action's schema to its command, as REST does."""
    return ACTIONS[action].perform(actor, ticket.number, checked_body(action, given))
