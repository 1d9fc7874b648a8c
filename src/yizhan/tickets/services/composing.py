"""What one button does in several steps: each is one command, so that all of it happens, or nothing.

They call the same commands as everybody; the outermost opens the transaction and repeats it after a deadlock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from yizhan.kernel import attachments
from yizhan.kernel.actor import Actor
from yizhan.kernel.attachments import CheckedFile
from yizhan.kernel.commands import command
from yizhan.kernel.errors import NEEDED, Invalid
from yizhan.people.models import Contact
from yizhan.people.policies import PeoplePermission, customers
from yizhan.people.queries import contacts_matching
from yizhan.people.services.contacts import find_or_add_contact, require_phone
from yizhan.tickets.models import Category, CauseCategory, Channel, Kind, Level, Message, Mode, Outcome, State, SubState, Ticket
from yizhan.tickets.services.acting import lock_ticket
from yizhan.tickets.services.closing import decide_knowledge
from yizhan.tickets.services.messages import NewMessage, TicketChanges, attach_file, edit_ticket, post_message
from yizhan.tickets.services.registering import MAX_SUBJECT, NewTicket, register_ticket
from yizhan.tickets.services.sheets import SheetInput, check_guard, quick_log, submit_sheet
from yizhan.tickets.services.taking import dispatch_ticket
from yizhan.tickets.services.working import leave_ticket


@dataclass(frozen=True)
class Caller:
    """Who calls: a contact that was chosen, else somebody new by name at a customer (its code)."""

    contact: int | None = None
    customer: str = ""
    name: str = ""
    phone: str = ""


@dataclass(frozen=True)
class DeskEntry:
    """What 登记台 sends. `dispatch_to` is whom to offer it to, `done` what was done already."""

    caller: Caller
    words: str
    channel: str = Channel.PHONE
    category: Category | None = None
    level: int | None = None
    place: str = ""
    source_id: str = ""
    dispatch_to: str | None = None
    done: str = ""
    minutes: int = 5


def caller_of(actor: Actor, caller: Caller) -> Contact:
    """The chosen contact, else the one found or made by what was typed.

    Raises:
        Invalid: neither a contact nor a name at a customer; beside what is missing of them.
    """
    if caller.contact is not None:
        found = contacts_matching(actor, "").filter(pk=caller.contact).select_related("user").first()
        if found is not None:
            return found
    served = customers.scope(actor, PeoplePermission.VIEW_CONTACTS).filter(code=caller.customer, active=True).first()
    name, phone = caller.name.strip()[:80], caller.phone.strip()[:30]
    if served is None or not name:
        message = _("Say who calls: choose somebody, or give a name and the customer.")
        missing = {"name": not name, "customer": served is None} if name or phone or caller.customer else {"contact": True}
        wrong: dict[str, Any] = {entry: [message if entry == "contact" else NEEDED] for entry in missing if missing[entry]}
        try:
            require_phone(phone)
        except Invalid as refusal:
            wrong |= refusal.fields
        raise Invalid(message, fields=wrong)
    return find_or_add_contact(actor=actor, customer=served, name=name, phone=phone)


@command
def register_at_desk(*, actor: Actor, entry: DeskEntry) -> Ticket:
    """Caller, ticket, and its dispatch or the whole sheet of what is done already."""
    contact = caller_of(actor, entry.caller)
    words = entry.words.strip()
    new = NewTicket(
        customer=contact.customer, requester=contact, subject=words.split("\n")[0][:MAX_SUBJECT], description=words,
        place=entry.place[:80], channel=entry.channel, category=entry.category, reported_level=entry.level,
        source_id=entry.source_id, kind=Kind.REQUEST if entry.level == Level.FOUR else Kind.INCIDENT,
    )  # fmt: skip
    if entry.done.strip():
        return quick_log(actor=actor, new=new, level=new.reported_level or Level.THREE, sheet=sheet_at_once(new, entry))
    ticket = register_ticket(actor=actor, new=new)
    if entry.dispatch_to is not None and ticket.state == State.PENDING:
        return dispatch_ticket(actor=actor, number=ticket.number, to=entry.dispatch_to)
    return ticket


def sheet_at_once(new: NewTicket, entry: DeskEntry) -> SheetInput:
    """即时完成: what a how-to call need not be asked is filled in."""
    return SheetInput(
        mode=Mode.ON_SITE if new.channel == Channel.WALK_IN else Mode.REMOTE, diagnosis=new.subject,
        cause_category=CauseCategory.OPERATION if entry.level == Level.FOUR else CauseCategory.CONFIGURATION,
        actions_taken=entry.done.strip(), outcome=Outcome.SOLVED, labour_minutes=entry.minutes, category=new.category,
    )  # fmt: skip


@dataclass(frozen=True)
class Finish:
    """A filled service sheet, and what its page does besides: the visit ends, own fields and knowledge are kept."""

    sheet: SheetInput
    leave: bool = False
    custom: Mapping[str, Any] | None = None
    decision: str = ""
    article: str = ""


@command
def finish_work(*, actor: Actor, number: str, finish: Finish, version: int | None = None) -> Ticket:
    """One thumb's work: leave the site, correct the own fields, submit the sheet, decide on knowledge."""
    ticket = lock_ticket(actor, number)
    if finish.leave and ticket.sub_state == SubState.ON_SITE:
        ticket, version = leave_ticket(actor=actor, number=number, version=version), None
    if finish.custom is not None:
        ticket, version = (
            edit_ticket(actor=actor, number=number, changes=TicketChanges(custom=finish.custom), version=version),
            None,
        )
    check_guard(ticket, finish.sheet.outcome)
    ticket = submit_sheet(actor=actor, number=number, sheet=finish.sheet, version=version)
    if finish.decision:
        return decide_knowledge(actor=actor, number=number, decision=finish.decision, article=finish.article)
    return ticket


@command
def report_with_photos(*, actor: Actor, new: NewTicket, photos: Sequence[CheckedFile]) -> Ticket:
    """A requester's report and its pictures."""
    ticket = register_ticket(actor=actor, new=new)
    files = [attach_file(actor=actor, customer_id=new.customer.pk, file=file) for file in photos]
    attachments.adopt(files, ticket, customer_id=ticket.customer_id, part_id=None, internal=False)
    return ticket


@command
def write_with_files(
    *, actor: Actor, number: str, body: str, internal: bool, files: Sequence[CheckedFile], channel: str = Channel.WEB
) -> Message:
    """A message and the files that were chosen with it."""
    customer_id = lock_ticket(actor, number).customer_id
    rows = [attach_file(actor=actor, customer_id=customer_id, file=file) for file in files]
    return post_message(actor=actor, number=number, message=NewMessage(body, internal, tuple(f.pk for f in rows), channel))
