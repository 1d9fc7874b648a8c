"""One action on many tickets: which of them it fits, then what came of each."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from yizhan.kernel.actor import Actor
from yizhan.kernel.errors import DomainError, Forbidden, Invalid
from yizhan.kernel.web import actor_of, takes_form
from yizhan.tickets.forms import FORMS
from yizhan.tickets.models import Ticket
from yizhan.tickets.policies import tickets
from yizhan.tickets.services.acting import with_joins
from yizhan.tickets.states import TABLE, Action, label_of
from yizhan.tickets.tables import listing
from yizhan.tickets.views.parts import perform

MOST = 200
MANY = (
    Action.CLAIM, Action.DISPATCH, Action.RECALL, Action.ACCEPT, Action.TRANSFER, Action.ACCEPT_TRANSFER, Action.JUDGE_LEVEL,
    Action.SUSPEND, Action.RESUME, Action.ADD_CO_HANDLER, Action.DECIDE_KNOWLEDGE, Action.ARCHIVE, Action.VOID, Action.WAIVE_SIGN,
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One ticket of a batch: why the action does not fit it, or what came of it."""

    ticket: Ticket
    problem: str = ""
    done: bool = False


def batch_actions(actor: Actor) -> list[tuple[str, Any]]:
    """What this person may do with many tickets of at least one customer, by name and label."""
    found = []
    for action in MANY:
        permission = TABLE.transitions[action].permission
        if tickets.allows(actor, permission) or action in {Action.TRANSFER, Action.JUDGE_LEVEL, Action.ACCEPT}:
            found.append((str(action), label_of(actor, action)))
    return found


def unfit(actor: Actor, ticket: Ticket, action: Action) -> str:
    """Why the action does not fit this ticket now; empty when it does."""
    transition = TABLE.transitions[action]
    if not tickets.allows(actor, transition.permission, ticket):
        return _("You may not do this.")
    return "" if TABLE.fits(transition, ticket) else _("This is not possible in the present state.")


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


def list_with_filters(request: HttpRequest) -> str:
    return f"{listing.address()}?{request.GET.urlencode()}"


@takes_form(list_with_filters)
def batch(request: HttpRequest) -> HttpResponse:
    """Preview, then act: each ticket by its own command, a refusal leaves the others alone."""
    actor, given = actor_of(request), request.POST
    if not tickets.is_staff_somewhere(actor):
        raise Forbidden
    if given.get("action", "") not in MANY:
        raise Invalid(_("Choose an action."), code="no_action")
    action, chosen = Action(given["action"]), chosen_tickets(request)
    lines = [Line(ticket, unfit(actor, ticket, action)) for ticket in chosen]
    fitting = [line.ticket for line in lines if not line.problem]
    step, form, status = given.get("step", "preview"), None, 200
    if action in FORMS and fitting:
        form = FORMS[action](given if step == "apply" else None, ticket=fitting[0], others=fitting[1:])
        form.fields["version"].initial = None
    if step == "apply" and form is not None and not form.is_valid():
        step, status = "preview", 422
    if step == "apply":
        body = form.body() if form is not None else {}
        body.pop("version", None)
        lines = [act(actor, line, action, body) for line in lines]
    context = {
        "lines": lines, "fitting": len(fitting), "form": form, "step": step, "action": action, "query": request.GET.urlencode(),
        "label": label_of(actor, action), "done": sum(line.done for line in lines),
        "back": list_with_filters(request),
    }  # fmt: skip
    return render(request, "tickets/batch.html", context, status=status)


def act(actor: Actor, line: Line, action: Action, body: dict[str, Any]) -> Line:
    if line.problem:
        return line
    try:
        perform(actor, line.ticket, action, body)
    except DomainError as error:
        return Line(line.ticket, str(error))
    return Line(line.ticket, done=True)
