"""What a letter means: an answer to a ticket, a new request, a robot's noise, or a case for a person."""

import hashlib
import re
from collections.abc import Sequence
from operator import attrgetter

import structlog
from django.db import connection, transaction
from django.utils.translation import gettext as _

from yizhan.channels.drivers.mail.letter import Letter, parse
from yizhan.channels.drivers.mail.quotes import new_words
from yizhan.channels.drivers.mail.reading import is_plain, read_letter
from yizhan.channels.models import InboundMessage, Mailbox
from yizhan.channels.queries import raw_content, raw_contents
from yizhan.kernel import attachments, notices
from yizhan.kernel.actor import Actor, system_actor
from yizhan.kernel.errors import DomainError, Invalid
from yizhan.kernel.models import Attachment
from yizhan.kernel.numbering import numbers_in
from yizhan.people.access import actor_for
from yizhan.people.models import Contact, User
from yizhan.people.queries import contact_by_address
from yizhan.tickets.models import Channel, LinkKind, Message, State, Ticket
from yizhan.tickets.services.messages import NewMessage, link_tickets, post_message
from yizhan.tickets.services.registering import MAX_DESCRIPTION, MAX_SUBJECT, NewTicket, register_ticket, register_tickets

ACTOR = system_actor("mail", channel="mail")
THREAD = re.compile(r"<ticket\.([\w-]{22})[.@]")
BATCH = 100
TRIES = 3
S = InboundMessage.State
DECIDED = ("id", "message_id", "sender", "sender_name", "subject", "attempts", "state", "reason", "ticket_id", "contact_id")
DECIDE = """
UPDATE channels_inboundmessage AS m SET message_id = d.message_id, sender = d.sender, sender_name = d.sender_name,
    subject = d.subject, attempts = d.attempts, state = d.state, reason = d.reason, ticket_id = d.ticket_id, contact_id = d.contact_id
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::smallint[], %s::text[], %s::text[], %s::bigint[],
            %s::bigint[]) AS d(id, message_id, sender, sender_name, subject, attempts, state, reason, ticket_id, contact_id)
WHERE m.id = d.id
"""
log = structlog.get_logger("yizhan.mail")


def process_stored(limit: int = 100_000) -> int:
    """Process everything stored, in batches; several workers share the work without meeting."""
    total = 0
    while total < limit:
        done = process_batch()
        if not done:
            break
        total += done
    return total


def process_batch() -> int:
    """One batch in one transaction, a savepoint for each faulty message: it harms no other."""
    with transaction.atomic():
        rows = InboundMessage.objects.select_for_update(skip_locked=True, of=("self",)).select_related("mailbox", "customer")
        batch = list(rows.filter(state=S.STORED).order_by("pk")[:BATCH])
        plain = together(batch) if len(batch) > 1 else set()
        for message in batch:
            if message.pk not in plain:
                process(message)
    return len(batch)


def together(batch: Sequence[InboundMessage]) -> set[int]:
    """The plain letters of a batch as tickets, all at once; the ids of those that are done.

    Plain is what opens a ticket for a known sender and brings no files. Everything else, and the
    whole batch where one of them is refused, goes the long way, one by one.
    """
    contents = raw_contents(batch)
    known: dict[tuple[int, str], Contact | None] = {}
    plain: list[tuple[InboundMessage, NewTicket]] = []
    for message in batch:
        if not is_plain(contents[message.pk]):
            continue
        try:
            letter = parse(contents[message.pk])
            new = plain_request(message, letter, known)
        except Exception:  # noqa: BLE001 - the long way says what is wrong with it
            new = None
        if new is not None:
            note(message, letter)
            plain.append((message, new))
    taken = {new.source_id for _, new in plain}
    if not plain or len(taken) < len(plain) or taken_already(plain, taken):
        return set()
    try:
        with transaction.atomic(), notices.gathered():
            made = register_tickets(actor=ACTOR, news=[new for _, new in plain])
    except Exception:
        log.exception("batch_refused")
        return set()
    for (message, new), ticket in zip(plain, made, strict=True):
        message.attempts += 1
        message.state, message.reason, message.ticket, message.contact = S.PROCESSED, "", ticket, new.requester
    decided([message for message, _ in plain])
    return {message.pk for message, _ in plain}


def decided(messages: Sequence[InboundMessage]) -> None:
    """Keep what was decided about these, in one statement; `bulk_update` builds it a hundred times slower."""
    columns = zip(*map(attrgetter(*DECIDED), messages), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(DECIDE, [list(column) for column in columns])


def taken_already(plain: Sequence[tuple[InboundMessage, NewTicket]], sources: set[str]) -> bool:
    customers = {message.customer_id for message, _ in plain}
    return Ticket.objects.filter(customer__in=customers, channel=Channel.MAIL, source_id__in=sources).exists()


def plain_request(message: InboundMessage, letter: Letter, known: dict[tuple[int, str], Contact | None]) -> NewTicket | None:
    """What a letter asks for, when it is plain."""
    own = letter.sender == message.mailbox.address.lower()
    if letter.automatic or own or letter.files or letter.references or numbers_in(letter.subject) or message.attempts:
        return None
    key = (message.customer_id, letter.sender)
    if key not in known:
        known[key] = contact_by_address(message.customer_id, letter.sender)
    contact = message.contact or known[key]
    return None if contact is None else request_of(message, letter, contact, source_of(message, letter))


def process(message: InboundMessage) -> None:
    """Decide about one message and keep the decision with it."""
    message.attempts += 1
    try:
        with transaction.atomic():
            decide(message, read_letter(raw_content(message)))
    except DomainError as error:
        message.state, message.reason = S.FAILED, f"{error.code}: {error}"[:300]
    except Exception as error:
        log.exception("letter_failed", message=message.pk)
        message.state, message.reason = S.FAILED, f"{type(error).__name__}: {error}"[:300]
    if message.state != S.PROCESSED:
        log.info("letter", message=message.pk, state=message.state, reason=message.reason)
    message.save()


def note(message: InboundMessage, letter: Letter) -> None:
    """What the list of received messages shows of a letter."""
    message.message_id, message.sender, message.sender_name = letter.message_id, letter.sender, letter.sender_name
    message.subject = letter.subject[:300]


def decide(message: InboundMessage, letter: Letter) -> None:
    note(message, letter)
    if letter.automatic or letter.sender == message.mailbox.address.lower():
        message.state, message.reason = S.IGNORED, letter.automatic or "own address"
        return
    ticket = thread_of(message.mailbox, letter)
    if ticket is not None:
        answer(message, letter, ticket)
        return
    contact = message.contact or contact_by_address(message.customer_id, letter.sender)
    if contact is None:
        message.state, message.reason = S.TRIAGE, _("Unknown sender.")
        return
    open_ticket(message, letter, contact)


def thread_of(mailbox: Mailbox, letter: Letter) -> Ticket | None:
    """The ticket that a letter answers: by its references, else by the number in its subject."""
    rows = Ticket.objects.filter(customer_id=mailbox.customer_id).select_related("customer", "requester", "requester__user")
    tokens = [token for reference in letter.references for token in THREAD.findall(reference)]
    if tokens:
        found = rows.filter(reply_token__in=tokens).first()
        if found is not None:
            return found
    if letter.references:
        earlier = InboundMessage.objects.filter(
            message_id__in=letter.references, customer_id=mailbox.customer_id, ticket__isnull=False
        )
        known = earlier.order_by("-pk").values_list("ticket_id", flat=True).first()
        if known:
            return rows.filter(pk=known).first()
    numbers = numbers_in(letter.subject)
    return rows.filter(number__in=numbers).first() if numbers else None


def participant(letter: Letter, ticket: Ticket) -> tuple[Actor, Contact | None] | None:
    """Who of the ticket's people wrote this: its requester, somebody who wrote before, or its engineer."""
    known = {ticket.requester.email.lower(), ticket.requester.user.email.lower() if ticket.requester.user else ""}
    if letter.sender in known - {""}:
        return ACTOR, ticket.requester
    earlier = Message.objects.filter(ticket=ticket, contact__email__iexact=letter.sender).select_related("contact").first()
    if earlier is not None:
        return ACTOR, earlier.contact
    staff = User.objects.filter(email__iexact=letter.sender, is_active=True, contact=None)
    engineer = staff.filter(pk__in=[pk for pk in (ticket.owner_id, ticket.handler_id) if pk]).first()
    return (actor_for(engineer, channel="mail"), None) if engineer else None


def answer(message: InboundMessage, letter: Letter, ticket: Ticket) -> None:
    """Append to the ticket; a stranger's answer waits for a person; the archive gets a new, linked ticket."""
    found = participant(letter, ticket)
    if found is None:
        message.state, message.reason, message.ticket = S.TRIAGE, _("The sender does not take part in this ticket."), ticket
        return
    actor, contact = found
    if ticket.state == State.ARCHIVED:
        open_ticket(message, letter, contact or ticket.requester, follow_up_of=ticket)
        return
    files = keep_files(message, letter)
    words = new_words(letter.body)[:MAX_DESCRIPTION] or letter.subject or "—"
    new = NewMessage(
        words, False, tuple(f.pk for f in files), Channel.MAIL, letter.message_id[:200], contact.pk if contact else None
    )
    post_message(actor=ACTOR if contact else actor, number=ticket.number, message=new)
    message.state, message.reason, message.ticket, message.contact = S.PROCESSED, "", ticket, contact


def source_of(message: InboundMessage, letter: Letter) -> str:
    return hashlib.sha256((letter.message_id or message.key).encode()).hexdigest()


def request_of(message: InboundMessage, letter: Letter, contact: Contact, source: str) -> NewTicket:
    """A letter as a request. What REST would refuse as too long is cut here: the raw mail has it all."""
    subject = letter.subject or letter.body.strip().split("\n")[0] or _("(no subject)")
    return NewTicket(
        customer=message.customer, requester=contact, subject=subject[:MAX_SUBJECT],
        description=letter.body[:MAX_DESCRIPTION], channel=Channel.MAIL, source_id=source, received_at=message.received_at,
    )  # fmt: skip


def open_ticket(message: InboundMessage, letter: Letter, contact: Contact, follow_up_of: Ticket | None = None) -> None:
    """A new ticket from a letter, with its files."""
    source = source_of(message, letter)
    if Ticket.objects.filter(customer_id=message.customer_id, channel=Channel.MAIL, source_id=source).exists():
        source = message.key
    new = request_of(message, letter, contact, source)
    ticket = register_ticket(actor=ACTOR, new=new)
    files = keep_files(message, letter)
    attachments.adopt(files, ticket, customer_id=ticket.customer_id, part_id=None, internal=False)
    if follow_up_of is not None:
        link_tickets(actor=ACTOR, number=ticket.number, to=follow_up_of.number, kind=LinkKind.FOLLOW_UP_OF)
    message.state, message.reason, message.ticket, message.contact = S.PROCESSED, "", ticket, contact


def keep_files(message: InboundMessage, letter: Letter) -> list[Attachment]:
    """The letter's files; one that is refused is named in the log and stays in the raw mail."""
    kept = []
    for file in letter.files:
        try:
            kept.append(attachments.store(ACTOR, customer_id=message.customer_id, name=file.name, content=file.content))
        except Invalid as error:
            log.warning("file_refused", message=message.pk, code=error.code)
    return kept
