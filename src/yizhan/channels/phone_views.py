"""The telephone's pages: the webhook, the pop-up, the log, calling back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from yizhan.channels.drivers.phone import LARGEST
from yizhan.channels.policies import ChannelPermission, calls
from yizhan.channels.queries import visible_calls
from yizhan.channels.services import phone
from yizhan.kernel.errors import DomainError, Forbidden
from yizhan.kernel.paging import paginate
from yizhan.kernel.web import actor_of, takes_form
from yizhan.tickets.models import State
from yizhan.tickets.policies import TicketPermission, tickets

SHOWN = 5


@csrf_exempt
@require_POST
def hook(request: HttpRequest, line: str) -> HttpResponse:
    """Call-centre software speaks here: signed, once, answered when it is kept."""
    body = request.read(LARGEST + 1)
    if len(body) > LARGEST:
        return JsonResponse({"code": "too_large"}, status=413)
    try:
        call = phone.take_news(
            line=line, timestamp=request.headers.get("X-Yizhan-Timestamp", ""),
            signature=request.headers.get("X-Yizhan-Signature", ""), body=body,
        )  # fmt: skip
    except DomainError as error:
        return JsonResponse({"code": error.code}, status=error.status)
    return JsonResponse({"call": call.pk, "state": call.state}, status=202)


@require_safe
def call_log(request: HttpRequest) -> HttpResponse:
    """Who called, when, for how long; the missed ones first to be called back."""
    actor, which = actor_of(request), request.GET.get("view", "missed")
    if not actor.holds(ChannelPermission.VIEW):
        raise Forbidden
    page = paginate(visible_calls(actor, which), ("-started_at", "-id"), limit=50, cursor=request.GET.get("cursor"))
    views = [("missed", _("Missed, to call back")), ("all", _("All"))]
    context = {"rows": page.items, "next": page.next, "view": which, "views": views,
               "may_register": actor.holds(TicketPermission.REGISTER)}  # fmt: skip
    return render(request, "channels/calls.html", context)


@require_safe
def call_card(request: HttpRequest, pk: int) -> HttpResponse:
    """The caller's card that pops up while the telephone rings."""
    actor = actor_of(request)
    call = calls.find(actor, ChannelPermission.VIEW, pk=pk)
    rows = tickets.scope(actor, TicketPermission.VIEW).filter(requester=call.contact_id or 0).exclude(state=State.ARCHIVED)
    context = {"call": call, "tickets": list(rows.order_by("-received_at")[:SHOWN])}
    return render(request, "channels/call_card.html", context)


@takes_form("calls")
def call_back(request: HttpRequest, pk: int) -> HttpResponse:
    phone.return_call(actor=actor_of(request), call=pk, note=request.POST.get("note", ""))
    messages.success(request, _("Done."))
    return redirect("calls")
