"""The requester's answer by one-time link: sign or refuse, rate, and with it the return visit."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from yizhan.kernel import clock
from yizhan.kernel.actor import NOBODY, Actor, system_actor
from yizhan.kernel.commands import audit_refusal, command
from yizhan.kernel.errors import Forbidden, Invalid
from yizhan.tickets.events import SignOffRefused
from yizhan.tickets.models import Rating, ReturnVisit, ServiceSheet, SignLink, SignMethod, SignOff, Ticket, VisitResult
from yizhan.tickets.policies import tickets
from yizhan.tickets.services.acting import begin
from yizhan.tickets.services.closing import Answer, put_rating, put_visit
from yizhan.tickets.services.signing import Signature, back_to_work, link_digest, open_link, put_signature
from yizhan.tickets.services.taking import required
from yizhan.tickets.states import TicketLife

TAGS = (_("came quickly"), _("explained clearly"), _("friendly"), _("left it tidy"))


CONTENT_FROM = 3


@dataclass(frozen=True)
class LinkAnswer:
    """What the page sends. Without a score the ticket is signed and stays unrated."""

    fixed: bool
    signature: Signature
    reason: str = ""
    score: int | None = None
    tags: list[str] = field(default_factory=list)
    comment: str = ""


def content(answer: LinkAnswer) -> bool | None:
    """Whether he is content with the service: by his score, unknown without one."""
    return None if answer.score is None else answer.score >= CONTENT_FROM


@dataclass(frozen=True)
class Answered:
    """What came of a link: signed (by whom, rated how), or refused (for what reason), and when."""

    ticket: Ticket
    sheet: ServiceSheet
    at: datetime
    signer: str = ""
    score: int | None = None
    reason: str = ""

    @property
    def refused(self) -> bool:
        return not self.signer

    def says(self, fixed: bool, signer: str, score: str, reason: str) -> bool:
        """Whether this was the same answer, sent once more."""
        if self.refused or not fixed:
            return self.refused and not fixed and reason.strip() == self.reason
        return signer.strip() == self.signer and score in {"", str(self.score or "")}


def answered_link(token: str) -> Answered | None:
    """For who holds a link that was answered, until it would have expired; of another that ended with it, nothing."""
    rows = SignLink.objects.select_related("ticket", "sheet").filter(digest=link_digest(token), expires_at__gt=clock.now())
    link = rows.first()
    if link is None or link.used_at is None:
        return None
    made = Answered(link.ticket, link.sheet, link.used_at)
    signed = SignOff.objects.filter(sheet=link.sheet_id, method=SignMethod.LINK, signed_at=link.used_at).first()
    if signed is not None:
        rating = Rating.objects.filter(ticket=link.ticket_id, rated_at=link.used_at).first()
        return replace(made, signer=signed.signer_name, score=rating.score if rating else None)
    refused = ReturnVisit.objects.filter(ticket=link.ticket_id, solved=False, by_link=True, made_at=link.used_at).first()
    return replace(made, reason=refused.comment) if refused else None


def check_browser(account: Actor, ticket: Ticket) -> None:
    """A link in a browser in which somebody else's account is signed in is not in the customer's hands: one of ours, whomever
    he serves, or another customer's.

    Of a browser in which nobody is signed in nothing is known but its address; the evidence names that.

    Raises:
        Forbidden: who is signed in is not of this customer, serves it, worked on the ticket, or took it down for somebody else.
    """
    own = account.home_customer_id == ticket.customer_id and tickets.speaks_for_customer(account, ticket)
    if account.user_id is not None and not own:
        raise Forbidden(_("Who serves this customer, worked on the ticket or took it down does not sign for the customer."))


def answer_link(*, token: str, answer: LinkAnswer, address: str, request_id: str = "", account: Actor = NOBODY) -> Ticket:
    """Use a link, once. `account` is who is signed in in the browser that holds it.

    Raises:
        Forbidden: as `check_browser`; his attempt is in the audit under his own name.
        NotFound, Invalid: as `answer_as`.
    """
    try:
        check_browser(account, open_link(token).ticket)
    except Forbidden as error:
        audit_refusal(account, answer_as.__name__, error)
        raise
    actor = replace(system_actor("link", channel="web"), address=address, request_id=request_id)
    return answer_as(actor=actor, token=token, answer=answer, signer=account.user_id)


def way_of(link: SignLink) -> dict[str, Any]:
    """What is known of how a link came to whoever used it, for the audit: on whose screen it was shown, or by mail."""
    return {
        "link_id": link.pk, "link_made_at": link.created_at.isoformat(), "link_shown_by": link.offered_by_id,
        "link_through": "mail" if link.offered_by_id is None else "screen",
    }  # fmt: skip


@command
def answer_as(*, actor: Actor, token: str, answer: LinkAnswer, signer: int | None = None) -> Ticket:
    """Sign (bound to the sheet), rate, and count the answer as a reached return visit; or refuse and reopen.

    `signer` was signed in there; the signature names him.

    Raises:
        NotFound: unknown, used or expired link.
        Invalid: no name, or a refusal without a reason.
    """
    number = open_link(token).ticket.number
    if not answer.fixed:
        case = begin(actor, number, TicketLife.refuse, None, "refuse_ticket")
        open_link(token, lock=True)  # the ticket first, then its links: the one order of locks
        text = required(answer.reason, "reason")
        visit = put_visit(case, Answer(VisitResult.REACHED, solved=False, satisfied=content(answer), comment=text), by_link=True)
        back_to_work(case)
        return case.finish(visit, SignOffRefused(number, text))
    if not answer.signature.signer_name.strip():
        raise Invalid(_("Write your name."), fields={"signer_name": [_("This is needed.")]})
    case = begin(actor, number, TicketLife.sign, None, "sign_ticket")
    link = open_link(token, lock=True)
    news = [put_signature(case, answer.signature, collector=link.offered_by_id, signer=signer, way=way_of(link))]
    said = Answer(VisitResult.REACHED, solved=True, satisfied=content(answer), comment=answer.comment)
    visit = put_visit(case, said, by_link=True)
    if answer.score is not None and not hasattr(case.ticket, "rating"):
        return case.finish(*news, visit, put_rating(case, answer.score, answer.tags, answer.comment))
    return case.finish(*news, visit)
