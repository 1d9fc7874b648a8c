"""The archive gate, once: one ticket, the queues, the night and every figure ask what stands here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Count, Exists, Expression, ExpressionWrapper, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate

from yizhan.kernel import clock
from yizhan.kernel.actor import Actor
from yizhan.tickets.models import LinkKind, ReturnVisit, SignOff, State, Ticket, TicketLink, VisitResult
from yizhan.tickets.policies import TicketPermission, tickets

TRIES, TRY_DAYS = 3, 2
MISSING = ("signature", "knowledge", "return_visit", "survey")
QUEUES: Mapping[str, str] = {"sign": "signature", "visit": "return_visit", "knowledge": "knowledge", "survey": "survey"}


@dataclass(frozen=True)
class Gate:
    """What one ticket still lacks, by stable names; `unsolved` when the user's last word is that it is not solved."""

    missing: list[str]
    unsolved: bool


def visits_made() -> QuerySet[ReturnVisit]:
    """The follow-up contacts since the ticket's last completion; earlier ones speak of work that was reopened."""
    return ReturnVisit.objects.filter(ticket=OuterRef("pk"), made_at__gte=OuterRef("completed_at"))


def visit_done() -> Q:
    """Somebody was reached, declined or is exempt, or three tries on two days (of China) failed."""
    tries = visits_made().order_by().values("ticket")
    tries = tries.annotate(n=Count("pk"), days=Count(TruncDate("made_at", tzinfo=clock.DEFAULT_ZONE), distinct=True))
    decided = visits_made().exclude(result=VisitResult.UNREACHABLE)
    return Q(Exists(decided)) | Q(Exists(tries.filter(n__gte=TRIES, days__gte=TRY_DAYS)))


def not_solved() -> Exists:
    """The last answer to “is it solved” was no, and no new ticket that follows this one has been registered since."""
    later = ReturnVisit.objects.filter(ticket=OuterRef("ticket"), solved__isnull=False, pk__gt=OuterRef("pk"))
    followed = TicketLink.objects.filter(
        target=OuterRef("ticket"), kind=LinkKind.FOLLOW_UP_OF, source__created_at__gte=OuterRef("made_at")
    )
    return Exists(visits_made().filter(~Exists(later), ~Exists(followed), solved=False))


def yes_or_no(condition: Q) -> Expression:
    return ExpressionWrapper(condition, output_field=BooleanField())


def with_gate(rows: QuerySet[Ticket], now: datetime) -> QuerySet[Any]:
    """Tickets with `lacks_…` per part of the gate, and `unsolved`."""
    signed = Exists(SignOff.objects.filter(ticket=OuterRef("pk"), valid=True))
    answered = Q(rating__isnull=False) | Q(survey_until=None) | Q(survey_until__lt=now)
    return rows.annotate(
        unsolved=not_solved(), lacks_signature=~signed, lacks_knowledge=yes_or_no(Q(knowledge="")),
        lacks_return_visit=yes_or_no(~visit_done() | Q(not_solved())), lacks_survey=yes_or_no(~answered),
    )  # fmt: skip


def gate_of(ticket: Ticket, now: datetime) -> Gate:
    names = [f"lacks_{name}" for name in MISSING]
    row = with_gate(Ticket.objects.filter(pk=ticket.pk), now).values("unsolved", *names).get()
    return Gate([name for name in MISSING if row[f"lacks_{name}"]], bool(row["unsolved"]))


def archive_missing(ticket: Ticket, now: datetime) -> list[str]:
    """What the gate still wants, by stable names: signature, knowledge, return_visit, survey."""
    return gate_of(ticket, now).missing


def closing_tickets(actor: Actor) -> QuerySet[Ticket]:
    """What the closing desk lists and the menu counts: completed tickets of the customers that this person closes for."""
    return tickets.scope(actor, TicketPermission.ARCHIVE).filter(state=State.COMPLETED)


def gate_groups(actor: Actor) -> dict[str, QuerySet[Any]]:
    """Completed tickets by what they wait for first: not solved, signature, visit, knowledge, survey, nothing."""
    rows = with_gate(closing_tickets(actor), clock.now())
    found = {"unsolved": rows.filter(unsolved=True)}
    rows = rows.filter(unsolved=False)
    for group, name in QUEUES.items():
        found[group] = rows.filter(**{f"lacks_{name}": True})
        rows = rows.filter(**{f"lacks_{name}": False})
    return {**found, "ready": rows}
