"""Reads about tickets: lists, work, what belongs to one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from yizhan.kernel import custom_fields
from yizhan.kernel.actor import Actor
from yizhan.kernel.errors import Invalid, wrong_filter
from yizhan.kernel.fields import at_path
from yizhan.kernel.models import CustomField
from yizhan.tickets.models import (
    CannedReply,
    Category,
    CoHandler,
    Phrase,
    ServiceSheet,
    State,
    SubState,
    Ticket,
    TicketLink,
)
from yizhan.tickets.policies import TicketPermission, tickets

VIEWS: Mapping[str, Q] = {
    "open": Q(state__in=[State.PENDING, State.IN_PROGRESS]),
    "unassigned": Q(state=State.PENDING, sub_state=SubState.UNASSIGNED),
    "offered": Q(state=State.PENDING, sub_state=SubState.OFFERED),
    "completed": Q(state=State.COMPLETED),
    "archived": Q(state=State.ARCHIVED),
    "all": Q(),
}


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


def mine(actor: Actor) -> Q:
    """What waits for this person: owned, handled, offered, handed over, helped with, escalated to his team."""
    me, teams = actor.user_id, list(actor.team_ids)
    helped = Exists(CoHandler.objects.filter(ticket=OuterRef("pk"), user=me))
    working = Q(owner=me) | Q(handler=me) | Q(transfer_to=me) | helped
    engineers = actor.customers_with(TicketPermission.CLAIM)
    ours = Q(team__in=teams) if engineers is None else Q(team__in=teams, customer__in=engineers)
    offered = Q(offered_to=me) | Q(ours, offered_to=None)
    return Q(state__in=[State.PENDING, State.IN_PROGRESS]) & (
        (Q(state=State.IN_PROGRESS) & (working | Q(ours, sub_state=SubState.TIER2)))
        | (Q(state=State.PENDING, sub_state=SubState.OFFERED) & offered)
    )


def ticket_view(actor: Actor, name: str) -> QuerySet[Ticket]:
    rows = tickets.scope(actor, TicketPermission.VIEW)
    if name == "mine":
        return rows.filter(mine(actor))
    if name == "following":
        return rows.filter(Q(first_contact_owner=actor.user_id) | Q(registered_by=actor.user_id)).exclude(state=State.ARCHIVED)
    return rows.filter(VIEWS.get(name, Q()))


FILTERS = {
    "state": "state", "sub_state": "sub_state", "kind": "kind", "channel": "channel", "level": "level",
    "customer": "customer__code", "category": "category__code", "site": "site_id", "department": "department_id",
    "owner": "owner__username", "handler": "handler__username", "requester_id": "requester_id",
}  # fmt: skip


def filtered(rows: QuerySet[Ticket], given: Mapping[str, Any]) -> QuerySet[Ticket]:
    """Filters by field name; several values of one field are alternatives.

    Raises:
        Invalid: a value that is none of its column's kind.
    """
    for name, path in FILTERS.items():
        values = given.get(name)
        if values:
            listed = list(values) if isinstance(values, Iterable) and not isinstance(values, str) else [values]
            adapter = at_path(Ticket, path)[0]
            try:
                rows = rows.filter(**{f"{path}__in": [adapter.read(value) for value in listed]})
            except ValidationError as error:
                raise wrong_filter(name) from error
    return rows


def similar_tickets(actor: Actor, ticket: Ticket) -> QuerySet[Ticket]:
    """Other tickets of this requester, newest first."""
    rows = tickets.scope(actor, TicketPermission.VIEW).filter(requester=ticket.requester_id).exclude(pk=ticket.pk)
    return rows.order_by("-received_at")


def phrases_for(ticket: Ticket) -> dict[str, list[str]]:
    """The words to tap on a sheet, by place: those of the ticket's category first."""
    rows = Phrase.objects.filter(Q(category=None) | Q(category=ticket.category_id), active=True)
    found: dict[str, list[str]] = {}
    for place, text, category in rows.order_by("position", "pk").values_list("place", "text", "category"):
        listed = found.setdefault(place, [])
        listed.insert(0, text) if category else listed.append(text)
    return found


def ticket_fields(ticket: Ticket) -> list[CustomField]:
    """The installation's own fields that this ticket's category asks for."""
    return custom_fields.definitions("tickets.ticket", ticket.category.code if ticket.category else "")


def missing_fields(ticket: Ticket) -> list[CustomField]:
    """The required ones among them that are still empty: no ticket is completed without."""
    return [field for field in ticket_fields(ticket) if field.required and ticket.custom.get(str(field.pk)) is None]


def known_faults(actor: Actor, customer_id: int | None = None) -> QuerySet[Ticket]:
    """Open faults that several people have, of a customer (or of the actor's own): for the banner and for “me too”."""
    wanted = customer_id or actor.home_customer_id
    rows = tickets.scope(actor, TicketPermission.VIEW_FAULTS).filter(customer=wanted or 0, affected_count__gt=0)
    return rows.filter(state__in=[State.PENDING, State.IN_PROGRESS]).order_by("-received_at")


def solved_before(actor: Actor, ids: list[int]) -> dict[int, str]:
    """What was done on these tickets, where a sheet says so: the quickest article there is."""
    rows = ServiceSheet.objects.filter(ticket__in=tickets.scope(actor, TicketPermission.VIEW).filter(pk__in=ids))
    return dict(rows.order_by("pk").values_list("ticket_id", "actions_taken"))


def likely_category(ids: list[int]) -> str:
    """The category that most of these similar tickets have, by code; empty without any."""
    rows = (
        Ticket.objects.filter(pk__in=ids, category__active=True).values("category__code").annotate(n=Count("pk")).order_by("-n")
    )
    first = rows.first()
    return str(first["category__code"]) if first else ""


def open_load(ids: list[int]) -> dict[int, int]:
    """How many tickets each of these people has in work."""
    rows = Ticket.objects.filter(owner__in=ids, state=State.IN_PROGRESS).values("owner").annotate(n=Count("pk"))
    return {row["owner"]: row["n"] for row in rows}


def replies_for(ticket: Ticket, hotline: str) -> list[tuple[str, str]]:
    """(title, words) of the canned replies for this ticket's customer, its names filled in."""
    rows = CannedReply.objects.filter(Q(customer=None) | Q(customer=ticket.customer_id), active=True)
    values = {
        "number": ticket.number, "requester": ticket.requester.name, "engineer": str(ticket.owner or ""),
        "subject": ticket.subject, "hotline": hotline,
    }  # fmt: skip

    def filled(body: str) -> str:
        for name in CannedReply.VARIABLES:
            body = body.replace("{" + name + "}", values[name])
        return body

    return [(title, filled(body)) for title, body in rows.order_by("position", "pk").values_list("title", "body")]


@dataclass(frozen=True)
class Belongings:
    """Which of the things that a ticket may have it has; most have few of them."""

    sheets: bool
    links: bool
    visits: bool
    watching: bool


BELONGINGS = """
SELECT EXISTS (SELECT FROM tickets_servicesheet WHERE ticket_id = %(ticket)s),
       EXISTS (SELECT FROM tickets_ticketlink WHERE source_id = %(ticket)s OR target_id = %(ticket)s),
       EXISTS (SELECT FROM tickets_visit WHERE ticket_id = %(ticket)s),
       EXISTS (SELECT FROM tickets_watcher WHERE ticket_id = %(ticket)s AND user_id = %(me)s)
"""


def belongings(actor: Actor, ticket: Ticket) -> Belongings:
    """Asked once, so that a page asks for nothing that is not there."""
    with connection.cursor() as cursor:
        cursor.execute(BELONGINGS, {"ticket": ticket.pk, "me": actor.user_id})
        return Belongings(*(cursor.fetchone() or ()))


def links_of(ticket: Ticket) -> QuerySet[TicketLink]:
    """The tickets that belong to this one, either way, with their numbers."""
    rows = TicketLink.objects.filter(Q(source=ticket) | Q(target=ticket)).select_related("source", "target").order_by("pk")
    return rows.only("kind", "source__number", "target__number")


def category_of(code: str | None) -> Category | None:
    """The active category of that code.

    Raises:
        Invalid: there is none.
    """
    if code is None:
        return None
    found = Category.objects.filter(code=code, active=True).first()
    if found is None:
        raise Invalid(f"category: {code}", code="unknown_reference", fields={"category": [f"{code}?"]})
    return found
