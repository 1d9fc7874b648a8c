"""登记台: from the voice on the phone to a number to read aloud, in the order of the talk."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from yizhan.kernel import search
from yizhan.kernel.actor import Actor
from yizhan.kernel.errors import DomainError, Forbidden, Invalid
from yizhan.kernel.forms import Problem, problems_at
from yizhan.kernel.web import actor_of, takes_form
from yizhan.people.models import Contact, Customer
from yizhan.people.policies import PeoplePermission, customers
from yizhan.people.queries import contacts_matching
from yizhan.tickets.forms import LEVELS, category_choices, dispatch_choices
from yizhan.tickets.models import Channel, State, Ticket
from yizhan.tickets.pasting import pick_apart
from yizhan.tickets.policies import TicketPermission, tickets
from yizhan.tickets.queries import category_of, known_faults, likely_category, solved_before, with_joins
from yizhan.tickets.services.affected import add_affected
from yizhan.tickets.services.composing import Caller, DeskEntry, register_at_desk

QUICK_MINUTES = 5
PLACES = {
    "contact": ("who", gettext_lazy("Who calls")), "name": ("nm", gettext_lazy("Name")), "phone": ("ph", gettext_lazy("Phone")),
    "customer": ("cu", gettext_lazy("Customer")), "subject": ("subject", gettext_lazy("What is wrong")),
    "description": ("subject", gettext_lazy("What is wrong")), "category": ("cat", gettext_lazy("Category")),
    "to": ("to", gettext_lazy("Engineer or team")), "actions_taken": ("done-what", gettext_lazy("What was done")),
}  # fmt: skip
BY_HAND = [Channel.PHONE, Channel.WALK_IN, Channel.WECHAT_GROUP, Channel.QQ_GROUP, Channel.MAIL]


def may_register(request: HttpRequest) -> None:
    actor = actor_of(request)
    if not (actor.holds(TicketPermission.REGISTER) and tickets.is_staff_somewhere(actor)):
        raise Forbidden


@require_safe
def callers(request: HttpRequest) -> HttpResponse:
    """Who may be calling, while the number or name is typed; emptied again, who was chosen before."""
    may_register(request)
    text = request.GET.get("who", "").replace("\0", "").strip()[:60]
    caller = None if text else chosen_caller(request)
    if caller is not None:
        return render(request, "tickets/desk_card.html", caller_context(request, caller))
    found = list(contacts_matching(actor_of(request), text)[:8]) if text else []
    call = call_of(request)
    return render(request, "tickets/desk_callers.html", {"found": found, "text": text, "call": call, "draft": draft_of(call)})


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Whom it can be dispatched to, once the customer of somebody new is chosen."""
    may_register(request)
    listed = dispatch_choices(customer_of(request, None)) if actor_of(request).holds(TicketPermission.DISPATCH) else []
    return render(request, "tickets/desk_people.html", {"people": listed, "typed": request.GET})


@require_safe
def similar(request: HttpRequest) -> HttpResponse:
    """What looks like this sentence, while it is typed."""
    may_register(request)
    words = request.GET.get("subject", "").replace("\0", "")[:60]
    hits = search.find(actor_of(request), words[:12], limit=6, types=["ticket"]) if len(words) > 1 else []
    found = solved_before(actor_of(request), [hit.object_id for hit in hits])
    context = {"hits": [(hit, found.get(hit.object_id, "")) for hit in hits], "category": likely_category(list(found))}
    return render(request, "tickets/desk_similar.html", context)


def served(actor: Actor) -> QuerySet[Customer]:
    """The customers whose callers he takes down; at another one he may be a requester himself."""
    return customers.scope(actor, PeoplePermission.VIEW_CONTACTS).filter(active=True)


def customer_of(request: HttpRequest, caller: Contact | None) -> int | None:
    """Whose ticket it will be, as far as that is known: the caller's customer, else the one chosen for somebody new."""
    if caller is not None:
        return caller.customer_id
    code = request.POST.get("customer", "") or request.GET.get("customer", "")
    found = served(actor_of(request)).filter(code=code).first() if code and "\0" not in code else None
    return found.pk if found else None


def chosen_caller(request: HttpRequest) -> Contact | None:
    """Who was chosen, here or in the form that came back."""
    pk = request.GET.get("caller", "") or request.POST.get("requester", "")
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        return None
    return contacts_matching(actor_of(request), "").filter(pk=int(pk)).first()


@takes_form("desk")
def paste(request: HttpRequest) -> HttpResponse:
    """粘贴建单: the desk again, filled with what the message says, for a person to look over."""
    may_register(request)
    found = pick_apart(request.POST.get("text", ""))
    people = contacts_matching(actor_of(request), found.phone or found.name)[:2] if found.phone or found.name else []
    known = list(people)
    if len(known) != 1 and found.phone and found.name:
        known = list(contacts_matching(actor_of(request), found.name)[:2])
    given = request.POST.copy()
    given.update(
        {"name": found.name, "phone": found.phone, "subject": found.problem, "channel": found.channel, "who": found.name}
    )
    caller = known[0] if len(known) == 1 else None
    given["place"] = found.place or (caller.place if caller else "")
    shown = {"typed": given, "pasted": True, "unknown_sender": not (caller or found.name), "place": given["place"]}
    return render(request, "tickets/desk.html", {**context(request, "", caller), **shown})


@takes_form("desk")
def same_fault(request: HttpRequest, number: str) -> HttpResponse:
    """同一故障+1 from the caller's card: one press, and the number to read aloud."""
    may_register(request)
    caller = chosen_caller(request)
    if caller is None:
        raise Invalid(_("Say who calls: choose somebody, or give a name and the customer."))
    ticket = add_affected(actor=actor_of(request), number=number, name=caller.name, phone=caller.phone, place=caller.place)
    messages.success(
        request, _("{name} is noted down, {count} affected so far.").format(name=caller.name, count=ticket.affected_count)
    )
    return redirect(f"{reverse('desk')}?done={number}")


@require_http_methods(["GET", "HEAD", "POST"])
def desk(request: HttpRequest) -> HttpResponse:
    may_register(request)
    error, status = "", 200
    problems: list[Problem] = []
    if request.method == "POST":
        try:
            ticket = save(request)
        except DomainError as refusal:
            problems, status = problems_at(refusal, PLACES), refusal.status
            error = "" if problems else str(refusal)
        else:
            return redirect(after(request, ticket))
    shown = {**context(request, error), "problems": problems, "answered": status != 200}
    return render(request, "tickets/desk.html", shown, status=status)


def after(request: HttpRequest, ticket: Ticket) -> str:
    if request.POST.get("then") == "now" and ticket.state != State.COMPLETED:
        return reverse("ticket-sheet", args=[ticket.number])
    messages.success(request, _("Registered."))
    return f"{reverse('desk')}?done={ticket.number}"


def call_of(request: HttpRequest) -> str:
    """The call that the desk speaks on, when it came from one."""
    given = request.GET.get("call", "") or request.POST.get("call", "")
    return given if given.isascii() and given.isdigit() and len(given) < 19 else ""


def source_of(request: HttpRequest) -> str:
    """That call as the ticket's source."""
    call = call_of(request)
    return f"call:{call}" if call else ""


def draft_of(call: str, caller: Contact | None = None) -> str:
    """What is being written here: this call's registration, this caller's, or nobody's yet."""
    return "-".join(["desk", *([f"call{call}"] if call else []), *([str(caller.pk)] if caller else [])])


def caller_context(request: HttpRequest, caller: Contact | None) -> dict[str, Any]:
    """The caller's card: who it is, what is open, what was before."""
    actor, call = actor_of(request), call_of(request)
    rows = with_joins(tickets.scope(actor, TicketPermission.VIEW))
    theirs = rows.filter(requester=caller) if caller else rows.none()
    return {
        "caller": caller,
        "call": call,
        "desk_draft": draft_of(call),
        "open": list(theirs.filter(state__in=[State.PENDING, State.IN_PROGRESS]).order_by("-received_at")[:5]),
        "past": list(theirs.filter(state__in=[State.COMPLETED, State.ARCHIVED]).order_by("-received_at")[:3]),
        "faults": list(known_faults(actor, caller.customer_id)[:3]) if caller else [],
    }


def context(request: HttpRequest, error: str, caller: Contact | None = None) -> dict[str, Any]:
    actor, caller = actor_of(request), caller or chosen_caller(request)
    rows = with_joins(tickets.scope(actor, TicketPermission.VIEW))
    done = rows.filter(number=request.GET.get("done", "")).first()
    recent = rows.filter(registered_by=actor.user_id).order_by("-id")[:5]
    return {
        **caller_context(request, caller),
        "draft": draft_of(call_of(request), caller),
        "done": done,
        "recent": list(recent),
        "levels": LEVELS,
        "channels": [(c.value, c.label) for c in BY_HAND],
        "categories": category_choices(),
        "customers": list(served(actor).order_by("sort_key")),
        "people": dispatch_choices(customer_of(request, caller)) if actor.holds(TicketPermission.DISPATCH) else [],
        "is_engineer": actor.holds(TicketPermission.QUICK_LOG),
        "may_dispatch": actor.holds(TicketPermission.DISPATCH),
        "error": error,
        "typed": request.POST,
        "place": request.POST.get("place", caller.place if caller else ""),
    }


def save(request: HttpRequest) -> Ticket:
    """What the form says, as the one command that keeps it."""
    given, then, minutes = request.POST, request.POST.get("then", ""), request.POST.get("labour_minutes", "")
    chosen, level = given.get("requester", ""), given.get("level", "")
    caller = Caller(
        contact=int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else None,
        customer=given.get("customer", ""), name=given.get("name", ""), phone=given.get("phone", ""),
    )  # fmt: skip
    entry = DeskEntry(
        caller, given.get("subject", ""), channel=given["channel"] if given.get("channel") in BY_HAND else Channel.PHONE,
        category=category_of(given.get("category") or None), level=int(level) if level in {"1", "2", "3", "4"} else None,
        place=given.get("place", ""), source_id=source_of(request),
        dispatch_to=given.get("to", "") if then == "dispatch" else None,
        done=given.get("actions_taken", "") if then == "now" else "",
        minutes=int(minutes) if minutes.isascii() and minutes.isdigit() and len(minutes) < 5 else QUICK_MINUTES,
    )  # fmt: skip
    return register_at_desk(actor=actor_of(request), entry=entry)
