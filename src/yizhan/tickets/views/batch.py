"""One action on many tickets: which of them it fits, then what came of each."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import each_alone
from yizhan.kernel.errors import DomainError, Forbidden, Invalid
from yizhan.kernel.lifecycle import Transition
from yizhan.kernel.lifecycle.forms import form_of
from yizhan.kernel.web import actor_of, takes_form
from yizhan.tickets.models import Ticket
from yizhan.tickets.policies import tickets
from yizhan.tickets.queries import with_joins
from yizhan.tickets.states import TicketLife, label_of
from yizhan.tickets.tables import listing
from yizhan.tickets.views.parts import act

MOST = 200


@dataclass(frozen=True)
class Line:
    """One ticket of a batch: why the action does not fit it, or what came of it."""

    ticket: Ticket
    problem: str = ""
    done: bool = False


def batch_actions(actor: Actor) -> list[tuple[str, Any]]:
    """What this person may do with many tickets of at least one customer, by name and label."""
    return [
        (transition.action, label_of(actor, transition))
        for transition in TicketLife.transitions.values()
        if transition.many and (transition.by_relation or tickets.allows(actor, transition.permission))
    ]


def unfit(actor: Actor, ticket: Ticket, transition: Transition) -> str:
    """Why the action does not fit this ticket now; empty when it does."""
    if not tickets.allows(actor, transition.permission, ticket):
        return _("You may not do this.")
    return "" if TicketLife.fits(transition, ticket) else _("This is not possible in the present state.")


def chosen_tickets(request: HttpRequest) -> list[Ticket]:
    actor, rows = actor_of(request), listing.found(actor_of(request), request.GET)
    if request.POST.get("all"):
        return list(rows.order_by(*listing.order)[:MOST])
    numbers = request.POST.getlist("number")
    if not numbers:
        raise Invalid(_("Choose at least one row."), code="nothing_chosen")
    if len(numbers) > MOST:
        raise Invalid(_("At most 200 tickets at once."), code="too_many_rows")
    return list(with_joins(tickets.scope(actor)).filter(number__in=numbers).order_by(*listing.order))


@takes_form("tickets")
def batch(request: HttpRequest) -> HttpResponse:
    """Preview, then act: each ticket by its own command, a refusal leaves the others alone."""
    actor, given = actor_of(request), request.POST
    if not tickets.is_staff_somewhere(actor):
        raise Forbidden
    transition = TicketLife.transitions.get(given.get("action", ""))
    if transition is None or not transition.many:
        raise Invalid(_("Choose an action."), code="no_action")
    lines = [Line(ticket, unfit(actor, ticket, transition)) for ticket in chosen_tickets(request)]
    fitting = [line.ticket for line in lines if not line.problem]
    step, form, status = given.get("step", "preview"), None, 200
    asks = form_of(transition)
    if asks is not None and fitting:
        form = asks(given if step == "apply" else None, record=fitting[0], others=fitting[1:])
        form.fields["version"].initial = None
    if step == "apply" and form is not None and not form.is_valid():
        step, status = "preview", 422
    if step == "apply":
        body = form.body() if form is not None else {}
        body.pop("version", None)
        with each_alone():
            lines = [act_on(actor, line, transition, body) for line in lines]
    context = {
        "lines": lines, "fitting": len(fitting), "form": form, "step": step, "action": transition.action,
        "query": request.GET.urlencode(),
        "label": label_of(actor, transition), "done": sum(line.done for line in lines),
        "back": f"{listing.address()}?{request.GET.urlencode()}",
    }  # fmt: skip
    return render(request, "tickets/batch.html", context, status=status)


def act_on(actor: Actor, line: Line, transition: Transition, body: dict[str, Any]) -> Line:
    if line.problem:
        return line
    try:
        act(actor, line.ticket, transition, body)
    except DomainError as error:
        return Line(line.ticket, str(error))
    return Line(line.ticket, done=True)
