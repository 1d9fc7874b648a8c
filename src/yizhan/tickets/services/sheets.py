"""The service sheet, and the quick log that does everything in one save."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from yizhan.kernel import audit, numbering
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command
from yizhan.kernel.errors import Forbidden, GuardFailed, Invalid
from yizhan.tickets.calendar import after_working_days
from yizhan.tickets.events import SheetSubmitted, TicketCompleted
from yizhan.tickets.models import Category, CauseCategory, Mode, Outcome, ServiceSheet, State, SubState, Ticket, Visit
from yizhan.tickets.policies import TicketPermission
from yizhan.tickets.queries import missing_fields
from yizhan.tickets.searching import index_ticket
from yizhan.tickets.services.acting import Case, begin
from yizhan.tickets.services.registering import NewTicket, register_ticket
from yizhan.tickets.services.working import end_visits, judge_level
from yizhan.tickets.states import TicketLife

SURVEY_WORKING_DAYS = 3
MAX_MINUTES = 60 * 24 * 31
MAX_TEXT, MAX_PARTS = 10_000, 50


@dataclass(frozen=True)
class SheetInput:
    """The seven required entries, and the category where the ticket has none yet. `parts` may be empty."""

    mode: str
    diagnosis: str
    cause_category: str
    actions_taken: str
    outcome: str
    labour_minutes: int
    parts: Sequence[dict[str, Any]] = field(default_factory=tuple)
    category: Category | None = None


def check_sheet(sheet: SheetInput, ticket: Ticket) -> Category:
    fields: dict[str, list[object]] = {}
    choices = (("mode", Mode), ("cause_category", CauseCategory), ("outcome", Outcome))
    for name, allowed in choices:
        if getattr(sheet, name) not in allowed.values:
            fields[name] = [_("Choose one of those offered.")]
    for name in ("diagnosis", "actions_taken"):
        text = getattr(sheet, name)
        if not text.strip() or len(text) > MAX_TEXT:
            fields[name] = [_("This is needed, in at most 10,000 characters.")]
    if not 0 <= sheet.labour_minutes <= MAX_MINUTES:
        fields["labour_minutes"] = [_("Minutes between 0 and a month.")]
    if len(sheet.parts) > MAX_PARTS:
        fields["parts"] = [_("At most 50 lines.")]
    category = sheet.category or ticket.category
    if category is None:
        fields["category"] = [_("The ticket has no category yet: choose one.")]
    if fields or category is None:
        raise Invalid(_("The service sheet is not complete."), fields=fields, missing=sorted(fields))
    return category


def check_guard(ticket: Ticket, outcome: str) -> None:
    """What must be true before a sheet: level judged, pause closed, and for completion every visit ended."""
    missing = []
    if not ticket.level_judged:
        missing.append("level_judged")
    if ticket.is_suspended:
        missing.append("suspension_closed")
    if outcome != Outcome.NEXT_VISIT and Visit.objects.filter(ticket=ticket, left_at=None).exists():
        missing.append("visit_ended")
    if missing:
        raise GuardFailed(_("Something is still missing before the service sheet."), missing=missing)


def check_own_fields(ticket: Ticket) -> None:
    """What the installation itself wants to know of every ticket of this category."""
    missing = missing_fields(ticket)
    if missing:
        fields = {field.name: [_("This is needed.")] for field in missing}
        names = "、".join(field.label for field in missing)
        message = _("Still needed for this category: {names}").format(names=names)
        raise Invalid(message, fields=fields, missing=[f"custom.{field.key}" for field in missing])


def canonical_content(number: str, ticket: Ticket, sheet: SheetInput, category: Category, case: Case) -> str:
    """The text that a signature is bound to: the same sheet always gives the same text."""
    values = asdict(sheet)
    values.update(
        category=category.code, sheet=number, ticket=ticket.number, customer=ticket.customer.code,
        requester=ticket.requester_id, subject=ticket.subject, level=ticket.level, parts=list(sheet.parts),
        submitted_by=case.actor.user_id, submitted_at=case.now.isoformat(),
    )  # fmt: skip
    return audit.canonical(values)


def write_sheet(case: Case, given: SheetInput, category: Category) -> ServiceSheet:
    number = numbering.next_number("SHT")
    content = canonical_content(number, case.ticket, given, category, case)
    visited = Visit.objects.filter(ticket=case.ticket, arrived_at__isnull=False).exists()
    sheet = ServiceSheet.objects.create(
        ticket=case.ticket, number=number, mode=given.mode, diagnosis=given.diagnosis.strip(),
        cause_category=given.cause_category, actions_taken=given.actions_taken.strip(), outcome=given.outcome,
        labour_minutes=given.labour_minutes, parts=list(given.parts), category=category,
        without_visit=given.mode == Mode.ON_SITE and not visited, submitted_by_id=case.actor.person,
        submitted_at=case.now, content=content, sha256=hashlib.sha256(content.encode()).hexdigest(),
        verify_token=secrets.token_urlsafe(16),
    )  # fmt: skip
    audit.record(case.actor, "submit_sheet", sheet, {}, {"number": number, "sha256": sheet.sha256, "outcome": sheet.outcome})
    return sheet


@command
def submit_sheet(*, actor: Actor, number: str, sheet: SheetInput, version: int | None = None, quick: bool = False) -> Ticket:
    """Account for the work. Solved or worked around completes the ticket; `next_visit` keeps it in progress.

    Emits `SheetSubmitted`, and `TicketCompleted` on completion.

    Raises:
        Invalid: an entry is missing; `missing` names them.
        GuardFailed: level not judged, pause open, visit not ended.
    """
    case = begin(actor, number, TicketLife.submit_sheet, version)
    ticket = case.ticket
    category = check_sheet(sheet, ticket)
    check_guard(ticket, sheet.outcome)
    ticket.category = category
    if sheet.outcome != Outcome.NEXT_VISIT:
        check_own_fields(ticket)
    written = write_sheet(case, sheet, category)
    submitted = SheetSubmitted(ticket.number, written.number, written.outcome)
    if sheet.outcome == Outcome.NEXT_VISIT:
        end_visits(case)
        case.move(State.IN_PROGRESS, SubState.SCHEDULED)
        return case.finish(submitted)
    case.move(State.COMPLETED, SubState.WAIT_SIGNOFF)
    ticket.completed_at = case.now
    ticket.restored_at = ticket.restored_at or case.now
    ticket.transfer_to = None
    reachable = bool(ticket.requester.email or ticket.requester.user_id)
    ticket.survey_until = after_working_days(case.now, SURVEY_WORKING_DAYS) if reachable else None
    done = case.finish(submitted, TicketCompleted(ticket.number, written.number, quick))
    index_ticket(done)
    return done


@command
def quick_log(*, actor: Actor, new: NewTicket, level: int, sheet: SheetInput) -> Ticket:
    """即时登记: register, accept, judge and complete in one save, by the same commands."""
    if not actor.holds(TicketPermission.QUICK_LOG, new.customer.pk):
        raise Forbidden(_("Only an engineer may log finished work."))
    ticket = register_ticket(actor=actor, new=new, quick=True)
    judge_level(actor=actor, number=ticket.number, level=level, reason=str(_("quick log")))
    return submit_sheet(actor=actor, number=ticket.number, sheet=sheet, quick=True)
