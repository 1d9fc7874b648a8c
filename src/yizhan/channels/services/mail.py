"""What a letter means: an answer to a ticket, a new request, a robot's noise, or a case for a person."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from operator import attrgetter

import structlog
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from yizhan.channels.drivers.mail.quotes import new_words
from yizhan.channels.drivers.mail.reading import SMALL, ReadLetter, read_letters
from yizhan.channels.models import InboundMessage, Mailbox
from yizhan.channels.queries import raw_contents
from yizhan.kernel import attachments, claims, clock, notices
from yizhan.kernel.actor import system_actor
from yizhan.kernel.casing import in_any_case, same_in_any_case
from yizhan.kernel.constraints import AlreadyThere, BrokenRule
from yizhan.kernel.errors import DomainError, Invalid, PermanentFailure, TemporaryFailure
from yizhan.kernel.models import Attachment
from yizhan.kernel.numbering import numbers_in
from yizhan.people.models import Contact
from yizhan.people.queries import contact_by_address, is_ours
from yizhan.tickets.models import Channel, LinkKind, Message, State, Ticket
from yizhan.tickets.services.messages import NewMessage, link_tickets, post_message
from yizhan.tickets.services.registering import MAX_DESCRIPTION, MAX_SUBJECT, NewTicket, register_ticket, register_tickets

ACTOR = system_actor("mail", channel="mail")
THREAD = re.compile(r"<ticket\.([\w-]{22})[.@]")
BATCH, TRIES = 100, 5
HELD = 180  # seconds: longer than a child may take, and a batch of small ones
TEMPORARY = (OperationalError, InterfaceError, IntegrityError, AlreadyThere, BrokenRule, TemporaryFailure)
S = InboundMessage.State
DECIDED = ("id", "message_id", "sender", "sender_name", "subject", "state", "reason", "ticket_id", "contact_id")
DECIDE = """
UPDATE channels_inboundmessage AS m SET message_id = d.message_id, sender = d.sender, sender_name = d.sender_name,
    subject = d.subject, claim = '', held_until = NULL,
    state = d.state, reason = d.reason, ticket_id = d.ticket_id, contact_id = d.contact_id
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[],
            %s::bigint[]) AS d(id, message_id, sender, sender_name, subject, state, reason, ticket_id, contact_id)
WHERE m.id = d.id
"""
log = structlog.get_logger("yizhan.mail")


def process_stored(limit: int = 100_000) -> int:
    """Process everything stored, in batches; several workers share the work without meeting."""
    total = 0
    claims.release(InboundMessage.objects.filter(state=S.STORED))
    while total < limit:
        done = process_batch()
        if not done:
            break
        total += done
    return total


def process_batch() -> int:
    """Fresh small letters together; a large one, and one that failed before, alone, so that it harms no other.

    They are claimed and the attempt is counted before anything is read, so a letter that kills its reader is
    given up after a few attempts. They are read before the transaction that writes begins.
    """
    stored = InboundMessage.objects.filter(state=S.STORED)
    fresh = stored.filter(attempts=0, size__lte=SMALL).order_by("pk")
    return process_some(fresh, BATCH) or process_some(stored.order_by("attempts", "pk"), 1)


def process_some(rows: QuerySet[InboundMessage], most: int) -> int:
    with claims.taken(rows, most=most, seconds=HELD) as batch:
        if batch:
            process_claimed(attempts(batch, raw_contents(batch)), batch[0].claim)
    return len(batch)


def attempts(batch: Sequence[InboundMessage], contents: Mapping[int, bytes]) -> dict[int, ReadLetter | Exception]:
    """What each letter says, by its message; one that was begun too often is not begun again."""
    given_up = PermanentFailure(_("Its reader did not survive it."))
    begun = [message for message in batch if message.attempts <= TRIES]
    read = read_letters([contents[message.pk] for message in begun])
    found: dict[int, ReadLetter | Exception] = dict(zip((message.pk for message in begun), read, strict=True))
    for message in batch:
        found.setdefault(message.pk, PermanentFailure(message.reason) if message.reason else given_up)
    return found


def process_claimed(letters: Mapping[int, ReadLetter | Exception], claim: str) -> None:
    """Write what became of those that are still ours, in one transaction with a savepoint for each."""
    with transaction.atomic():
        rows = InboundMessage.objects.select_for_update(of=("self",)).select_related("mailbox", "customer", "contact")
        batch = list(rows.filter(pk__in=letters, claim=claim, state=S.STORED).order_by("pk"))
        plain = together(batch, letters) if len(batch) > 1 else set()
        for message in batch:
            if message.pk not in plain:
                process_one(message, letters[message.pk])


def process_one(message: InboundMessage, letter: ReadLetter | Exception) -> None:
    """One of a batch. What may pass (a deadlock, a lost connection) waits for the next attempt; a few of these are enough."""
    message.claim, message.held_until = "", None
    try:
        process(message, letter)
    except TEMPORARY as error:
        log.warning("letter_waits", message=message.pk, error=str(error), attempts=message.attempts)
        message.reason = f"{type(error).__name__}: {error}"[:300]
        if message.attempts >= TRIES:
            message.state = S.FAILED
        else:
            message.held_until = clock.now() + claims.pause_after(message.attempts)
        message.save()


def together(batch: Sequence[InboundMessage], letters: Mapping[int, ReadLetter | Exception]) -> set[int]:
    """The plain letters of a batch as tickets, all at once; the ids of those that are done.

    Plain is what opens a ticket for a known sender and brings no files. Everything else, and the
    whole batch where one of them is refused, goes the long way, one by one.
    """
    known: dict[tuple[int, str], Contact | None] = {}
    plain: list[tuple[InboundMessage, NewTicket]] = []
    for message in batch:
        letter = letters[message.pk]
        try:
            new = plain_request(message, letter, known) if isinstance(letter, ReadLetter) else None
        except Exception:  # noqa: BLE001 - the long way says what is wrong with it
            new = None
        if new is not None and isinstance(letter, ReadLetter):
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


def plain_request(message: InboundMessage, letter: ReadLetter, known: dict[tuple[int, str], Contact | None]) -> NewTicket | None:
    """What a letter asks for, when it is plain."""
    own = same_in_any_case(letter.sender, message.mailbox.address)
    if letter.automatic or own or letter.files or letter.references or numbers_in(letter.subject) or message.attempts > 1:
        return None
    key = (message.customer_id, letter.sender)
    if key not in known:
        known[key] = contact_by_address(message.customer_id, letter.sender)
    contact = message.contact or known[key]
    return None if contact is None else request_of(message, letter, contact, source_of(message, letter))


def process(message: InboundMessage, letter: ReadLetter | Exception) -> None:
    """Decide about one message and keep the decision with it.

    Raises:
        OperationalError, InterfaceError, IntegrityError, AlreadyThere, BrokenRule, TemporaryFailure: it may go better next
            time; nothing is kept.
    """
    try:
        if isinstance(letter, Exception):
            raise letter
        with transaction.atomic():
            decide(message, letter)
    except TEMPORARY:
        raise
    except DomainError as error:
        message.state, message.reason = S.FAILED, f"{error.code}: {error}"[:300]
    except Exception as error:
        log.exception("letter_failed", message=message.pk)
        message.state, message.reason = S.FAILED, f"{type(error).__name__}: {error}"[:300]
    if message.state != S.PROCESSED:
        log.info("letter", message=message.pk, state=message.state, reason=message.reason)
    message.save()


def note(message: InboundMessage, letter: ReadLetter) -> None:
    """What the list of received messages shows of a letter."""
    message.message_id, message.sender, message.sender_name = letter.message_id, letter.sender, letter.sender_name
    message.subject = letter.subject[:300]


def decide(message: InboundMessage, letter: ReadLetter) -> None:
    note(message, letter)
    if letter.automatic or same_in_any_case(letter.sender, message.mailbox.address):
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


def thread_of(mailbox: Mailbox, letter: ReadLetter) -> Ticket | None:
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


def participant(letter: ReadLetter, ticket: Ticket) -> Contact | None:
    """Who of the ticket's people at the customer wrote this: its requester, or somebody who wrote before.

    None for one of ours: whoever writes a sender's address into a letter is not asked to prove it, and what our
    people say to a customer is said signed in.
    """
    account = ticket.requester.user
    known = [address for address in (ticket.requester.email, account.email if account else "") if address]
    if any(same_in_any_case(letter.sender, address) for address in known):
        return ticket.requester
    earlier = Message.objects.filter(in_any_case("contact__email", letter.sender), ticket=ticket).select_related("contact")
    found = earlier.first()
    return found.contact if found else None


def stranger(letter: ReadLetter) -> str:
    """Why an answer waits for a person."""
    if is_ours(letter.sender):
        return _("Sent under the address of one of ours: let him say it in the ticket, signed in.")
    return _("The sender does not take part in this ticket.")


def answer(message: InboundMessage, letter: ReadLetter, ticket: Ticket) -> None:
    """Append to the ticket; a stranger's answer waits for a person; the archive gets a new, linked ticket."""
    contact = participant(letter, ticket)
    if contact is None:
        message.state, message.reason, message.ticket = S.TRIAGE, stranger(letter), ticket
        return
    if ticket.state == State.ARCHIVED:
        open_ticket(message, letter, contact, follow_up_of=ticket)
        return
    files = keep_files(message, letter)
    words = new_words(letter.body)[:MAX_DESCRIPTION] or letter.subject or "—"
    new = NewMessage(words, False, tuple(f.pk for f in files), Channel.MAIL, letter.message_id[:200], contact.pk)
    post_message(actor=ACTOR, number=ticket.number, message=new)
    message.state, message.reason, message.ticket, message.contact = S.PROCESSED, "", ticket, contact


def source_of(message: InboundMessage, letter: ReadLetter) -> str:
    return hashlib.sha256((letter.message_id or message.key).encode()).hexdigest()


def request_of(message: InboundMessage, letter: ReadLetter, contact: Contact, source: str) -> NewTicket:
    """A letter as a request. What REST would refuse as too long is cut here: the raw mail has it all."""
    subject = letter.subject or letter.body.strip().split("\n")[0] or _("(no subject)")
    return NewTicket(
        customer=message.customer, requester=contact, subject=subject[:MAX_SUBJECT],
        description=letter.body[:MAX_DESCRIPTION], channel=Channel.MAIL, source_id=source, received_at=message.received_at,
    )  # fmt: skip


def open_ticket(message: InboundMessage, letter: ReadLetter, contact: Contact, follow_up_of: Ticket | None = None) -> None:
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


def keep_files(message: InboundMessage, letter: ReadLetter) -> list[Attachment]:
    """The letter's files; one that is refused is named in the log and stays in the raw mail."""
    kept = []
    for file in letter.checked:
        try:
            kept.append(attachments.store(ACTOR, customer_id=message.customer_id, file=file))
        except Invalid as error:
            log.warning("file_refused", message=message.pk, code=error.code)
    return kept
