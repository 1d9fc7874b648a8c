"""The ticket page: story, facts, next actions."""

import json
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from yizhan.kernel import attachments, clock, custom_fields
from yizhan.kernel.actor import Actor
from yizhan.kernel.documents import qr_svg
from yizhan.kernel.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from yizhan.kernel.forms import Problem, problems_at, problems_of, put_refusal
from yizhan.kernel.lifecycle.bodies import checked_body
from yizhan.kernel.lifecycle.forms import ActionForm, form_of
from yizhan.kernel.presence import tell_presence
from yizhan.kernel.web import actor_of, takes_form
from yizhan.tickets.forms import SheetForm
from yizhan.tickets.gate import archive_missing
from yizhan.tickets.models import Outcome, State, Ticket, Visit
from yizhan.tickets.policies import TicketPermission, tickets
from yizhan.tickets.presenting import definitions_for
from yizhan.tickets.queries import belongings, links_of, phrases_for, replies_for, similar_tickets
from yizhan.tickets.schemas import SubmitSheet
from yizhan.tickets.services import signing
from yizhan.tickets.services.composing import Finish, finish_work, write_with_files
from yizhan.tickets.services.undoing import undo_step
from yizhan.tickets.states import TicketLife, actions_of, label_of
from yizhan.tickets.timeline import timeline
from yizhan.tickets.views.parts import act, buttons, find_ticket, route

USER_REST = tuple(f"submitted_by__{name}" for name in ("password", "phone", "last_login", "date_joined", "sort_key"))
SIGN_PLACES = {
    "signer_name": ("signer", gettext_lazy("Name of the signer")), "strokes": ("pad", gettext_lazy("Signature")),
    "on_behalf": ("bn", gettext_lazy("Sign for somebody else")),
}  # fmt: skip


def open_form(request: HttpRequest, ticket: Ticket) -> tuple[str, ActionForm | None]:
    """The action whose form is open in the page, asked for with `?do=`."""
    name = request.GET.get("do", "")
    transition = TicketLife.transitions.get(name)
    asks = form_of(transition) if transition is not None else None
    if asks is None or name not in actions_of(actor_of(request), ticket):
        return "", None
    return name, asks(record=ticket)


def ticket_context(request: HttpRequest, ticket: Ticket) -> dict[str, Any]:
    actor = actor_of(request)
    shown, more = buttons(actor, ticket)
    has = belongings(actor, ticket)
    sheets = ticket.sheets.select_related("category", "submitted_by").defer("content", *USER_REST).order_by("-pk")
    sign_off = (
        ticket.sign_offs.filter(valid=True).select_related("collected_by").first()
        if ticket.state in {State.COMPLETED, State.ARCHIVED}
        else None
    )
    return {
        "ticket": ticket,
        "buttons": shown,
        "more": more,
        "route": route(ticket),
        "entries": timeline(actor, ticket),
        "sheets": list(sheets) if has.sheets else [],
        "sign_off": sign_off,
        "missing": archive_missing(ticket, clock.now()) if ticket.state == State.COMPLETED else [],
        "others": list(similar_tickets(actor, ticket).only("number", "subject", "received_at")[:4]),
        "links": list(links_of(ticket)) if has.links else [],
        "visits": list(Visit.objects.filter(ticket=ticket).select_related("engineer").order_by("pk")) if has.visits else [],
        "watching": has.watching,
        "replies": replies_for(ticket, settings.YIZHAN.hotline) if tickets.is_staff(actor, ticket.customer_id) else [],
        "own_values": own_values(actor, ticket),
        "may_edit": ticket.state != State.ARCHIVED and tickets.allows(actor, TicketPermission.EDIT, ticket),
        "may_note": tickets.allows(actor, TicketPermission.NOTE, ticket),
        "may_reply": ticket.state != State.ARCHIVED and tickets.allows(actor, TicketPermission.REPLY, ticket),
        "entitled": tickets.is_staff(actor, ticket.customer_id),
    }


def own_values(actor: Actor, ticket: Ticket) -> list[tuple[str, Any]]:
    """The installation's own fields with their values; the customer sees the public ones."""
    staff = tickets.is_staff(actor, ticket.customer_id)
    shown = [(field, custom_fields.shown(field, ticket.custom)) for field in definitions_for([ticket]) if field.public or staff]
    return [(field.label, value) for field, value in shown if value != ""]


def show(request: HttpRequest, ticket: Ticket, *, status: int = 200, **more: Any) -> HttpResponse:
    actor = actor_of(request)
    template = "tickets/ticket.html" if tickets.is_staff(actor, ticket.customer_id) else "tickets/portal_ticket.html"
    context = ticket_context(request, ticket)
    said = [ticket.description, *(entry.text for entry in context["entries"] if entry.by_customer and entry.text)]
    context["quotable"] = said[-1].strip()[:2000] if tickets.is_staff(actor, ticket.customer_id) else ""
    return render(request, template, {**context, **more}, status=status)


@require_safe
def ticket_page(request: HttpRequest, number: str) -> HttpResponse:
    ticket = find_ticket(request, number)
    action, form = open_form(request, ticket)
    label = str(label_of(actor_of(request), TicketLife.transitions[action], ticket)) if action else ""
    return show(request, ticket, do=action, form=form, do_label=label)


def refused(request: HttpRequest, ticket: Ticket, action: str, form: ActionForm | None, error: DomainError) -> HttpResponse:
    """The page again, with the refusal at the entries that caused it."""
    ticket = find_ticket(request, ticket.number)
    if form is not None:
        if not form.errors:
            put_refusal(form, error)
    else:
        messages.error(request, str(error), extra_tags="hot")
    label = str(label_of(actor_of(request), TicketLife.transitions[action], ticket))
    problems = problems_of(form) if form is not None else []
    return show(request, ticket, status=error.status, do=action if form else "", form=form, do_label=label, problems=problems)


def step_form(request: HttpRequest, number: str, action: str) -> str:
    """The ticket, with this step's form open where it has one, or another's that was asked for from there."""
    return f"{reverse('ticket', args=[number])}?{urlencode({'do': request.GET.get('do', action)})}"


@takes_form(step_form)
def do_action(request: HttpRequest, number: str, action: str) -> HttpResponse:
    """Perform one action from the page."""
    transition = TicketLife.transitions.get(action)
    if transition is None:
        raise NotFound
    ticket, asks = find_ticket(request, number), form_of(transition)
    tickets.require(actor_of(request), transition.permission, ticket)
    form = asks(request.POST, record=ticket) if asks is not None else None
    try:
        if form is not None and not form.is_valid():
            raise Invalid(_("Some fields are not right."))
        given = form.body() if form is not None else version_of(request)
        act(actor_of(request), ticket, transition, given)
    except DomainError as error:
        return refused(request, ticket, action, form, error)
    tags = f"undo-{number}" if transition.undo else ""
    messages.success(request, f"{label_of(actor_of(request), transition, ticket)} ✓", extra_tags=tags)
    return redirect(safe_next(request) or reverse("ticket", args=[number]))


def version_of(request: HttpRequest) -> dict[str, Any]:
    given = request.POST.get("version", "")
    return {"version": int(given)} if given.isdigit() and len(given) < 10 else {}


def safe_next(request: HttpRequest) -> str:
    """Where to go on, a path of ours only."""
    target = request.POST.get("next", "")
    return target if target.startswith("/") and not target.startswith("//") and "\\" not in target else ""


@takes_form("ticket", "number")
def undo(request: HttpRequest, number: str) -> HttpResponse:
    try:
        undo_step(actor=actor_of(request), number=number)
        messages.success(request, _("Taken back."))
    except Conflict as refusal:
        messages.error(request, str(refusal), extra_tags="warm")
    return redirect("ticket", number=number)


@takes_form("ticket", "number")
def presence(request: HttpRequest, number: str) -> HttpResponse:
    """“I look at this ticket” (and type): told to those who look at it too, kept nowhere."""
    ticket, actor = find_ticket(request, number), actor_of(request)
    if not tickets.is_staff(actor, ticket.customer_id):
        raise Forbidden
    tell_presence(ticket.number, actor, typing=request.POST.get("typing") == "1", gone=request.POST.get("gone") == "1")
    return HttpResponse(status=204)


@takes_form("ticket", "number")
def write_message(request: HttpRequest, number: str) -> HttpResponse:
    find_ticket(request, number)
    actor = actor_of(request)
    try:
        files = attachments.check_uploads(request.FILES.getlist("files"))
        internal = request.POST.get("internal") == "1"
        write_with_files(actor=actor, number=number, body=request.POST.get("body", ""), internal=internal, files=files)
    except DomainError as error:
        messages.error(request, str(error), extra_tags="hot")
        return show(request, find_ticket(request, number), status=error.status)
    return redirect("ticket", number=number)


@require_http_methods(["GET", "HEAD", "POST"])
def sheet_page(request: HttpRequest, number: str) -> HttpResponse:
    """The service sheet's own page, made for a thumb; drafts stay in the browser until it is sent."""
    ticket, actor = find_ticket(request, number), actor_of(request)
    tickets.require(actor, TicketPermission.SHEET, ticket)
    status, missing = 200, []
    form = SheetForm(request.POST if request.method == "POST" else None, record=ticket)
    if request.method == "POST":
        try:
            if not form.is_valid():
                raise Invalid(_("The service sheet is not complete."))
            finish_work(actor=actor, number=number, finish=finish_of(form), version=form.cleaned_data["version"])
            return redirect("ticket-sign" if form.cleaned_data["outcome"] != Outcome.NEXT_VISIT else "ticket", number=number)
        except DomainError as error:
            status, missing = error.status, list(error.context.get("missing", []))
            if not form.errors:
                put_refusal(form, error)
            ticket = find_ticket(request, number)
    context = {"ticket": ticket, "form": form, "missing": missing, "answered": request.method == "POST",
               "problems": problems_of(form), "phrases": phrases_for(ticket)}  # fmt: skip
    return render(request, "tickets/sheet.html", context, status=status)


def finish_of(form: SheetForm) -> Finish:
    """The page's entries, through the sheet's schema as REST takes it."""
    data = form.cleaned_data
    body = cast(SubmitSheet, checked_body(TicketLife.submit_sheet, form.body()))
    own = data if form.own else None
    return Finish(body.sheet.told(), leave=data["leave"], custom=own, decision=data["knowledge"], article=data["article"])


@require_http_methods(["GET", "HEAD", "POST"])
def sign_page(request: HttpRequest, number: str) -> HttpResponse:
    """Sign on this screen, or (for owner and handler) show a code for the requester's own phone."""
    ticket, actor = find_ticket(request, number), actor_of(request)
    tickets.require(actor, TicketPermission.SIGN, ticket)
    error_text, link, status = "", "", 200
    problems: list[Problem] = []
    collects = tickets.allows(actor, TicketPermission.COLLECT_SIGNATURE, ticket)
    try:
        if request.method == "POST" and request.POST.get("show") == "link":
            link = f"{settings.YIZHAN.base_url}/s/{signing.offer_sign_link(actor=actor, number=number)}"
        elif request.method == "POST":
            method = "drawn" if collects else "account"
            signing.sign_ticket(actor=actor, number=number, signature=drawn_signature(request, method))
            return redirect("ticket", number=number)
    except Forbidden:
        raise
    except DomainError as error:
        status, problems = error.status, problems_at(error, SIGN_PLACES)
        error_text = "" if problems else str(error)
    context = {
        "ticket": ticket, "sheet": ticket.sheets.order_by("-pk").first(), "link": link, "error": error_text,
        "problems": problems, "typed": request.POST if status != 200 else {},
        "qr": qr_svg(link) if link else "", "collects": collects,
        "layout": "layout/app.html" if tickets.is_staff(actor, ticket.customer_id) else "layout/portal.html",
    }  # fmt: skip
    return render(request, "tickets/sign.html", context, status=status)


def drawn_signature(request: HttpRequest, method: str) -> signing.Signature:
    try:
        strokes = json.loads(request.POST.get("strokes") or "[]")
    except (ValueError, RecursionError):
        strokes = []
    name = request.POST.get("signer_name", "")
    on_behalf = None
    if request.POST.get("on_behalf"):
        on_behalf = {key: request.POST.get(f"behalf_{key}", "") for key in ("name", "relation", "reason")}
    agent = request.headers.get("User-Agent", "")
    return signing.Signature(name, method, strokes if isinstance(strokes, list) else [], on_behalf, agent)
