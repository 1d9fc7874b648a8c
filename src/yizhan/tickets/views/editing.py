"""Correcting what was written down at registration."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from yizhan.kernel import stale
from yizhan.kernel.errors import Conflict, DomainError, Invalid, TransitionNotAllowed
from yizhan.kernel.web import actor_of
from yizhan.tickets.forms import EditForm
from yizhan.tickets.models import State, Ticket
from yizhan.tickets.policies import TicketPermission, tickets
from yizhan.tickets.queries import category_of
from yizhan.tickets.services.messages import TicketChanges, edit_ticket
from yizhan.tickets.views.parts import find_ticket


@require_http_methods(["GET", "HEAD", "POST"])
def edit_page(request: HttpRequest, number: str) -> HttpResponse:
    """The form with what stands there now; what somebody else changed meanwhile is shown, never overwritten unseen."""
    actor, ticket = actor_of(request), find_ticket(request, number)
    tickets.require(actor, TicketPermission.EDIT, ticket)
    if ticket.state == State.ARCHIVED:
        raise TransitionNotAllowed("edit_ticket", ticket.state)
    now = EditForm(ticket=ticket)
    clashes: list[stale.Clash] = []
    form, status = now, 200
    if request.method == "POST":
        data, clashes = stale.settle(now, request.POST)
        form = EditForm(data, ticket=ticket)
        try:
            if clashes:
                raise Conflict(
                    _("Somebody else changed the same fields meanwhile. Choose what shall stand."), code="stale_version"
                )
            if not form.is_valid():
                raise Invalid(_("Some fields are not right."))
            edit_ticket(actor=actor, number=number, changes=changes(ticket, form), version=ticket.version)
            messages.success(request, _("Saved."))
            return redirect("ticket", number=number)
        except DomainError as error:
            status = error.status
            fields = getattr(error, "fields", {})
            for name, texts in fields.items():
                form.add_error(name if name in form.fields else None, [str(text) for text in texts])
            if not fields:
                form.add_error(None, str(error))
    context = {"ticket": ticket, "form": form, "clashes": clashes, "seen": stale.seen_mark(now)}
    return render(request, "tickets/edit.html", context, status=status)


def changes(ticket: Ticket, form: EditForm) -> TicketChanges:
    """What the person changed; a part that is no longer offered stays where nobody touched it."""
    data: dict[str, Any] = form.cleaned_data
    given: dict[str, Any] = {name: data[name] for name in ("subject", "description", "place")}
    if "category" in form.changed_data:
        given["category"] = category_of(data["category"] or None)
    for name, rows in (("site", ticket.customer.site_set), ("department", ticket.customer.department_set)):
        if name in form.changed_data:
            given[name] = rows.filter(pk=data[name] or 0).first()
    return TicketChanges(**given, custom=data)
