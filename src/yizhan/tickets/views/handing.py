"""交班 and watching."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from yizhan.kernel.errors import DomainError, Forbidden
from yizhan.kernel.web import actor_of, takes_form
from yizhan.tickets.forms import engineer_choices
from yizhan.tickets.models import Handover, State
from yizhan.tickets.policies import TicketPermission, tickets
from yizhan.tickets.services import handing

SHOWN = 60


@require_http_methods(["GET", "HEAD", "POST"])
def handover_page(request: HttpRequest) -> HttpResponse:
    """What I could hand over and to whom; what waits for my answer; what became of the last ones."""
    actor = actor_of(request)
    if not actor.holds(TicketPermission.QUICK_LOG):
        raise Forbidden
    error, status = "", 200
    if request.method == "POST":
        try:
            row = handing.offer_handover(actor=actor, to=request.POST.get("to", ""), note=request.POST.get("note", ""))
            messages.success(
                request, _("{count} tickets are offered to {name}.").format(count=row.tickets.count(), name=row.receiver)
            )
            return redirect("handover")
        except DomainError as refusal:
            error, status = str(refusal), refusal.status
    mine = tickets.scope(actor, TicketPermission.VIEW).filter(owner=actor.user_id, state=State.IN_PROGRESS)
    rows = Handover.objects.select_related("sender", "receiver").prefetch_related("tickets")
    context = {
        "mine": list(mine.order_by("level", "received_at")[:SHOWN]),
        "offered_to_me": list(rows.filter(receiver=actor.user_id, state=Handover.State.OFFERED)),
        "offered": rows.filter(sender=actor.user_id, state=Handover.State.OFFERED).first(),
        "past": list(rows.filter(sender=actor.user_id).exclude(state=Handover.State.OFFERED).order_by("-made_at")[:5]),
        "people": [choice for choice in engineer_choices(None) if choice[0] != actor.username], "error": error,
        "typed": request.POST,
    }  # fmt: skip
    return render(request, "tickets/handover.html", context, status=status)


@takes_form("handover")
def answer_handover(request: HttpRequest, pk: int) -> HttpResponse:
    actor, answer = actor_of(request), request.POST.get("answer", "")
    try:
        if answer == "withdraw":
            handing.withdraw_handover(actor=actor, handover=pk)
        else:
            handing.answer_handover(actor=actor, handover=pk, accept=answer == "accept", reason=request.POST.get("reason", ""))
        messages.success(request, _("Done."))
    except DomainError as refusal:
        if refusal.status in {403, 404}:
            raise
        messages.error(request, str(refusal), extra_tags="hot")
    return redirect("handover")


@takes_form("ticket", "number")
def watch(request: HttpRequest, number: str) -> HttpResponse:
    handing.watch_ticket(actor=actor_of(request), number=number, on=request.POST.get("on") == "1")
    return redirect("ticket", number=number)
