"""What happens to tickets, in the past tense. `text` is what a person wrote; people are ids."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from django.utils.translation import gettext_noop

from yizhan.kernel.events import Event


class Mark(StrEnum):
    """How the timeline draws an event: a stop of the route, a warning, or a plain line."""

    PLAIN = ""
    STOP = "stop"
    WARN = "warn"


@dataclass(frozen=True)
class TicketEvent(Event):
    """One fact of a ticket. `SENTENCE` tells it with its own values and `who`; customers never see `text` where TEXT_INTERNAL."""

    SENTENCE: ClassVar[str] = "%(who)s"
    MARK: ClassVar[Mark] = Mark.PLAIN
    TEXT_INTERNAL: ClassVar[bool] = False

    number: str


@dataclass(frozen=True)
class TicketRegistered(TicketEvent):
    SENTENCE = gettext_noop("%(who)s registered it by %(channel)s")
    MARK = Mark.STOP
    channel: str
    reported_level: int
    backfilled: bool = False
    quick: bool = False


@dataclass(frozen=True)
class TicketDispatched(TicketEvent):
    SENTENCE = gettext_noop("%(who)s dispatched it to %(to)s")
    to: int | None
    team: str = ""


@dataclass(frozen=True)
class TicketRecalled(TicketEvent):
    SENTENCE = gettext_noop("%(who)s took the offer back")
    given_back: bool = False


@dataclass(frozen=True)
class TicketAccepted(TicketEvent):
    SENTENCE = gettext_noop("%(who)s accepted it")
    MARK = Mark.STOP
    to: int
    first_contact: bool


@dataclass(frozen=True)
class SecondLineAccepted(TicketEvent):
    SENTENCE = gettext_noop("%(who)s takes over as second line")
    to: int


@dataclass(frozen=True)
class LevelJudged(TicketEvent):
    SENTENCE = gettext_noop("%(who)s judged level %(level)s (was %(before)s)")
    level: int
    before: int
    text: str


@dataclass(frozen=True)
class VisitScheduled(TicketEvent):
    SENTENCE = gettext_noop("%(who)s agreed on %(at)s")
    at: str
    text: str


@dataclass(frozen=True)
class RemoteStarted(TicketEvent):
    SENTENCE = gettext_noop("%(who)s began a remote session by %(tool)s")
    tool: str
    session: str


@dataclass(frozen=True)
class EngineerDeparted(TicketEvent):
    SENTENCE = gettext_noop("%(who)s set off")


@dataclass(frozen=True)
class EngineerArrived(TicketEvent):
    SENTENCE = gettext_noop("%(who)s arrived (%(proof)s)")
    MARK = Mark.STOP
    proof: str
    text: str


@dataclass(frozen=True)
class EngineerLeft(TicketEvent):
    SENTENCE = gettext_noop("%(who)s left the site")


@dataclass(frozen=True)
class TicketEscalated(TicketEvent):
    SENTENCE = gettext_noop("%(who)s escalated it to %(team)s")
    TEXT_INTERNAL = True
    team: str
    text: str


@dataclass(frozen=True)
class TransferOffered(TicketEvent):
    SENTENCE = gettext_noop("%(who)s offers it to %(to)s")
    INTERNAL = True
    to: int
    text: str
    in_handover: bool = False


@dataclass(frozen=True)
class TransferAccepted(TicketEvent):
    SENTENCE = gettext_noop("%(to)s is the owner now")
    to: int
    text: str = ""


@dataclass(frozen=True)
class TransferDeclined(TicketEvent):
    SENTENCE = gettext_noop("%(who)s declined the transfer")
    INTERNAL = True
    text: str


@dataclass(frozen=True)
class CoHandlerAdded(TicketEvent):
    SENTENCE = gettext_noop("%(who)s called in %(to)s")
    to: int


@dataclass(frozen=True)
class TicketSuspended(TicketEvent):
    SENTENCE = gettext_noop("%(who)s suspended it: %(reason)s")
    reason: str
    text: str
    eta: str | None


@dataclass(frozen=True)
class TicketResumed(TicketEvent):
    SENTENCE = gettext_noop("Work goes on")
    by_reply: bool = False


@dataclass(frozen=True)
class ServiceRestored(TicketEvent):
    SENTENCE = gettext_noop("%(who)s: service restored at %(at)s")
    MARK = Mark.STOP
    at: str
    backdated: bool
    text: str


@dataclass(frozen=True)
class SheetSubmitted(TicketEvent):
    SENTENCE = gettext_noop("%(who)s submitted service sheet %(sheet)s: %(outcome)s")
    sheet: str
    outcome: str


@dataclass(frozen=True)
class TicketCompleted(TicketEvent):
    SENTENCE = gettext_noop("Completed")
    MARK = Mark.STOP
    sheet: str
    quick: bool = False


@dataclass(frozen=True)
class TicketSigned(TicketEvent):
    """`to` collected it: held out the screen or the code."""

    SENTENCE = gettext_noop("Signed: %(method)s")
    MARK = Mark.STOP
    method: str
    sheet: str
    to: int | None = None


@dataclass(frozen=True)
class SignOffRefused(TicketEvent):
    SENTENCE = gettext_noop("%(who)s did not sign")
    MARK = Mark.WARN
    text: str


@dataclass(frozen=True)
class TicketRated(TicketEvent):
    SENTENCE = gettext_noop("Rated %(score)s of 5")
    score: int
    text: str


@dataclass(frozen=True)
class ReturnVisitRecorded(TicketEvent):
    SENTENCE = gettext_noop("%(who)s made the return visit: %(result)s")
    VERSION = 2
    INTERNAL = True
    result: str
    self_made: bool
    text: str
    solved: bool | None = None
    satisfied: bool | None = None


@dataclass(frozen=True)
class KnowledgeDecided(TicketEvent):
    SENTENCE = gettext_noop("%(who)s decided on knowledge: %(decision)s")
    INTERNAL = True
    decision: str
    text: str


@dataclass(frozen=True)
class TicketArchived(TicketEvent):
    SENTENCE = gettext_noop("Archived: %(closure_code)s")
    MARK = Mark.STOP
    closure_code: str
    text: str = ""


@dataclass(frozen=True)
class TicketReopened(TicketEvent):
    SENTENCE = gettext_noop("%(who)s reopened it")
    MARK = Mark.WARN
    text: str


@dataclass(frozen=True)
class RequesterReminded(TicketEvent):
    SENTENCE = gettext_noop("%(who)s chased it, %(count)s times so far")
    MARK = Mark.WARN
    count: int
    text: str


@dataclass(frozen=True)
class StepUndone(TicketEvent):
    SENTENCE = gettext_noop("%(who)s took the last step back")
    action: str


@dataclass(frozen=True)
class UserAffected(TicketEvent):
    SENTENCE = gettext_noop("%(who)s added somebody with the same fault, %(count)s so far")
    count: int


@dataclass(frozen=True)
class TicketsLinked(TicketEvent):
    SENTENCE = gettext_noop("%(who)s linked it: %(kind)s %(to)s")
    INTERNAL = True
    to: str
    kind: str


@dataclass(frozen=True)
class TicketEdited(TicketEvent):
    SENTENCE = gettext_noop("%(who)s corrected the record")
    INTERNAL = True
    fields: tuple[str, ...]


@dataclass(frozen=True)
class MessagePosted(TicketEvent):
    """The words are in the message itself."""

    SENTENCE = gettext_noop("%(who)s wrote")
    message: int
    by_customer: bool


@dataclass(frozen=True)
class NotePosted(TicketEvent):
    SENTENCE = gettext_noop("%(who)s noted")
    INTERNAL = True
    message: int
