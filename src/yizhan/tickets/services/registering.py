"""A request becomes a ticket: one command for every channel."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from yizhan.kernel import audit, clock, events, numbering
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command
from yizhan.kernel.errors import Conflict, Forbidden, Invalid
from yizhan.people.models import Contact, Customer, Department, Site, User
from yizhan.tickets.events import TicketAccepted, TicketRegistered
from yizhan.tickets.models import Category, Channel, Kind, Level, LevelSource, State, SubState, Ticket
from yizhan.tickets.policies import TicketPermission, tickets
from yizhan.tickets.searching import index_ticket, index_tickets

PREFIX = {Kind.INCIDENT: "INC", Kind.REQUEST: "REQ"}
LATE = timedelta(hours=24)
BACKFILL = timedelta(minutes=30)
CLOCK_SKEW = timedelta(minutes=5)
# By which ways only our own people, and the program itself, take something down.
TAKEN_DOWN = {Channel.PHONE, Channel.WALK_IN, Channel.WECHAT_GROUP, Channel.QQ_GROUP, Channel.MAIL, Channel.INSPECTION}
MAX_SUBJECT, MAX_DESCRIPTION = 200, 20_000


@dataclass(frozen=True)
class NewTicket:
    """What is known of a request when it is registered. Places default to the requester's.

    `carried_level` is that of the ticket which this one follows: nobody reported it anew.
    """

    customer: Customer
    requester: Contact
    subject: str
    description: str = ""
    kind: str = Kind.INCIDENT
    reported_level: int | None = None
    carried_level: int | None = None
    category: Category | None = None
    site: Site | None = None
    department: Department | None = None
    place: str = ""
    channel: str = Channel.API
    source_id: str = ""
    received_at: datetime | None = None
    custom: Mapping[str, Any] = field(default_factory=dict)


def check_input(new: NewTicket) -> None:
    fields: dict[str, list[object]] = {}
    if not new.subject.strip():
        fields["subject"] = [_("Say in a few words what is wrong.")]
    if len(new.subject) > MAX_SUBJECT:
        fields["subject"] = [_("At most 200 characters.")]
    if len(new.description) > MAX_DESCRIPTION:
        fields["description"] = [_("At most 20,000 characters.")]
    if new.reported_level is not None and new.reported_level not in Level.values:
        fields["reported_level"] = [_("A level is 1, 2, 3 or 4.")]
    if new.requester.customer_id != new.customer.pk:
        fields["requester_id"] = [_("The requester belongs to another customer.")]
    for name, part in (("site", new.site), ("department", new.department)):
        if part is not None and part.customer_id != new.customer.pk:
            fields[name] = [_("This belongs to another customer.")]
    if fields:
        raise Invalid(_("Some fields are not right."), fields=fields)


def check_channel(actor: Actor, new: NewTicket) -> None:
    """What came by phone, mail or group is what our own people took down; a source's id there is theirs to use up."""
    if new.channel in TAKEN_DOWN and not actor.is_system and not tickets.is_staff(actor, new.customer.pk):
        message = _("Only the service desk takes down what came in this way.")
        raise Invalid(message, fields={"channel": [message]})


def received(actor: Actor, new: NewTicket, now: datetime) -> tuple[datetime, bool]:
    """(when it came in, whether it was entered later). Older than a day is for the service manager."""
    moment = new.received_at or now
    if moment > now + CLOCK_SKEW:
        raise Invalid(_("The time of receipt lies in the future."), fields={"received_at": [_("in the future")]})
    if now - moment > LATE and not actor.is_system and not actor.holds(TicketPermission.REGISTER_LATE, new.customer.pk):
        raise Forbidden(_("Only the service manager may enter what is older than 24 hours."), code="too_old")
    return min(moment, now), now - moment > BACKFILL


def prepared(actor: Actor, new: NewTicket, now: datetime) -> Ticket:
    """The ticket that this request becomes, not saved yet; everything that can be wrong with it is asked here.

    Its number is drawn when nothing is: a refusal uses none up.
    """
    if not actor.holds(TicketPermission.REGISTER, new.customer.pk):
        raise Forbidden
    check_input(new)
    check_channel(actor, new)
    moment, backfilled = received(actor, new, now)
    usual = new.category.level if new.category else None
    level = new.reported_level or new.carried_level or usual or Level.THREE
    carried = LevelSource.CARRIED if new.carried_level else LevelSource.USUAL
    return Ticket(
        kind=new.kind, customer=new.customer, requester=new.requester,
        site=new.site or new.requester.site, department=new.department or new.requester.department,
        place=new.place or new.requester.place, subject=new.subject.strip(), description=new.description,
        category=new.category, channel=new.channel, source_id=new.source_id, registered_by_id=actor.user_id,
        received_at=moment, created_at=now, touched_at=now, backfilled=backfilled, reported_level=level, level=level,
        level_source=LevelSource.REPORTED if new.reported_level else carried,
        reply_token=secrets.token_urlsafe(16), custom=dict(new.custom),
    )  # fmt: skip


@command
def register_tickets(*, actor: Actor, news: Sequence[NewTicket]) -> list[Ticket]:
    """The same for what a machine brings: all of them in a few statements, or none of them.

    Raises what `register_ticket` raises, for the first that is wrong; the caller then takes them one by one.
    """
    now = clock.now()
    made = [prepared(actor, new, now) for new in news]
    for ticket, number in zip(made, numbering.next_numbers([PREFIX[Kind(new.kind)] for new in news]), strict=True):
        ticket.number = number
    try:
        with transaction.atomic():
            Ticket.objects.bulk_create(made)
    except IntegrityError as error:
        if "tickets_source_once" not in str(error):
            raise
        raise Conflict(_("This message has already been registered."), code="duplicate_source_id") from error
    for ticket in made:
        known_to_be_empty(ticket)
    index_tickets(made, fresh=True)
    audit.record_many(actor, [("register_ticket", ticket, {}, audit.snapshot(ticket)) for ticket in made])
    for ticket in made:
        registered = TicketRegistered(ticket.number, ticket.channel, ticket.reported_level, ticket.backfilled)
        events.emit(actor, ticket, ticket.customer_id, registered)
    return made


@command
def register_ticket(*, actor: Actor, new: NewTicket, quick: bool = False) -> Ticket:
    """Give a request its record and number.

    An engineer's own registration makes him owner and first contact at once; everybody
    else's stays pending. Emits `TicketRegistered` (and `TicketAccepted`).

    Raises:
        Forbidden: no right to register for this customer, or so late.
        Invalid: with a message per field.
        Conflict: `duplicate_source_id`, with the number that it already has.
    """
    now = clock.now()
    ticket = prepared(actor, new, now)
    ticket.number = numbering.next_number(PREFIX[Kind(new.kind)])
    own = not actor.is_system and actor.holds(TicketPermission.QUICK_LOG, new.customer.pk)
    if own:
        take(ticket, actor.user_id, now)
    insert(actor, ticket)
    known_to_be_empty(ticket)
    index_ticket(ticket, fresh=True)
    audit.record(actor, "register_ticket", ticket, {}, audit.snapshot(ticket))
    registered = TicketRegistered(ticket.number, ticket.channel, ticket.reported_level, ticket.backfilled, quick)
    events.emit(actor, ticket, ticket.customer_id, registered)
    if own and actor.user_id:
        events.emit(actor, ticket, ticket.customer_id, TicketAccepted(ticket.number, actor.user_id, first_contact=True))
    return ticket


def take(ticket: Ticket, user_id: int | None, now: datetime) -> None:
    """Whoever takes a pending ticket owns it; the first one stays its first contact for good."""
    ticket.state, ticket.sub_state = State.IN_PROGRESS, SubState.ACCEPTED
    ticket.owner_id = ticket.handler_id = user_id
    ticket.first_contact_owner_id = ticket.first_contact_owner_id or user_id
    ticket.responded_at = ticket.responded_at or now
    ticket.offered_to = ticket.team = None


def known_to_be_empty(ticket: Ticket) -> None:
    """A new ticket has neither helpers nor a rating: nobody needs to ask the database."""
    vars(ticket).setdefault("_prefetched_objects_cache", {})["co_handlers"] = User.objects.none()
    ticket._state.fields_cache["rating"] = None


def insert(actor: Actor, ticket: Ticket) -> None:
    """Only what carries a source's id can be there already; only that needs a savepoint to be refused in."""
    if not ticket.source_id:
        ticket.save(force_insert=True)
        return
    try:
        with transaction.atomic():
            ticket.save(force_insert=True)
    except IntegrityError as error:
        if "tickets_source_once" not in str(error):
            raise
        same = {"customer": ticket.customer, "channel": ticket.channel, "source_id": ticket.source_id}
        known = tickets.scope(actor, TicketPermission.VIEW).filter(**same).first()
        context = {"number": known.number} if known else {}
        raise Conflict(_("This message has already been registered."), code="duplicate_source_id", **context) from error
