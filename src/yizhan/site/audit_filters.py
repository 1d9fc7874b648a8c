"""The audit as its reader asks for it: who, what, which ticket, which day, with what outcome. In his words."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from yizhan.kernel.audit_words import named
from yizhan.kernel.casing import in_any_case
from yizhan.kernel.models import AuditEntry
from yizhan.people.models import User
from yizhan.tickets.models import Ticket

WORDS = ("who", "actor", "command", "outcome", "number", "day")


def narrowed(rows: QuerySet[AuditEntry], given: Mapping[str, str]) -> QuerySet[AuditEntry]:
    """Only the rows that fit all that is given; what cannot be read, a day for one, fits none."""
    asked = {name: given.get(name, "").replace("\0", "").strip()[:80] for name in WORDS}
    if asked["actor"]:
        rows = rows.filter(actor=asked["actor"])
    if asked["who"]:
        rows = rows.filter(actor__in=doers(asked["who"]))
    if asked["command"]:
        rows = rows.filter(command__in=named(asked["command"]))
    if asked["outcome"]:
        rows = rows.filter(outcome=asked["outcome"])
    if asked["number"]:
        found = Ticket.objects.filter(number__iendswith=asked["number"]).values_list("pk", flat=True)[:50]
        rows = rows.filter(object_type=Ticket._meta.label_lower, object_id__in=list(found))
    return within_day(rows, asked["day"]) if asked["day"] else rows


def doers(text: str) -> set[str]:
    """The actors that somebody's name, or words such as 命令行, may mean."""
    known = Q(display_name__icontains=text) | in_any_case("username", text)
    users = User.objects.filter(known).values_list("pk", flat=True)[:200]
    return {f"user:{pk}" for pk in users} | named(text)


def within_day(rows: QuerySet[AuditEntry], text: str) -> QuerySet[AuditEntry]:
    try:
        start = timezone.make_aware(datetime.combine(date.fromisoformat(text), time.min))
        return rows.filter(at__gte=start, at__lt=start + timedelta(days=1))
    except (ValueError, OverflowError):
        return rows.none()
