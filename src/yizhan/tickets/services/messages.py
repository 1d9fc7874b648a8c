"""Words on a ticket, chasing, linking, correcting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.utils.translation import gettext_lazy as _

from yizhan.kernel import attachments, audit, custom_fields
from yizhan.kernel.actor import Actor
from yizhan.kernel.attachments import CheckedFile
from yizhan.kernel.commands import command
from yizhan.kernel.errors import Conflict, Forbidden, Invalid, NotFound, TransitionNotAllowed
from yizhan.kernel.models import Attachment
from yizhan.people.models import Department, Site
from yizhan.tickets.events import (
    MessagePosted,
    NotePosted,
    RequesterReminded,
    TicketEdited,
    TicketResumed,
    TicketsLinked,
)
from yizhan.tickets.models import Category, Channel, LinkKind, Message, State, SubState, Ticket, TicketLink
from yizhan.tickets.parameters import Kinship, Name, Pressing
from yizhan.tickets.policies import TicketPermission, tickets
from yizhan.tickets.queries import ticket_fields
from yizhan.tickets.searching import index_ticket
from yizhan.tickets.services.acting import begin, begin_edit
from yizhan.tickets.services.registering import MAX_DESCRIPTION, MAX_SUBJECT
from yizhan.tickets.services.working import wake_up
from yizhan.tickets.states import TicketLife


@dataclass(frozen=True)
class NewMessage:
    body: str
    internal: bool = False
    attachment_ids: Sequence[int] = ()
    channel: str = Channel.API
    source_id: str = ""
    contact_id: int | None = None


def own_files(actor: Actor, ids: Sequence[int], customer_id: int) -> list[Attachment]:
    """The actor's uploads that no record has taken yet, of this customer; locked, so that one message takes them.

    Who waited for another message sees what has become of them since: they are looked up again as they are then.
    """
    rows = Attachment.objects.filter(pk__in=ids, owner_type="", customer_id__in=[customer_id, attachments.NOBODYS])
    rows = rows.order_by("pk").select_for_update()
    if not actor.is_system:
        rows = rows.filter(uploaded_by=actor.user_id)
    found = list(rows)
    if len(found) != len(set(ids)):
        message = _("An attachment does not exist or is in use already.")
        raise Invalid(message, code="unknown_attachment", fields={"attachments": [message]})
    return found


@command
def post_message(*, actor: Actor, number: str, message: NewMessage, version: int | None = None) -> Message:
    """Write to the other side, or (`internal`) among ourselves. A requester's words end a wait for him.

    Raises:
        TransitionNotAllowed: the ticket is archived.
        Forbidden: a customer writes an internal note.
    """
    permission = TicketPermission.NOTE if message.internal else TicketPermission.REPLY
    case = begin_edit(actor, number, permission, "post_message", version)
    ticket = case.ticket
    if ticket.state == State.ARCHIVED:
        raise TransitionNotAllowed("post_message", ticket.state)
    body = message.body.strip()
    if not body and not message.attachment_ids:
        raise Invalid(_("Some fields are not right."), fields={"body": [_("This is needed.")]})
    if len(body) > MAX_DESCRIPTION:
        raise Invalid(_("Some fields are not right."), fields={"body": [_("At most 20,000 characters.")]})
    files = own_files(actor, message.attachment_ids, ticket.customer_id)
    row = Message.objects.create(
        ticket=ticket, author_id=actor.user_id, body=body, internal=message.internal, channel=message.channel,
        contact_id=message.contact_id or tickets.contact_in(actor, ticket.customer_id), source_id=message.source_id,
        created_at=case.now,
    )  # fmt: skip
    attachments.adopt(files, ticket, customer_id=ticket.customer_id, part_id=row.pk, internal=message.internal)
    by_customer = row.contact_id is not None
    news: list[MessagePosted | NotePosted | TicketResumed] = [
        NotePosted(ticket.number, row.pk) if message.internal else MessagePosted(ticket.number, row.pk, by_customer)
    ]
    if by_customer and ticket.sub_state == SubState.WAIT_USER:
        wake_up(ticket)
        news.append(TicketResumed(ticket.number, by_reply=True))
    case.finish(*news)
    index_ticket(ticket)
    return row


@command
def remind_ticket(*, actor: Actor, number: str, comment: Pressing = "", version: int | None = None) -> Ticket:
    """催单: counted, told to the owner; never a new ticket."""
    case = begin(actor, number, TicketLife.remind, version)
    case.ticket.remind_count += 1
    return case.finish(RequesterReminded(case.ticket.number, case.ticket.remind_count, comment.strip()[:2000]))


@command
def link_tickets(*, actor: Actor, number: str, to: Name, kind: Kinship, version: int | None = None) -> Ticket:
    """Say that this ticket is related to, a duplicate or follow-up of, or caused by another one."""
    case = begin(actor, number, TicketLife.link, version)
    if kind not in LinkKind.values:
        raise Invalid(_("Some fields are not right."), fields={"kind": [_("Choose one of those offered.")]})
    other = tickets.scope(actor, TicketPermission.VIEW).filter(number=to.strip().upper()).first()
    if other is None or other.pk == case.ticket.pk or other.customer_id != case.ticket.customer_id:
        message = _("There is no other ticket of that number for this customer.")
        raise Invalid(message, code="unknown_ticket", fields={"to": [message]})
    row, made = TicketLink.objects.get_or_create(source=case.ticket, target=other, kind=kind, defaults={"created_at": case.now})
    if not made:
        raise Conflict(_("These two are linked so already."), code="already_linked")
    audit.record(actor, "link_tickets", row, {}, audit.snapshot(row))
    return case.finish(TicketsLinked(case.ticket.number, other.number, kind))


class Given(Enum):
    """What a change says of a field that it does not touch: None clears one, where it may be empty."""

    LEAVE = "leave"


LEAVE = Given.LEAVE


@dataclass(frozen=True)
class TicketChanges:
    """What to correct; fields that are not given stay as they are."""

    subject: str | Given | None = LEAVE
    description: str | Given | None = LEAVE
    category: Category | Given | None = LEAVE
    site: Site | Given | None = LEAVE
    department: Department | Given | None = LEAVE
    place: str | Given | None = LEAVE
    custom: Mapping[str, Any] | None = None

    def given(self) -> dict[str, Any]:
        """The ticket's own fields that change; words that are cleared are empty, not null."""
        words, parts = ("subject", "description", "place"), ("category", "site", "department")
        found = {name: getattr(self, name) for name in (*words, *parts)}
        return {name: "" if value is None and name in words else value for name, value in found.items() if value is not LEAVE}


@command
def edit_ticket(*, actor: Actor, number: str, changes: TicketChanges, version: int | None = None) -> Ticket:
    """Correct what was written down at registration. The archive is read-only.

    Raises:
        Invalid: a field's words or record do not fit, or what the service sheet needs would be cleared.
    """
    case = begin_edit(actor, number, TicketPermission.EDIT, "edit_ticket", version)
    if case.ticket.state == State.ARCHIVED:
        raise TransitionNotAllowed("edit_ticket", case.ticket.state)
    given = changes.given()
    check_changes(case.ticket, given)
    changed = []
    for name, value in given.items():
        if value != getattr(case.ticket, name):
            setattr(case.ticket, name, value)
            changed.append(name)
    if changes.custom is not None:
        values = custom_fields.merged(case.ticket.custom, ticket_fields(case.ticket), changes.custom)
        if values != case.ticket.custom:
            case.ticket.custom = values
            changed.append("custom")
    if not changed:
        return case.ticket
    ticket = case.finish(TicketEdited(case.ticket.number, tuple(changed)))
    index_ticket(ticket)
    return ticket


def check_changes(ticket: Ticket, given: Mapping[str, Any]) -> None:
    fields: dict[str, list[object]] = {}
    if "subject" in given and not 0 < len(given["subject"].strip()) <= MAX_SUBJECT:
        fields["subject"] = [_("From 1 to 200 characters.")]
    if len(given.get("description", "")) > MAX_DESCRIPTION:
        fields["description"] = [_("At most 20,000 characters.")]
    if ticket.state == State.COMPLETED and given.get("category", ticket.category) is None:
        fields["category"] = [_("This is needed.")]
    for name in ("site", "department"):
        part = given.get(name)
        if part is not None and part.customer_id != ticket.customer_id:
            fields[name] = [_("This belongs to another customer.")]
    if fields:
        raise Invalid(_("Some fields are not right."), fields=fields)


@command
def attach_file(*, actor: Actor, customer_id: int, file: CheckedFile) -> Attachment:
    """Upload a file for a message that is about to be written; staff may leave open for which customer.

    Raises:
        NotFound: a customer whose tickets the actor may not answer.
        Invalid: what was found of the file.
    """
    home = actor.home_customer_id == customer_id
    unsaid = customer_id == attachments.NOBODYS and actor.holds(TicketPermission.NOTE)
    if not home and not unsaid and not actor.holds(TicketPermission.REPLY, customer_id):
        raise NotFound
    if not actor.is_system and actor.user_id is None:
        raise Forbidden
    return attachments.store(actor, customer_id=customer_id, file=file)
