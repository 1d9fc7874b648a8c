"""The requester's pages, for the phone first: report, my tickets."""

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from yizhan.kernel import attachments
from yizhan.kernel.errors import Conflict, DomainError, Forbidden, Invalid
from yizhan.kernel.forms import Problem, problems_at
from yizhan.kernel.web import actor_of, takes_form
from yizhan.people.models import Contact
from yizhan.tickets.forms import LEVELS
from yizhan.tickets.models import Channel, State, SubState
from yizhan.tickets.policies import TicketPermission, tickets
from yizhan.tickets.queries import known_faults, with_joins
from yizhan.tickets.services.affected import report_same_fault
from yizhan.tickets.services.composing import report_with_photos
from yizhan.tickets.services.registering import MAX_SUBJECT, NewTicket


def my_tickets(request: HttpRequest) -> HttpResponse:
    """Everything that is mine to see, open first. The contact person sees all of his organisation's."""
    actor = actor_of(request)
    rows = with_joins(tickets.scope(actor, TicketPermission.VIEW))
    settled = Q(state=State.ARCHIVED) | Q(state=State.COMPLETED, sub_state=SubState.RATED)
    context = {
        "open": list(rows.filter(state__in=[State.PENDING, State.IN_PROGRESS]).order_by("level", "-received_at")[:100]),
        "to_sign": list(rows.filter(state=State.COMPLETED).exclude(sub_state=SubState.RATED).order_by("-completed_at")[:50]),
        "archived": list(rows.filter(settled).order_by("-received_at")[:30]),
        "may_report": actor.holds(TicketPermission.REGISTER),
        "faults": list(known_faults(actor)[:3]) if actor.contact_id else [],
        "company": actor.holds(TicketPermission.VIEW),
    }
    return render(request, "tickets/portal_home.html", context)


def words(request: HttpRequest) -> tuple[str, str]:
    """What was typed, as subject and description: the first line is the subject."""
    text = request.POST.get("what", "").strip()
    if not text:
        missing = _("Say in a few words what is wrong.")
        raise Invalid(missing, fields={"what": [missing]})
    first = text.split("\n")[0].strip()
    return first[:MAX_SUBJECT], text if text != first or len(first) > MAX_SUBJECT else ""


@takes_form("home")
def same_fault(request: HttpRequest, number: str) -> HttpResponse:
    """“Me too” on a known fault: no record of his own, told when it is over."""
    try:
        report_same_fault(actor=actor_of(request), number=number)
    except Conflict as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, _("You are noted down for {number}; we tell you when it works again.").format(number=number))
    return redirect("home")


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Three fields and a photo; name and place are known."""
    actor = actor_of(request)
    contact = Contact.objects.filter(pk=actor.contact_id or 0).select_related("customer", "site", "department", "user").first()
    if contact is None or not actor.holds(TicketPermission.REGISTER, contact.customer_id):
        raise Forbidden(_("Only a customer's people report here; the desk registers on its own page."))
    error, status = "", 200
    problems: list[Problem] = []
    if request.method == "POST":
        try:
            number = save_report(request, contact)
        except DomainError as refusal:
            problems, status = problems_at(refusal, {"what": ("what", gettext_lazy("What is broken"))}), 422
            error = "" if problems else str(refusal)
        else:
            messages.success(request, _("Registered; an engineer will take it shortly."))
            return redirect("ticket", number=number)
    context = {
        "faults": list(known_faults(actor)[:3]),
        "contact": contact,
        "levels": LEVELS,
        "error": error,
        "problems": problems,
        "answered": status != 200,
        "typed": request.POST,
    }
    return render(request, "tickets/portal_report.html", context, status=status)


def save_report(request: HttpRequest, contact: Contact) -> str:
    subject, description = words(request)
    level = request.POST.get("level", "")
    new = NewTicket(
        customer=contact.customer, requester=contact, subject=subject, description=description, channel=Channel.WEB,
        reported_level=int(level) if level in {"1", "2", "3", "4"} else None, place=request.POST.get("place", "")[:80],
    )  # fmt: skip
    photos = attachments.check_uploads(request.FILES.getlist("photos")[:9])
    return report_with_photos(actor=actor_of(request), new=new, photos=photos).number
