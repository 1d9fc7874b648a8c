"""One ticket's story: its events as sentences, the words people wrote, the files they sent."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from yizhan.kernel import clock
from yizhan.kernel.actor import Actor
from yizhan.kernel.models import Attachment, StoredEvent
from yizhan.people.models import Team, User
from yizhan.tickets import events
from yizhan.tickets.events import Mark, ReturnVisitRecorded, TicketEvent
from yizhan.tickets.models import (
    Channel,
    ClosureCode,
    KnowledgeDecision,
    LinkKind,
    Message,
    Outcome,
    Proof,
    SignMethod,
    SubState,
    Ticket,
    VisitResult,
)
from yizhan.tickets.policies import tickets

LIMIT = 500


@dataclass(frozen=True)
class Entry:
    """One line. `node` tells the screen how to draw it: stop, warn, message, or plain."""

    at: datetime
    type: str
    who: str
    username: str | None
    sentence: str
    text: str = ""
    internal: bool = False
    node: str = ""
    message_id: int | None = None
    by_customer: bool = False
    attachments: list[Attachment] = field(default_factory=list)


GIVEN_BACK = gettext_noop("%(who)s gave it back")
COLLECTED = gettext_noop("Signed: %(method)s, collected by %(to)s")
CHOICES: Mapping[str, Callable[[str], Any]] = {
    "channel": Channel, "proof": Proof, "reason": SubState, "outcome": Outcome, "method": SignMethod, "result": VisitResult,
    "decision": KnowledgeDecision, "closure_code": ClosureCode, "kind": LinkKind,
}  # fmt: skip


def people(rows: list[StoredEvent]) -> dict[int, tuple[str, str]]:
    """Names and user names of everybody whom these events speak of, in one statement."""
    ids = {int(row.actor[5:]) for row in rows if row.actor.startswith("user:")}
    ids |= {row.payload["to"] for row in rows if isinstance(row.payload.get("to"), int)}
    found = User.objects.filter(pk__in=ids).values_list("pk", "display_name", "username")
    return {pk: (name or username, username) for pk, name, username in found}


def local(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(clock.DEFAULT_ZONE).strftime("%m-%d %H:%M")


def team_names(rows: list[StoredEvent]) -> dict[str, str]:
    """Teams by code, asked for only when some event names one."""
    codes = {row.payload["team"] for row in rows if row.payload.get("team")}
    return dict(Team.objects.filter(code__in=codes).values_list("code", "name")) if codes else {}


def visit_sentence(row: StoredEvent) -> str:
    """What the user answered, by link or to somebody who asked; what came of a try where nobody was asked."""
    by_link, solved = row.actor == "system:link", row.payload.get("solved")
    if solved is None:
        return ReturnVisitRecorded.SENTENCE
    if by_link:
        return (
            gettext_noop("%(who)s confirms by the link: it is fixed")
            if solved
            else gettext_noop("%(who)s answers by the link: not fixed")
        )
    if not solved:
        return gettext_noop("%(who)s made the return visit: not solved")
    if row.payload.get("satisfied") is False:
        return gettext_noop("%(who)s made the return visit: solved, but not content")
    return gettext_noop("%(who)s made the return visit: solved")


def sentence(row: StoredEvent, who: str, names: Mapping[int, tuple[str, str]], teams: Mapping[str, str]) -> str:
    values = dict(row.payload, who=who)
    for name, choices in CHOICES.items():
        if values.get(name):
            values[name] = choices(values[name]).label
    if values.get("team"):
        values["team"] = teams.get(values["team"], values["team"])
    if isinstance(values.get("to"), int):
        values["to"] = names.get(values["to"], ("?", ""))[0]
    elif row.type == "TicketDispatched":
        values["to"] = values.get("team", "")
    if row.type in {"VisitScheduled", "ServiceRestored"}:
        values["at"] = local(values["at"])
    words = visit_sentence(row) if kind_of(row) is ReturnVisitRecorded else kind_of(row).SENTENCE
    if row.type == "TicketSigned" and row.payload.get("to"):
        words = COLLECTED
    if row.type == "TicketRecalled" and row.payload.get("given_back"):
        words = GIVEN_BACK
    return _(words) % values


def kind_of(row: StoredEvent) -> type[TicketEvent]:
    """The event's class; what an older or newer release stored and this one does not know is a plain fact."""
    found = getattr(events, row.type, TicketEvent)
    return found if isinstance(found, type) and issubclass(found, TicketEvent) else TicketEvent


def who_acted(row: StoredEvent, ticket: Ticket, names: Mapping[int, tuple[str, str]]) -> tuple[str, str | None]:
    if row.actor.startswith("user:"):
        name, username = names.get(int(row.actor[5:]), ("?", "?"))
        return name, username
    if row.actor in {"system:mail", "system:link"}:
        return ticket.requester.name, None
    return _("The system"), None


def timeline(actor: Actor, ticket: Ticket) -> list[Entry]:
    """Oldest first, at most the last 500; a customer's people see no internal line and no internal text."""
    staff = tickets.is_staff(actor, ticket.customer_id)
    rows = StoredEvent.objects.filter(object_type="tickets.ticket", object_id=ticket.pk)
    if not staff:
        rows = rows.filter(internal=False)
    stored = sorted(rows.order_by("-id")[:LIMIT], key=lambda row: (row.at, row.id))
    messages = {
        m.pk: m
        for m in Message.objects.filter(ticket=ticket)
        .select_related("contact")
        .only("body", "internal", "ticket", "contact__name")
    }
    files: dict[int | None, list[Attachment]] = defaultdict(list)
    for item in Attachment.objects.filter(owner_type="tickets.ticket", owner_id=ticket.pk).order_by("pk"):
        if staff or not item.internal:
            files[item.part_id].append(item)
    names, teams = people(stored), team_names(stored)
    return [line(row, ticket, names, messages, files, teams, staff=staff) for row in stored]


def line(
    row: StoredEvent,
    ticket: Ticket,
    names: Mapping[int, tuple[str, str]],
    messages: Mapping[int, Message],
    files: Mapping[int | None, list[Attachment]],
    teams: Mapping[str, str],
    *,
    staff: bool,
) -> Entry:
    who, username = who_acted(row, ticket, names)
    message = messages.get(row.payload.get("message", 0))
    kind = kind_of(row)
    hidden = not staff and kind.TEXT_INTERNAL
    text = message.body if message else ("" if hidden else row.payload.get("text", ""))
    attached = list(files[message.pk]) if message and message.pk in files else []
    if row.type == "TicketRegistered":
        text, attached = ticket.description, list(files.get(None, []))
    if message and message.contact:
        who = message.contact.name
    unsolved = kind is ReturnVisitRecorded and row.payload.get("solved") is False
    node = Mark.WARN if unsolved else kind.MARK or ("msg" if message else "")
    return Entry(
        at=row.at, type=row.type, who=who, username=username, sentence=sentence(row, who, names, teams), text=text,
        internal=row.internal, node=node, message_id=message.pk if message else None,
        by_customer=bool(row.payload.get("by_customer")), attachments=attached,
    )  # fmt: skip
