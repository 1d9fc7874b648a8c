"""The frame of every action on a ticket: look up, ask, lock, check; then write, re-check, tell."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from yizhan.kernel import audit, clock, events
from yizhan.kernel.actor import Actor
from yizhan.kernel.errors import NotFound, StaleVersion, TransitionNotAllowed
from yizhan.kernel.lifecycle import Transition
from yizhan.tickets.events import TicketEvent
from yizhan.tickets.models import SubState, Ticket
from yizhan.tickets.policies import TicketPermission, tickets
from yizhan.tickets.states import TicketLife

JOINS = (
    "customer", "site", "department", "requester", "requester__user", "registered_by", "category",
    "owner", "first_contact_owner", "handler", "offered_to", "transfer_to", "team", "rating",
)  # fmt: skip


# What is read of a joined record; building a statement and its objects costs by the column.
PERSON = ("username", "display_name", "is_active", "language", "email")
PARTS: dict[str, tuple[str, ...]] = {
    "customer": ("code", "name", "short_name", "language", "notify", "muted", "zone"), "site": ("name", "customer"),
    "department": ("name", "customer"), "requester__user": PERSON, "registered_by": PERSON, "owner": PERSON,
    "requester": ("name", "phone", "email", "vip", "customer", "user", "site", "department", "place", "bound_at"),
    "first_contact_owner": PERSON, "handler": PERSON, "offered_to": PERSON, "transfer_to": PERSON,
    "category": ("code", "name", "level", "active"), "team": ("code", "name", "tier"), "rating": ("score", "comment", "ticket"),
}  # fmt: skip
OWN = tuple(field.name for field in Ticket._meta.concrete_fields)
READ = (*OWN, *(f"{name}__{field}" for name, fields in PARTS.items() for field in ("id", *fields)))
LISTED = (
    "number", "subject", "level", "level_judged", "state", "sub_state", "remind_count", "channel", "received_at", "touched_at",
    "customer__name", "customer__short_name", "site__name", "department__name", "requester__name", "category__name",
    "owner__display_name", "owner__username", "handler__display_name", "handler__username", "offered_to__display_name",
    "offered_to__username", "team__name",
)  # fmt: skip


def with_joins(rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """Tickets with all that showing one needs, in two statements."""
    return rows.select_related(*JOINS).only(*READ).prefetch_related("co_handlers")


def for_list(rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """Tickets with what a line of a list shows, in one statement."""
    joined = ("customer", "site", "department", "requester", "category", "owner", "handler", "offered_to", "team")
    return rows.select_related(*joined).only(*LISTED)


@dataclass
class Case:
    """One action under way: the locked ticket, who acts, when, and how the row looked before."""

    actor: Actor
    ticket: Ticket
    command: str
    now: datetime
    before: dict[str, Any]
    may_leave_scope: bool = False

    def finish(self, *news: TicketEvent) -> Ticket:
        """Write the ticket, make sure that it is still the actor's to see, record, tell."""
        ticket = self.ticket
        ticket.version += 1
        ticket.touched_at = self.now
        after = audit.snapshot(ticket)
        ticket.save(update_fields=[name for name, value in after.items() if self.before.get(name) != value])
        if not self.may_leave_scope and not tickets.scope(self.actor, TicketPermission.VIEW).filter(pk=ticket.pk).exists():
            raise NotFound
        audit.record(self.actor, self.command, ticket, self.before, after)
        for event in news:
            events.emit(self.actor, ticket, ticket.customer_id, event)
        return ticket

    def move(self, state: str, sub_state: str) -> None:
        self.ticket.state, self.ticket.sub_state = state, sub_state


def lock_ticket(actor: Actor, number: str) -> Ticket:
    """The ticket in the actor's scope, locked until the transaction ends."""
    rows = with_joins(tickets.scope(actor, TicketPermission.VIEW)).select_for_update(of=("self",))
    ticket = rows.filter(number=number).first()
    if ticket is None:
        raise NotFound
    return ticket


def begin(actor: Actor, number: str, transition: Transition, version: int | None = None, command: str = "") -> Case:
    """Scope, permission, version, state, in this order. `command` is what the audit calls it, where not “<action>_ticket”.

    Raises:
        NotFound, Forbidden, StaleVersion, TransitionNotAllowed.
    """
    ticket = lock_ticket(actor, number)
    tickets.require(actor, transition.permission, ticket)
    if version is not None and version != ticket.version:
        raise StaleVersion(ticket.version)
    if not TicketLife.fits(transition, ticket):
        raise TransitionNotAllowed(transition.action, ticket.state)
    return Case(actor, ticket, command or f"{transition.action}_ticket", clock.now(), audit.snapshot(ticket))


def begin_edit(actor: Actor, number: str, permission: TicketPermission, command: str, version: int | None = None) -> Case:
    """The same for what is no transition: a message, an edit."""
    ticket = lock_ticket(actor, number)
    tickets.require(actor, permission, ticket)
    if version is not None and version != ticket.version:
        raise StaleVersion(ticket.version)
    return Case(actor, ticket, command, clock.now(), audit.snapshot(ticket))


def working_sub_state(ticket: Ticket) -> str:
    """Where work goes on when a visit, a session or a pause has ended."""
    return SubState.TIER2 if ticket.team_id and ticket.team and ticket.team.tier == 2 else SubState.ACCEPTED
