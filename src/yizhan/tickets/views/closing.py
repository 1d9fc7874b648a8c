"""回访归档台: completed tickets by what they wait for, and everything to settle one without leaving the page."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from yizhan.kernel import clock
from yizhan.kernel.commands import each_alone
from yizhan.kernel.errors import DomainError, Forbidden, Invalid
from yizhan.kernel.forms import problems_at, problems_of, put_refusal
from yizhan.kernel.paging import capped_count
from yizhan.kernel.web import actor_of, takes_form
from yizhan.tickets.forms import KnowledgeForm, VisitForm
from yizhan.tickets.gate import gate_groups, gate_of
from yizhan.tickets.models import ReturnVisit, State, Ticket
from yizhan.tickets.policies import TicketPermission, tickets
from yizhan.tickets.queries import with_joins
from yizhan.tickets.services import closing
from yizhan.tickets.states import TicketLife, actions_of, label_of
from yizhan.tickets.views.batch import MOST, Line
from yizhan.tickets.views.parts import find_ticket

LABELS = {
    "unsolved": gettext_lazy("Not solved"),
    "visit": gettext_lazy("Return visit"), "sign": gettext_lazy("Signature"), "knowledge": gettext_lazy("Knowledge"),
    "survey": gettext_lazy("Waiting for the rating"),
    "followed": gettext_lazy("Not solved, followed by a new ticket"), "ready": gettext_lazy("Ready for the archive"),
}  # fmt: skip
GATE = {
    "signature": gettext_lazy("Signature"), "knowledge": gettext_lazy("Knowledge"),
    "return_visit": gettext_lazy("Return visit"), "survey": gettext_lazy("Survey"),
}  # fmt: skip
KNOWLEDGE = {"decision": ("id_decision_0", gettext_lazy("Knowledge")), "article": ("id_article", gettext_lazy("Article number"))}
SHOWN = 8


def may_close(request: HttpRequest) -> None:
    actor = actor_of(request)
    if not (actor.holds(TicketPermission.RETURN_VISIT) and actor.holds(TicketPermission.ARCHIVE)):
        raise Forbidden


def closable(request: HttpRequest, number: str) -> Ticket:
    """The ticket, where its customer's tickets are this person's to close; elsewhere he may be a customer himself."""
    ticket = find_ticket(request, number)
    tickets.require(actor_of(request), TicketPermission.ARCHIVE, ticket)
    return ticket


def groups(request: HttpRequest) -> list[dict[str, Any]]:
    found = gate_groups(actor_of(request))
    listed = [
        {
            "name": name, "label": label, "count": capped_count(found[name], 999),
            "tickets": list(
                found[name].select_related("customer", "requester", "site").order_by("level", "completed_at")[:SHOWN]
            ),
        }
        for name, label in LABELS.items()
    ]  # fmt: skip
    return sorted(listed, key=lambda group: not group["tickets"])  # what waits stands above what does not


def page(request: HttpRequest, ticket: Ticket | None, *, status: int = 200, **more: Any) -> HttpResponse:
    listed = groups(request)
    if ticket is None:
        first = next((t for g in listed for t in g["tickets"]), None)
        ticket = (
            with_joins(tickets.scope(actor_of(request), TicketPermission.VIEW)).filter(pk=first.pk).first() if first else None
        )
    empty = "、".join(str(group["label"]) for group in listed if not group["tickets"])
    context: dict[str, Any] = {"groups": listed, "empty": empty, "ticket": ticket, **more}
    if ticket is not None:
        gate = gate_of(ticket, clock.now())
        visits = list(ReturnVisit.objects.filter(ticket=ticket).select_related("made_by").order_by("pk"))
        context |= {
            "gate": [(label, name not in gate.missing) for name, label in GATE.items()],
            "unsolved": gate.unsolved,
            "followed_by": gate.followed_by,
            "archivable": not gate.missing,
            "visit_not_solved": _("Return visit: not solved"),
            "their_words": next((v.comment for v in reversed(visits) if v.solved is False), ""),
            "may_reopen": "reopen" in actions_of(actor_of(request), ticket),
            "sheet": ticket.sheets.select_related("category", "submitted_by").order_by("-pk").first(),
            "sign_off": ticket.sign_offs.filter(valid=True).select_related("collected_by").first(),
            "visits": visits,
            "visit_form": (visit_form := more.get("visit_form") or VisitForm(record=ticket)),
            "problems": more.get("problems") or problems_of(visit_form),
            "knowledge_form": KnowledgeForm(record=ticket, initial=request.POST.dict()),
            "entitled": tickets.is_staff(actor_of(request), ticket.customer_id),
        }
    return render(request, "tickets/closing.html", context, status=status)


@require_safe
def closing_desk(request: HttpRequest, number: str = "") -> HttpResponse:
    may_close(request)
    ticket = closable(request, number) if number else None
    return page(request, ticket if ticket and ticket.state == State.COMPLETED else None)


@takes_form("closing-ticket", "number")
def save_visit(request: HttpRequest, number: str) -> HttpResponse:
    """Keep the visit (and the knowledge, when chosen), archive when nothing is missing, open the next."""
    may_close(request)
    ticket = closable(request, number)
    actor, form = actor_of(request), VisitForm(request.POST, record=ticket)
    if not form.is_valid():
        return page(request, ticket, status=422, visit_form=form)
    data = form.cleaned_data
    answer = closing.Answer(data["result"], data["solved"], data["satisfied"], data["comment"])
    decision, article = request.POST.get("decision", ""), request.POST.get("article", "")
    try:
        gate = closing.settle_ticket(actor=actor, number=number, answer=answer, decision=decision, article=article)
    except DomainError as error:
        put_refusal(form, error, elsewhere={*KNOWLEDGE, "satisfied"})
        problems = [*problems_of(form), *problems_at(error, KNOWLEDGE)]
        return page(request, closable(request, number), status=error.status, visit_form=form, problems=problems)
    if gate.unsolved:
        messages.error(request, _("Kept: not solved. Reopen it or register a new ticket."), extra_tags="warm")
        return redirect("closing-ticket", number=number)
    names = "、".join(str(GATE[name]) for name in gate.missing)
    done = _("The visit is kept. Still missing: {names}") if names else _("{number} is in the archive.")
    messages.success(request, done.format(names=names, number=number))
    return redirect("closing")


@takes_form("closing-ticket", "number")
def save_follow_up(request: HttpRequest, number: str) -> HttpResponse:
    """A new ticket for what is still not solved; the old one may then go its way."""
    may_close(request)
    made = closing.follow_up(actor=actor_of(request), number=number, description=request.POST.get("description", ""))
    messages.success(request, _("Registered as {number}.").format(number=made.number))
    return redirect("ticket", number=made.number)


@takes_form("closing")
def archive_ready(request: HttpRequest) -> HttpResponse:
    """Everything that meets the gate and was solved: first shown with its number, then those that were shown are archived.

    One that does not meet it any more stays and is named.
    """
    may_close(request)
    actor, ready = actor_of(request), gate_groups(actor_of(request))["ready"]
    if request.POST.get("step") != "apply":
        found = list(ready.order_by("completed_at")[:MOST])
        context = {
            "lines": [Line(ticket) for ticket in found], "fitting": len(found), "step": "preview", "action": TicketLife.archive.action,
            "label": label_of(actor, TicketLife.archive), "back": reverse("closing"), "query": "",
        }  # fmt: skip
        return render(request, "tickets/batch.html", context)
    done, numbers = 0, request.POST.getlist("number")[:MOST]
    waiting = set(ready.filter(number__in=numbers).values_list("number", flat=True))
    for number in numbers:
        try:
            if number not in waiting:
                raise Invalid(_("This is not possible in the present state."))
            with each_alone():
                closing.archive_ticket(actor=actor, number=number)
            done += 1
        except DomainError as error:
            messages.error(request, f"{number}: {error}", extra_tags="warm")
    messages.success(request, _("{count} archived.").format(count=done))
    return redirect("closing")
