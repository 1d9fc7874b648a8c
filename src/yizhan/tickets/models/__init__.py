from yizhan.tickets.models.affected import AffectedUser
from yizhan.tickets.models.category import Category
from yizhan.tickets.models.choices import (
    VOID_CODES,
    CauseCategory,
    Channel,
    ClosureCode,
    Kind,
    KnowledgeDecision,
    Level,
    LevelSource,
    LinkKind,
    Mode,
    Outcome,
    Paused,
    Proof,
    SignMethod,
    State,
    SubState,
    VisitResult,
)
from yizhan.tickets.models.closing import Rating, ReturnVisit, SignLink, SignOff
from yizhan.tickets.models.people import Handover, Watcher
from yizhan.tickets.models.sheet import ServiceSheet
from yizhan.tickets.models.texts import CannedReply, Phrase
from yizhan.tickets.models.ticket import CoHandler, Message, Ticket, TicketLink
from yizhan.tickets.models.work import RemoteSession, Visit

__all__ = [
    "VOID_CODES", "AffectedUser", "CannedReply", "Category", "CauseCategory", "Channel", "ClosureCode", "CoHandler", "Handover", "Kind",
    "KnowledgeDecision", "Level", "LevelSource", "LinkKind", "Message", "Mode", "Outcome", "Paused", "Phrase", "Proof", "Rating",
    "RemoteSession", "ReturnVisit", "ServiceSheet", "SignLink", "SignMethod", "SignOff", "State", "SubState", "Ticket",
    "TicketLink", "Visit", "VisitResult", "Watcher",
]  # fmt: skip
