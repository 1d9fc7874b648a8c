"""The A4 service sheet."""

from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yizhan.kernel.actor import Actor
from yizhan.kernel.documents import qr_svg, render_pdf
from yizhan.kernel.errors import NotFound
from yizhan.kernel.templatetags.yizhan import full_time, stroke_box, stroke_path
from yizhan.kernel.web import actor_of
from yizhan.people.policies import number_for
from yizhan.tickets.models import ServiceSheet, SignOff, Visit
from yizhan.tickets.views.parts import find_ticket

TEMPLATE = Path(__file__).resolve().parents[2] / "templates" / "tickets" / "sheet.typ"


def signature_svg(sign_off: SignOff | None) -> str:
    if sign_off is None or not sign_off.strokes:
        return ""
    paths = "".join(f'<path d="{stroke_path(stroke)}"/>' for stroke in sign_off.strokes)
    style = 'fill="none" stroke="#14242a" stroke-width="3" stroke-linecap="round"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{stroke_box(sign_off.strokes)}"><g {style}>{paths}</g></svg>'


def method_words(sign_off: SignOff | None) -> str:
    """How it was signed, and who of ours held out the screen or the code."""
    if sign_off is None:
        return _("not signed yet")
    method = str(sign_off.get_method_display())
    return f"{method}，{_('collected by')} {sign_off.collected_by}" if sign_off.collected_by else method


def sheet_data(actor: Actor, sheet: ServiceSheet, verify_url: str) -> dict[str, object]:
    """Everything on the paper, as text in the reader's language."""
    ticket = sheet.ticket
    sign_off = sheet.sign_offs.filter(valid=True).select_related("collected_by").first()
    visit = Visit.objects.filter(ticket=ticket, arrived_at__isnull=False).order_by("-pk").first()
    place = " ".join(str(part) for part in (ticket.site, ticket.department, ticket.place) if part)
    parts = "；".join(f"{p['item']} × {p.get('quantity', 1):g}" for p in sheet.parts) or _("none")
    phone = number_for(actor, ticket.customer_id, ticket.requester.phone)
    times = [
        (_("Received"), ticket.received_at), (_("Responded"), ticket.responded_at),
        (_("Set off"), visit.departed_at if visit else None), (_("Arrived"), visit.arrived_at if visit else None),
        (_("Restored"), ticket.restored_at), (_("Left"), visit.left_at if visit else None),
        (_("Signed"), sign_off.signed_at if sign_off else None),
    ]  # fmt: skip
    basics = [
        (_("Customer"), ticket.customer.name), (_("Place"), place or "–"), (_("Requester"), ticket.requester.name),
        (_("Phone"), phone or "–"), (_("Channel"), ticket.get_channel_display()),
        (_("Ticket"), ticket.number), (_("Level"), ticket.get_level_display()), (_("Category"), sheet.category.name),
    ]  # fmt: skip
    work = [
        (_("Symptom as reported"), ticket.subject), (_("Diagnosis"), sheet.diagnosis),
        (_("Cause"), sheet.get_cause_category_display()), (_("What was done"), sheet.actions_taken), (_("Parts"), parts),
        (_("Mode"), sheet.get_mode_display()), (_("Outcome"), sheet.get_outcome_display()),
        (_("Labour, minutes"), str(sheet.labour_minutes)), (_("Engineer"), str(sheet.submitted_by)),
    ]  # fmt: skip
    rating = getattr(ticket, "rating", None)
    return {
        "title": _("Service sheet"), "number": sheet.number, "basics": basics, "work": work,
        "times": [(label, full_time(moment)) for label, moment in times],
        "sign_label": _("User's signature"), "signer": sign_off.signer_name if sign_off else "",
        "method": method_words(sign_off),
        "rating": f"{_('Rating')} {rating.score}/5 {rating.comment}" if rating else "", "digest": sheet.sha256,
        "check": _("Scan to check that this sheet is genuine and unchanged."), "signature": signature_svg(sign_off),
        "qr": qr_svg(verify_url), "seal": _("Seal"),
    }  # fmt: skip


@require_safe
def print_sheet(request: HttpRequest, number: str, sheet: str) -> HttpResponse:
    ticket = find_ticket(request, number)
    row = ServiceSheet.objects.select_related("category", "submitted_by").filter(ticket=ticket, number=sheet).first()
    if row is None:
        raise NotFound
    row.ticket = ticket
    pdf = render_pdf(TEMPLATE, sheet_data(actor_of(request), row, f"{settings.YIZHAN.base_url}/v/{row.verify_token}/"))
    response = HttpResponse(pdf, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{row.number}.pdf"'
    return response
