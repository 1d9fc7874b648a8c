"""Signature and refusal: by account, drawn on the spot, or by one-time link."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from yizhan.kernel import audit, clock
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command
from yizhan.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from yizhan.tickets.events import SignOffRefused, TicketSigned
from yizhan.tickets.evidence import evidence_digest, record_made
from yizhan.tickets.models import Outcome, ServiceSheet, SignLink, SignMethod, SignOff, State, SubState, Ticket
from yizhan.tickets.parameters import Reason
from yizhan.tickets.policies import Relation, TicketPermission, relations, tickets
from yizhan.tickets.services.acting import Case, begin
from yizhan.tickets.services.taking import required
from yizhan.tickets.states import TicketLife

LINK_LIFE = timedelta(days=8)
MAX_STROKES, MAX_POINTS = 200, 20_000
Stroke = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Signature:
    """Who signs, and how. `strokes` are lists of (x, y, ms); `on_behalf` names whom, relation and reason."""

    signer_name: str = ""
    method: str = SignMethod.ACCOUNT
    strokes: Sequence[Stroke] = field(default_factory=tuple)
    on_behalf: Mapping[str, Any] | None = None
    agent: str = ""


def closing_sheet(ticket: Ticket) -> ServiceSheet:
    """The sheet that completed the ticket: the last one that was not about another visit."""
    sheet = ticket.sheets.exclude(outcome=Outcome.NEXT_VISIT).order_by("-pk").first()
    if sheet is None:
        raise NotFound
    return sheet


def check_strokes(strokes: Sequence[Stroke]) -> list[list[list[float]]]:
    """One stroke of two points suffices.

    Raises:
        Invalid: no stroke, too many points, or points that are not (x, y, ms).
    """
    refusal = Invalid(_("There is no usable drawn signature."), fields={"strokes": [_("[[[x, y, ms], …], …]")]})
    try:
        clean = [[[float(value) + 0.0 for value in point] for point in stroke] for stroke in strokes]  # -0.0 is kept as 0.0
    except (TypeError, ValueError, OverflowError) as error:
        raise refusal from error
    points = sum(len(stroke) for stroke in clean)
    shaped = all(len(stroke) >= 1 and all(len(point) == 3 for point in stroke) for stroke in clean)
    finite = all(abs(value) < 1e9 for stroke in clean for point in stroke for value in point)
    if not (clean and shaped and finite and 2 <= points <= MAX_POINTS and len(clean) <= MAX_STROKES):
        raise refusal
    return clean


def check_signer(actor: Actor, ticket: Ticket, signature: Signature) -> None:
    """An account signs for its own ticket, a delegate names whom for; drawing is collected by who did the work.

    Neither signs who works for us there, nor is anybody's own signature collected by himself.
    """
    if signature.method == SignMethod.ACCOUNT:
        if not tickets.speaks_for_customer(actor, ticket):
            raise Forbidden(_("Who serves this customer, worked on the ticket or took it down does not sign for the customer."))
        own = Relation.REQUESTER in relations(actor, ticket)
        if not own and not (signature.on_behalf and not tickets.allows(actor, TicketPermission.COLLECT_SIGNATURE, ticket)):
            raise Forbidden(_("Only the requester signs with an account; others sign on behalf, saying why."))
    elif signature.method == SignMethod.DRAWN:
        if not tickets.allows(actor, TicketPermission.COLLECT_SIGNATURE, ticket):
            raise Forbidden(_("A drawn signature is collected by the owner or handler."))
        if Relation.REQUESTER in relations(actor, ticket):
            raise Forbidden(_("Nobody collects his own signature."))
    else:
        raise Invalid(_("Choose one of those offered."), fields={"method": [_("account or drawn; a link signs by itself")]})


def check_on_behalf(on_behalf: Mapping[str, Any] | None) -> dict[str, str] | None:
    if on_behalf is None:
        return None
    clean = {key: str(on_behalf.get(key, "")).strip()[:200] for key in ("name", "relation", "reason")}
    missing = sorted(key for key, value in clean.items() if not value)
    if missing:
        raise Invalid(_("Signing for somebody needs name, relation and reason."), fields={"on_behalf": missing})
    return clean


def put_signature(
    case: Case,
    signature: Signature,
    reason: str = "",
    collector: int | None = None,
    signer: int | None = None,
    way: Mapping[str, Any] | None = None,
) -> TicketSigned:
    """Bind the signature to the sheet's digest and lock the sheet. `collector` held out the screen or the code.

    `signer` is whose account it is where the actor is not; `way` is told beside it in the audit.
    """
    sheet = closing_sheet(case.ticket)
    digest = hashlib.sha256(sheet.content.encode()).hexdigest()
    if digest != sheet.sha256:
        raise Conflict(_("The sheet does not match its digest."), code="sheet_digest")
    strokes = check_strokes(signature.strokes) if signature.strokes or signature.method == SignMethod.DRAWN else []
    row = SignOff(
        ticket=case.ticket, sheet=sheet, method=signature.method, signer_name=signature.signer_name.strip()[:80],
        on_behalf=check_on_behalf(signature.on_behalf), reason=reason, strokes=strokes, sheet_sha256=digest,
        signed_by_id=signer or case.actor.user_id, collected_by_id=collector, signed_at=case.now,
        address=case.actor.address, agent=signature.agent[:200],
    )  # fmt: skip
    row.evidence_sha256 = evidence_digest(row)
    row.save(force_insert=True)
    if signature.method in {SignMethod.ACCOUNT, SignMethod.DRAWN, SignMethod.LINK}:
        ServiceSheet.objects.filter(pk=sheet.pk).update(signed=True)
    SignLink.objects.filter(ticket=case.ticket, used_at=None).update(used_at=case.now)
    record_made(case.actor, row, {**audit.snapshot(row), "strokes": len(strokes), **(way or {})})
    case.move(State.COMPLETED, SubState.RATED if hasattr(case.ticket, "rating") else SubState.SIGNED)
    return TicketSigned(case.ticket.number, signature.method, sheet.number, collector)


@command
def sign_ticket(*, actor: Actor, number: str, signature: Signature, version: int | None = None) -> Ticket:
    """Confirm the work under the sheet. Emits `TicketSigned`."""
    case = begin(actor, number, TicketLife.sign, version)
    check_signer(actor, case.ticket, signature)
    missing = {"signer_name": signature.signer_name.strip(), "strokes": signature.strokes or signature.method != SignMethod.DRAWN}
    fields = {name: [_("This is needed.")] for name, there in missing.items() if not there}
    if fields:
        raise Invalid(_("Some fields are not right."), fields=fields)
    collector = actor.user_id if signature.method == SignMethod.DRAWN else None
    return case.finish(put_signature(case, signature, collector=collector))


@command
def waive_sign(*, actor: Actor, number: str, reason: Reason, version: int | None = None) -> Ticket:
    """Go on without a signature, for a stated reason; it is counted apart."""
    case = begin(actor, number, TicketLife.waive_sign, version)
    text = required(reason, "reason")
    return case.finish(put_signature(case, Signature(actor.name, SignMethod.WAIVED), text))


@command
def refuse_ticket(*, actor: Actor, number: str, reason: Reason, version: int | None = None) -> Ticket:
    """The requester does not sign: back to work, with the same owner."""
    case = begin(actor, number, TicketLife.refuse, version)
    text = required(reason, "reason")
    back_to_work(case)
    return case.finish(SignOffRefused(case.ticket.number, text))


def back_to_work(case: Case) -> None:
    """Completion is undone: signatures speak of the past only, the owner has it again."""
    ticket = case.ticket
    SignOff.objects.filter(ticket=ticket, valid=True).update(valid=False)
    SignLink.objects.filter(ticket=ticket, used_at=None).update(used_at=case.now)
    ticket.completed_at = ticket.restored_at = ticket.survey_until = None
    ticket.handler, ticket.reopened_count = ticket.owner, ticket.reopened_count + 1
    case.move(State.IN_PROGRESS, SubState.REOPENED)


def link_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def new_link(ticket: Ticket, sheet: ServiceSheet, offered_by: int | None = None) -> str:
    """A fresh one-time token; only its digest is kept."""
    token = secrets.token_urlsafe(24)
    now = clock.now()
    SignLink.objects.create(
        ticket=ticket, sheet=sheet, digest=link_digest(token), created_at=now, expires_at=now + LINK_LIFE, offered_by_id=offered_by
    )  # fmt: skip
    return token


@command
def offer_sign_link(*, actor: Actor, number: str) -> str:
    """A link for the requester's own phone, shown as a QR code by owner or handler."""
    case = begin(actor, number, TicketLife.sign, None, "offer_sign_link")
    tickets.require(actor, TicketPermission.COLLECT_SIGNATURE, case.ticket)
    return new_link(case.ticket, closing_sheet(case.ticket), actor.user_id)


def open_link(token: str, *, lock: bool = False) -> SignLink:
    """The link while it may be used.

    Raises:
        NotFound: unknown, expired or used.
    """
    rows = SignLink.objects.select_related("ticket", "ticket__customer", "ticket__requester", "sheet", "ticket__owner")
    if lock:
        rows = rows.select_for_update(of=("self",))
    link = rows.filter(digest=link_digest(token), used_at=None, expires_at__gt=clock.now()).first()
    if link is None:
        raise NotFound(_("This link has been used or has expired."), code="link_gone")
    return link
