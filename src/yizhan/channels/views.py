"""Channels: which mailboxes work, what came in, and what a person must decide."""

from collections.abc import Sequence

from django.contrib import messages
from django.db.models import Case, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from yizhan.channels.drivers.mail.letter import Letter
from yizhan.channels.drivers.mail.reading import open_letter
from yizhan.channels.models import InboundMessage
from yizhan.channels.policies import ChannelPermission, inbound
from yizhan.channels.queries import WAITING, failed_notices, inbound_messages, raw_content, visible_mailboxes
from yizhan.channels.services.triage import discard_message, place_message, replay_message
from yizhan.kernel.errors import DomainError, Forbidden, PermanentFailure, TemporaryFailure
from yizhan.kernel.forms import Problem, problems_at
from yizhan.kernel.paging import paginate
from yizhan.kernel.web import actor_of, takes_form
from yizhan.people.policies import PeoplePermission, contacts

STATES = [
    ("waiting", gettext_lazy("Waiting for a person")), ("processed", gettext_lazy("Processed")),
    ("ignored", gettext_lazy("Ignored")), ("discarded", gettext_lazy("Discarded")), ("all", gettext_lazy("All")),
]  # fmt: skip
PLACES = {
    "contact": ("contact", gettext_lazy("A known contact")), "name": ("name", gettext_lazy("Name")),
    "phone": ("phone", gettext_lazy("Phone")), "reason": ("reason", gettext_lazy("Reason")),
}  # fmt: skip


def may_view(request: HttpRequest) -> None:
    if not actor_of(request).holds(ChannelPermission.VIEW):
        raise Forbidden


@require_safe
def channel_page(request: HttpRequest) -> HttpResponse:
    may_view(request)
    actor, state = actor_of(request), request.GET.get("state", "waiting")
    page = paginate(inbound_messages(actor, state), ("-received_at", "-id"), limit=50, cursor=request.GET.get("cursor"))
    context = {
        "rows": page.items, "next": page.next, "state": state, "states": STATES, "mailboxes": list(visible_mailboxes(actor)),
        "failed_notices": list(failed_notices(actor)[:20]), "may_set_up": actor.holds(ChannelPermission.CHANGE),
    }  # fmt: skip
    return render(request, "channels/list.html", context)


def letter_of(message: InboundMessage) -> Letter | None:
    """What the page shows of the letter; nothing of one that no limits can read."""
    try:
        return open_letter(raw_content(message))
    except (PermanentFailure, TemporaryFailure):
        return None


def message_page(
    request: HttpRequest, pk: int, error: str = "", status: int = 200, problems: Sequence[Problem] = ()
) -> HttpResponse:
    actor = actor_of(request)
    message = inbound.find(actor, ChannelPermission.VIEW, pk=pk)
    people = contacts.scope(actor, PeoplePermission.VIEW_CONTACTS).filter(active=True)
    nearest = Case(When(customer_id=message.customer_id, then=Value(0)), default=Value(1))
    context = {
        "message": message, "letter": letter_of(message), "waiting": message.state in WAITING, "error": error,
        "problems": problems, "typed": request.POST, "may_triage": inbound.allows(actor, ChannelPermission.TRIAGE, message),
        "contacts": list(people.select_related("department", "customer").order_by(nearest, "customer__sort_key", "sort_key")[:500]),
    }  # fmt: skip
    return render(request, "channels/message.html", context, status=status)


@require_safe
def inbound_page(request: HttpRequest, pk: int) -> HttpResponse:
    may_view(request)
    return message_page(request, pk)


@takes_form("inbound", "pk")
def place(request: HttpRequest, pk: int) -> HttpResponse:
    chosen = request.POST.get("contact", "")
    contact = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else None
    try:
        row = place_message(
            actor=actor_of(request), message=pk, contact=contact, name=request.POST.get("name", ""),
            phone=request.POST.get("phone", ""),
        )  # fmt: skip
    except DomainError as refusal:
        return again(request, pk, refusal)
    messages.success(request, _("Done: {state}").format(state=row.get_state_display()))
    return redirect("inbound", pk=pk)


def again(request: HttpRequest, pk: int, refusal: DomainError) -> HttpResponse:
    if refusal.status in {403, 404}:
        raise refusal
    problems = problems_at(refusal, PLACES)
    return message_page(request, pk, "" if problems else str(refusal), refusal.status, problems)


@takes_form("inbound", "pk")
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        discard_message(actor=actor_of(request), message=pk, reason=request.POST.get("reason", ""))
    except DomainError as refusal:
        return again(request, pk, refusal)
    return redirect("channels")


@takes_form("inbound", "pk")
def replay(request: HttpRequest, pk: int) -> HttpResponse:
    replay_message(actor=actor_of(request), message=pk)
    return redirect("inbound", pk=pk)
