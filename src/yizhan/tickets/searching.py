"""Tickets in the search index: public words, and for staff the internal ones and the phone."""

from collections.abc import Iterable

from django.db.models import Q
from django.urls import reverse

from yizhan.kernel import custom_fields, search
from yizhan.kernel.actor import Actor
from yizhan.kernel.models import SearchRow
from yizhan.kernel.search.query import audiences
from yizhan.people.policies import PeoplePermission
from yizhan.tickets.models import Ticket
from yizhan.tickets.policies import TicketPermission, tickets

MESSAGES = 200


def ticket_entry(ticket: Ticket, *, fresh: bool = False) -> search.Entry:
    public = [ticket.number, ticket.subject, ticket.description, ticket.place]
    internal = [ticket.customer.name]
    messages, sheets = ([], []) if fresh else written(ticket)
    for body, hidden in messages:
        (internal if hidden else public).append(body)
    for diagnosis, actions in sheets:
        public += [diagnosis, actions]
    if ticket.custom:
        own_public, own_internal = custom_fields.search_texts(custom_fields.definitions("tickets.ticket"), ticket.custom)
        public, internal = [*public, *own_public], [*internal, *own_internal]
    requester = ticket.requester
    return search.Entry(
        record=ticket, customer_id=ticket.customer_id, number=ticket.number, title=ticket.subject, at=ticket.received_at,
        public=search.text_tokens(*public, names=[requester.name]),
        internal=search.text_tokens(*internal), restricted=search.text_tokens(requester.email, phones=[requester.phone]),
    )  # fmt: skip


def written(ticket: Ticket) -> tuple[list[tuple[str, bool]], list[tuple[str, str]]]:
    """The last messages (text, internal) and the sheets' words."""
    messages = ticket.messages.values_list("body", "internal").order_by("-pk")[:MESSAGES]
    return list(messages), list(ticket.sheets.values_list("diagnosis", "actions_taken"))


def index_ticket(ticket: Ticket, *, fresh: bool = False) -> None:
    """`fresh`: just registered, so nothing can have been written on it yet."""
    search.write(ticket_entry(ticket, fresh=fresh))


def index_tickets(tickets_listed: Iterable[Ticket], *, fresh: bool = False) -> None:
    """The same for many, in one statement."""
    search.write_many([ticket_entry(ticket, fresh=fresh) for ticket in tickets_listed])


def visible(actor: Actor) -> Q | None:
    """All words of the customers whose staff one is; elsewhere what the scope holds, public words only."""
    internal, own = actor.customers_with(TicketPermission.VIEW_INTERNAL), None
    if actor.contact_id is not None or actor.customers_with(TicketPermission.VIEW) != internal:
        own = Q(object_id__in=tickets.scope(actor, TicketPermission.VIEW).values("pk"))
    return audiences(internal=internal, restricted=actor.customers_with(PeoplePermission.VIEW_PHONES), own=own)


def page(row: SearchRow) -> str:
    return reverse("ticket", args=[row.number])


search.register(search.Source("tickets.ticket", "ticket", visible, page))
