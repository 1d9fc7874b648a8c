"""Calls: kept raw, counted once, put together to one record; missed ones called back."""

import hashlib
import secrets

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from yizhan.channels.drivers import phone
from yizhan.channels.events import CallRinging
from yizhan.channels.models import Call, CallNews, PhoneLine
from yizhan.channels.policies import ChannelPermission, calls
from yizhan.channels.queries import contact_calling
from yizhan.channels.services.polling import keep_raw
from yizhan.kernel import audit, clock, events
from yizhan.kernel.actor import Actor, system_actor
from yizhan.kernel.commands import command
from yizhan.kernel.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from yizhan.kernel.sealing import seal, unseal
from yizhan.people.models import Customer, User
from yizhan.tickets.models import Ticket

ACTOR = system_actor("phone", channel="phone")
S = Call.State


@command
def add_phone_line(*, actor: Actor, name: str, customer: str = "") -> str:
    """A new line; its secret is shown once. Without a customer it serves all of them."""
    served = Customer.objects.filter(code=customer, active=True).first() if customer else None
    if customer and served is None:
        raise Invalid(_("There is no such customer."), code="unknown_reference", fields={"customer": [customer]})
    if not actor.holds_throughout(ChannelPermission.CHANGE, served.pk if served else None):
        raise Forbidden
    secret = secrets.token_urlsafe(32)
    line = PhoneLine.objects.create(name=name, customer=served, sealed_secret=seal(secret))
    audit.record(actor, "add_phone_line", line, {}, {"name": name, "customer_id": line.customer_id})
    return secret


def take_news(*, line: str, timestamp: str, signature: str, body: bytes) -> Call:
    """A message from outside: verified, kept raw and committed, then understood.

    Raises:
        NotFound: no such line.
        Forbidden: signature or time do not fit.
        Invalid: not understood (the raw message is kept).
    """
    found = PhoneLine.objects.filter(name=line, active=True).first()
    if found is None:
        raise NotFound
    phone.verify(unseal(found.sealed_secret), timestamp, signature, body)
    key = hashlib.sha256(f"{found.pk}\n".encode() + body).hexdigest()
    with transaction.atomic():
        news, fresh = CallNews.objects.get_or_create(key=key, defaults={"line": found, "raw_at": clock.now(), "raw_id": 0})
        if fresh:
            news.raw_id = keep_raw(news.raw_at, body)
            news.save(update_fields=["raw_id"])
            PhoneLine.objects.filter(pk=found.pk).update(heard_at=clock.now())
    if news.call is not None:
        return news.call
    try:
        return put_together(actor=ACTOR, news=news.pk, stage=phone.read(body))
    except DomainError as error:
        CallNews.objects.filter(pk=news.pk).update(reason=f"{error.code}: {error}"[:300])
        raise


@command
def put_together(*, actor: Actor, news: int, stage: phone.Stage) -> Call:
    """One stage added to its call; stages may come late or out of order."""
    row = CallNews.objects.select_for_update(of=("self",)).select_related("line", "call").get(pk=news)
    if row.call is not None:
        return row.call
    call, fresh = Call.objects.select_for_update().get_or_create(
        line=row.line, source_id=stage.id, defaults={"started_at": stage.at, "number": stage.number, "called": stage.called}
    )
    before = {} if fresh else audit.snapshot(call)
    call.number, call.called = call.number or stage.number, call.called or stage.called
    call.outgoing, call.recording = stage.outgoing or call.outgoing, call.recording or stage.recording
    call.started_at = min(call.started_at, stage.at)
    if stage.agent:
        call.agent = User.objects.filter(username=stage.agent, is_active=True, contact=None).first() or call.agent
    if call.contact is None and call.number:
        call.contact = contact_calling(call.number, row.line.customer_id)
    call.customer_id = call.contact.customer_id if call.contact else row.line.customer_id
    if stage.event == "answered":
        call.answered_at = call.answered_at or stage.at
    elif stage.event in {"ended", "missed"}:
        call.ended_at = call.ended_at or stage.at
    call.state = state_of(call, stage.event)
    call.save()
    row.call = call
    row.save(update_fields=["call"])
    audit.record(actor, "register_call", call, before, audit.snapshot(call))
    if fresh and stage.event == "ringing" and not call.outgoing:
        events.emit(actor, call, call.customer_id, CallRinging(call.agent_id))
    return call


def state_of(call: Call, event: str) -> str:
    if call.ended_at is None:
        return S.ANSWERED if call.answered_at else S.RINGING
    return S.ENDED if call.answered_at or call.outgoing or (event != "missed" and call.state == S.ENDED) else S.MISSED


@command
def return_call(*, actor: Actor, call: int, note: str = "") -> Call:
    """Say that a missed call has been called back (or why that is not needed)."""
    row = calls.scope(actor, ChannelPermission.VIEW).select_for_update(of=("self",)).filter(pk=call).first()
    if row is None:
        raise NotFound
    calls.require(actor, ChannelPermission.TRIAGE, row)
    if not row.waits:
        raise Conflict(_("This call does not wait any more."), code="not_waiting")
    before = audit.snapshot(row)
    row.returned_at, row.returned_by_id, row.return_note = clock.now(), actor.person, note.strip()[:200]
    row.save(update_fields=["returned_at", "returned_by", "return_note"])
    audit.record(actor, "return_call", row, before, audit.snapshot(row))
    return row


def link_ticket(actor: Actor, call_id: int, ticket: Ticket) -> None:
    """The ticket that came of a call of the actor's; a missed one counts as called back with it."""
    call = calls.scope(actor, ChannelPermission.VIEW).select_for_update(of=("self",)).filter(pk=call_id).first()
    if call is None or call.ticket is not None:
        return
    before = audit.snapshot(call)
    call.ticket, call.contact, call.customer = ticket, call.contact or ticket.requester, ticket.customer
    if call.waits:
        call.returned_at, call.returned_by_id = clock.now(), ticket.registered_by_id
    call.save(update_fields=["ticket", "contact", "customer", "returned_at", "returned_by"])
    audit.record(actor, "link_call", call, before, audit.snapshot(call))
