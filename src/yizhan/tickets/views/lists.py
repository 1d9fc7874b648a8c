"""工作台 and the ticket list."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from yizhan.kernel import search
from yizhan.kernel.actor import Actor
from yizhan.kernel.listing.views import list_context
from yizhan.kernel.paging import capped_count, paginate
from yizhan.kernel.web import actor_of
from yizhan.people.policies import PeoplePermission, customers
from yizhan.tickets.counting import work_counts
from yizhan.tickets.forms import category_choices
from yizhan.tickets.gate import gate_groups
from yizhan.tickets.models import Channel, Kind, Level, State, Ticket
from yizhan.tickets.policies import TicketPermission, tickets
from yizhan.tickets.queries import ticket_view, with_joins
from yizhan.tickets.states import actions_of
from yizhan.tickets.tables import LEDGER, chosen_filters, listing
from yizhan.tickets.views.batch import batch_actions
from yizhan.tickets.views.portal import my_tickets

PAGE = 50
ORDER = ("-received_at", "-id")
VIEWS = [
    ("open", _("All open")), ("mine", _("My work")), ("unassigned", _("Not taken")),
    ("offered", _("Dispatched, not accepted")), ("following", _("I follow")),
    ("completed", _("Completed")), ("archived", _("Archive")), ("all", _("All")),
]  # fmt: skip


def urgency(actor: Actor, name: str, limit: int) -> list[Ticket]:
    """Work by level, then by age."""
    return list(with_joins(ticket_view(actor, name)).order_by("level", "received_at")[:limit])


def waiting_offers(actor: Actor, own: list[Ticket]) -> list[tuple[Ticket, list[str]]]:
    """What was dispatched to others and nobody has accepted yet, for those who dispatch."""
    if not actor.holds(TicketPermission.DISPATCH):
        return []
    return [(t, actions_of(actor, t)) for t in urgency(actor, "offered", 12) if t not in own]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """工作台: what waits for me, what nobody has taken, what I follow. The engineer's “today” on a phone."""
    actor = actor_of(request)
    if not tickets.is_staff_somewhere(actor):
        return my_tickets(request)
    counts = work_counts(actor)
    rows = urgency(actor, "mine", 40)
    offered = [t for t in rows if t.state == State.PENDING or t.transfer_to_id == actor.user_id]
    context = {
        "counts": counts,
        "offered": [(t, actions_of(actor, t)) for t in offered],
        "work": [t for t in rows if t not in offered],
        "free": [(t, actions_of(actor, t)) for t in urgency(actor, "unassigned", 12)],
        "waiting": waiting_offers(actor, offered),
        "following": list(with_joins(ticket_view(actor, "following")).order_by("-touched_at")[:8]),
        "ready": capped_count(gate_groups(actor)["ready"], 99) if actor.holds(TicketPermission.ARCHIVE) else "",
    }
    return render(request, "tickets/home.html", context)


def filter_fields(actor: Actor, chosen: dict[str, list[str]]) -> list[dict[str, Any]]:
    served = customers.scope(actor, PeoplePermission.VIEW_PLACES).filter(active=True).order_by("sort_key")
    fields: list[tuple[str, Any, Any]] = [
        ("state", _("State"), State.choices), ("level", _("Level"), Level.choices),
        ("customer", _("Customer"), [(c.code, str(c)) for c in served[:200]]), ("channel", _("Channel"), Channel.choices),
        ("category", _("Category"), category_choices()[1:]), ("kind", _("Kind"), Kind.choices),
    ]  # fmt: skip
    return [
        {"name": name, "label": label, "choices": [(str(v), t, str(v) in chosen.get(name, [])) for v, t in choices]}
        for name, label, choices in fields
    ]


@require_safe
def ticket_list(request: HttpRequest) -> HttpResponse:
    """The list: views as tabs, filters on top, newest first; chosen columns replace the usual rows."""
    actor = actor_of(request)
    if not tickets.is_staff_somewhere(actor):
        return redirect("home")
    chosen = chosen_filters(request.GET)
    listed = list_context(request, listing)
    usual = [column.name for column in listed["columns"]] == listing.usual_columns(actor)
    wide = listing.found(actor, request.GET)
    rows = listing.lines(actor, request.GET) if usual else listing.with_columns(wide, listed["columns"])
    page = paginate(rows, ORDER, limit=PAGE, cursor=request.GET.get("cursor"))
    context = {
        **listed,
        "tickets": page.items, "next": page.next, "view": request.GET.get("view", "open"), "views": VIEWS,
        "count": capped_count(listing.matching(actor, request.GET)), "filters": filter_fields(actor, chosen),
        "filtered": len(chosen), "usual": usual, "actions": batch_actions(actor),
        "cells": [] if usual else [(t, [(column.label, column.value(t)) for column in listed["columns"]]) for t in page.items],
        "ledger": ",".join(LEDGER),
    }  # fmt: skip
    return render(request, "tickets/list.html", context)


@require_safe
def search_page(request: HttpRequest) -> HttpResponse:
    question = request.GET.get("q", "").replace("\0", "")[:200]
    hits = search.find(actor_of(request), question, limit=60)
    if len(hits) == 1 or (hits and hits[0].number == question.strip().upper()):
        return redirect(hits[0].url)
    layout = "layout/app.html" if tickets.is_staff_somewhere(actor_of(request)) else "layout/portal.html"
    return render(request, "site/search.html", {"search_query": question, "hits": hits, "layout": layout})
