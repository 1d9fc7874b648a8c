"""A ticket as REST shows it: people by user name, places and categories by their keys."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, create_model

from yizhan.kernel import custom_fields
from yizhan.kernel.actor import Actor
from yizhan.kernel.fields import adapter_of
from yizhan.kernel.models import CustomField
from yizhan.people.models import User
from yizhan.tickets.models import Ticket
from yizhan.tickets.policies import tickets
from yizhan.tickets.states import actions_of
from yizhan.tickets.timeline import Entry

TICKET_EXAMPLE: dict[str, Any] = {
    "number": "INC261122-00042", "kind": "incident", "state": "in_progress", "sub_state": "accepted", "reported_level": 3,
    "level": 2, "level_judged": True, "customer": "demo-a", "site": 1, "department": 1, "place": "312", "category": "print",
    "channel": "phone", "source_id": "", "requester": {"id": 2, "name": "张倩", "username": "requester1"},
    "registered_by": "desk", "owner": "engineer1", "first_contact_owner": "engineer1", "handler": "engineer1",
    "offered_to": None, "transfer_to": None, "co_handlers": ["engineer3"], "team": None, "subject": "打印机显示脱机",
    "description": "重启没用", "version": 3, "created_at": "2026-11-22T09:00:00+08:00",
    "received_at": "2026-11-22T09:00:00+08:00",
    "backfilled": False, "responded_at": "2026-11-22T09:03:00+08:00", "scheduled_at": None, "arrived_at": None,
    "restored_at": None, "restored_backdated": False, "completed_at": None, "archived_at": None, "closure_code": None,
    "knowledge": None, "rating": None, "remind_count": 0, "reopened_count": 0, "affected_count": 0, "custom": {"budget": "A-17"},
    "actions": ["submit_sheet", "transfer"],
}  # fmt: skip


class SheetOut(BaseModel):
    """A service sheet."""

    number: str
    mode: str
    diagnosis: str
    cause_category: str
    actions_taken: str
    outcome: str
    labour_minutes: int
    parts: list[Any]
    category: str
    without_visit: bool
    submitted_by: str
    submitted_at: datetime
    sha256: str
    signed: bool


class RequesterOut(BaseModel):
    """Who asked."""

    id: int
    name: str
    username: str | None


class FileOut(BaseModel):
    """A file that hangs on an entry."""

    id: int
    name: str
    size: int
    content_type: str
    sha256: str


class EntryOut(BaseModel):
    """One line of a ticket's story."""

    at: datetime
    type: str
    who: str
    username: str | None
    sentence: str
    text: str
    internal: bool
    message_id: int | None
    attachments: list[FileOut]


class MessageOut(BaseModel):
    """A message just written."""

    id: int
    body: str
    internal: bool
    created_at: datetime
    attachments: list[int]


OWN_TYPES: dict[str, Any] = {
    "requester": RequesterOut, "co_handlers": list[str], "rating": int | None, "custom": dict[str, Any], "actions": list[str],
}  # fmt: skip
KNOWN_BY = {"customer": "code", "category": "code", "team": "code"}
EMPTY_IS_NULL = {"sub_state", "closure_code", "knowledge"}


def ticket_type(name: str) -> Any:
    """The type of one entry of `ticket_out`, from the field's own adapter."""
    if name in OWN_TYPES:
        return OWN_TYPES[name]
    field: Any = Ticket._meta.get_field(name)
    person = field.is_relation and field.related_model is User
    kind = adapter_of(field, "username" if person else KNOWN_BY.get(name, "")).schema()
    return kind | None if field.null or name in EMPTY_IS_NULL else kind


TICKET_TYPES: dict[str, Any] = {name: (ticket_type(name), None if name in tickets.guarded else ...) for name in TICKET_EXAMPLE}
TICKET_TYPES["sheets"] = (list[SheetOut], [])
TicketOut: type[BaseModel] = create_model(
    "TicketOut", __config__=ConfigDict(json_schema_extra={"example": TICKET_EXAMPLE}), **TICKET_TYPES
)


def username(user: User | None) -> str | None:
    return user.username if user else None


def names(actor: Actor, ticket: Ticket) -> dict[str, str | None]:
    """The people of a ticket by user name; the actor's own is known without asking."""
    found: dict[str, str | None] = {}
    for field in ("registered_by", "owner", "first_contact_owner", "handler", "offered_to", "transfer_to"):
        pk = getattr(ticket, f"{field}_id")
        own = pk is not None and pk == actor.user_id
        found[field] = actor.username if own else username(getattr(ticket, field) if pk else None)
    return found


def definitions_for(listed: Iterable[Ticket]) -> list[CustomField]:
    """The custom fields that these tickets need to show; none are asked for when no ticket has values."""
    return custom_fields.definitions("tickets.ticket") if any(ticket.custom for ticket in listed) else []


def ticket_out(actor: Actor, ticket: Ticket, own: list[CustomField] | None = None) -> dict[str, Any]:
    """Everything that a program may want to know; what the customer must not see is left out for him."""
    own = definitions_for([ticket]) if own is None else own
    requester = ticket.requester
    shown: dict[str, Any] = {
        "number": ticket.number,
        "kind": ticket.kind,
        "state": ticket.state,
        "sub_state": ticket.sub_state or None,
        "reported_level": ticket.reported_level,
        "level": ticket.level,
        "level_judged": ticket.level_judged,
        "customer": ticket.customer.code,
        "site": ticket.site_id,
        "department": ticket.department_id,
        "place": ticket.place,
        "category": ticket.category.code if ticket.category else None,
        "channel": ticket.channel,
        "source_id": ticket.source_id,
        "requester": {"id": requester.pk, "name": requester.name, "username": username(requester.user)},
        **names(actor, ticket),
        "co_handlers": [person.username for person in ticket.co_handlers.all()],
        "team": ticket.team.code if ticket.team else None,
        "subject": ticket.subject,
        "description": ticket.description,
        "version": ticket.version,
        "created_at": ticket.created_at,
        "received_at": ticket.received_at,
        "backfilled": ticket.backfilled,
        "responded_at": ticket.responded_at,
        "scheduled_at": ticket.scheduled_at,
        "arrived_at": ticket.arrived_at,
        "restored_at": ticket.restored_at,
        "restored_backdated": ticket.restored_backdated,
        "completed_at": ticket.completed_at,
        "archived_at": ticket.archived_at,
        "closure_code": ticket.closure_code or None,
        "knowledge": ticket.knowledge or None,
        "rating": ticket.rating.score if hasattr(ticket, "rating") else None,
        "remind_count": ticket.remind_count,
        "reopened_count": ticket.reopened_count,
        "affected_count": ticket.affected_count,
        "custom": custom_fields.for_program(own, ticket.custom, public_only=not tickets.is_staff(actor, ticket.customer_id)),
        "actions": actions_of(actor, ticket),
    }
    for name in tickets.hidden_of(actor, ticket):
        shown.pop(name, None)
    return shown


def sheet_out(sheet: Any) -> dict[str, Any]:
    return {
        "number": sheet.number, "mode": sheet.mode, "diagnosis": sheet.diagnosis, "cause_category": sheet.cause_category,
        "actions_taken": sheet.actions_taken, "outcome": sheet.outcome, "labour_minutes": sheet.labour_minutes,
        "parts": sheet.parts, "category": sheet.category.code, "without_visit": sheet.without_visit,
        "submitted_by": sheet.submitted_by.username, "submitted_at": sheet.submitted_at, "sha256": sheet.sha256,
        "signed": sheet.signed,
    }  # fmt: skip


def entry_out(entry: Entry) -> dict[str, Any]:
    return {
        "at": entry.at, "type": entry.type, "who": entry.who, "username": entry.username, "sentence": entry.sentence,
        "text": entry.text, "internal": entry.internal, "message_id": entry.message_id,
        "attachments": [
            {"id": a.pk, "name": a.name, "size": a.size, "content_type": a.content_type, "sha256": a.sha256}
            for a in entry.attachments
        ],
    }  # fmt: skip
