"""The archive gate, once: one ticket, the queues, the night and every figure ask what stands here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Count, Exists, Expression, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery
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
    """What one ticket still lacks, by stable names; `unsolved` when the user's last word is that it is not solved.

    `followed_by`: his last word is the same, and the ticket of this number was registered for what is left.
    """

    missing: list[str]
    unsolved: bool
    followed_by: str = ""


def visits_made() -> QuerySet[ReturnVisit]:
    """The follow-up contacts since the ticket's last completion; earlier ones speak of work that was reopened."""
    return ReturnVisit.objects.filter(ticket=OuterRef("pk"), made_at__gte=OuterRef("completed_at"))


def visit_done() -> Q:
    """Somebody was reached, declined or is exempt, or three tries on two days (of China) failed."""
    tries = visits_made().order_by().values("ticket")
    tries = tries.annotate(n=Count("pk"), days=Count(TruncDate("made_at", tzinfo=clock.DEFAULT_ZONE), distinct=True))
    decided = visits_made().exclude(result=VisitResult.UNREACHABLE)
    return Q(Exists(decided)) | Q(Exists(tries.filter(n__gte=TRIES, days__gte=TRY_DAYS)))


def last_no() -> QuerySet[ReturnVisit]:
    """The last answer to “is it solved”, where it was no."""
    later = ReturnVisit.objects.filter(ticket=OuterRef("ticket"), solved__isnull=False, pk__gt=OuterRef("pk"))
    return visits_made().filter(~Exists(later), solved=False)


def registered_since() -> QuerySet[TicketLink]:
    """The new tickets that follow this one, registered after that answer."""
    links = TicketLink.objects.filter(target=OuterRef("ticket"), kind=LinkKind.FOLLOW_UP_OF)
    return links.filter(source__created_at__gte=OuterRef("made_at")).order_by("source")


def not_solved() -> Exists:
    """The last answer was no, and no new ticket that follows this one has been registered since."""
    return Exists(last_no().filter(~Exists(registered_since())))


def followed_by() -> Subquery:
    """The number of the new ticket where the last answer was no; null elsewhere."""
    number = Subquery(registered_since().values("source__number")[:1])
    return Subquery(last_no().annotate(new=number).values("new")[:1])


def yes_or_no(condition: Q) -> Expression:
    return ExpressionWrapper(condition, output_field=BooleanField())


def with_gate(rows: QuerySet[Ticket], now: datetime) -> QuerySet[Any]:
    """Tickets with `lacks_…` per part of the gate, `unsolved` and `followed_by`."""
    signed = Exists(SignOff.objects.filter(ticket=OuterRef("pk"), valid=True))
    answered = Q(rating__isnull=False) | Q(survey_until=None) | Q(survey_until__lt=now)
    return rows.annotate(
        unsolved=not_solved(), followed_by=followed_by(), lacks_signature=~signed, lacks_knowledge=yes_or_no(Q(knowledge="")),
        lacks_return_visit=yes_or_no(~visit_done() | Q(not_solved())), lacks_survey=yes_or_no(~answered),
    )  # fmt: skip


def gate_of(ticket: Ticket, now: datetime) -> Gate:
    names = [f"lacks_{name}" for name in MISSING]
    row = with_gate(Ticket.objects.filter(pk=ticket.pk), now).values("unsolved", "followed_by", *names).get()
    missing = [name for name in MISSING if row[f"lacks_{name}"]]
    return Gate(missing, bool(row["unsolved"]), row["followed_by"] or "")


def archive_missing(ticket: Ticket, now: datetime) -> list[str]:
    """What the gate still wants, by stable names: signature, knowledge, return_visit, survey."""
    return gate_of(ticket, now).missing


def closing_tickets(actor: Actor) -> QuerySet[Ticket]:
    """What the closing desk lists and the menu counts: completed tickets of the customers that this person closes for."""
    return tickets.scope(actor, TicketPermission.ARCHIVE).filter(state=State.COMPLETED)


def gate_groups(actor: Actor) -> dict[str, QuerySet[Any]]:
    """Completed tickets by what they wait for first: not solved, signature, visit, knowledge, survey, nothing.

    Who waits for nothing was either not solved and is followed by a new ticket, or is ready to be archived as served.
    """
    rows = with_gate(closing_tickets(actor), clock.now())
    found = {"unsolved": rows.filter(unsolved=True)}
    rows = rows.filter(unsolved=False)
    for group, name in QUEUES.items():
        found[group] = rows.filter(**{f"lacks_{name}": True})
        rows = rows.filter(**{f"lacks_{name}": False})
    return {**found, "followed": rows.filter(followed_by__isnull=False), "ready": rows.filter(followed_by=None)}
