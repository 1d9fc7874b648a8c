"""What the night does: remind of signatures, take silence for assent, archive what meets the gate."""

from datetime import timedelta

import structlog
from django.conf import settings

from yizhan.kernel import clock
from yizhan.kernel.actor import system_actor
from yizhan.kernel.commands import command
from yizhan.kernel.errors import DomainError
from yizhan.kernel.models import Notice
from yizhan.tickets import notices as words
from yizhan.tickets.gate import gate_groups
from yizhan.tickets.models import SignMethod, State, SubState, Ticket
from yizhan.tickets.services.acting import begin
from yizhan.tickets.services.closing import archive_ticket
from yizhan.tickets.services.signing import Signature, closing_sheet, new_link, put_signature
from yizhan.tickets.states import TicketLife
from yizhan.tickets.subscribers import tell

REMIND_AFTER = (timedelta(days=1), timedelta(days=3))
SILENT_AFTER = timedelta(days=7)
ACTOR = system_actor("nightly")
log = structlog.get_logger("yizhan.nightly")


def unsigned(older_than: timedelta) -> list[Ticket]:
    rows = Ticket.objects.filter(state=State.COMPLETED, sub_state=SubState.WAIT_SIGNOFF)
    due = rows.filter(completed_at__lte=clock.now() - older_than).select_related(
        "customer", "requester", "requester__user", "owner"
    )
    return list(due.order_by("pk"))


@command
def remind_of_signature(*, actor: object, ticket: Ticket) -> None:
    token = new_link(ticket, closing_sheet(ticket))
    tell(ticket, words.SIGN_REMINDER, secret=token, link=f"{settings.YIZHAN.base_url}/s/{token}")


def remind_unsigned() -> None:
    """After one day and after three, once each."""
    for ticket in unsigned(REMIND_AFTER[0]):
        sent = Notice.objects.filter(
            code=words.SIGN_REMINDER, object_id=ticket.pk, created_at__gte=ticket.completed_at or ticket.received_at
        ).count()
        waited = clock.now() - (ticket.completed_at or clock.now())
        if sent < sum(waited >= limit for limit in REMIND_AFTER):
            remind_of_signature(actor=ACTOR, ticket=ticket)


@command
def auto_confirm(*, actor: object, number: str) -> Ticket:
    """Seven days of silence: counted apart, never as a signature."""
    case = begin(ACTOR, number, TicketLife.sign, None, "auto_confirm")
    return case.finish(put_signature(case, Signature("", SignMethod.AUTO_CONFIRMED)))


def confirm_silent() -> None:
    for ticket in unsigned(SILENT_AFTER):
        try:
            auto_confirm(actor=ACTOR, number=ticket.number)
        except DomainError as error:
            log.warning("not_confirmed", ticket=ticket.number, code=error.code)


def archive_what_may() -> int:
    """Archive everything that meets the gate; one that does not holds up nobody else."""
    archived, groups = 0, gate_groups(ACTOR)
    for number in [n for name in ("ready", "followed") for n in groups[name].values_list("number", flat=True)]:
        try:
            archive_ticket(actor=ACTOR, number=number)
            archived += 1
        except DomainError as error:
            log.warning("not_archived", ticket=number, code=error.code)
    return archived
