"""Who sees a ticket, and who may do what with it (DOMAIN 2.3, as a table)."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from django.db.models import Q, QuerySet

from yizhan.kernel.actor import Actor, Permission, bundle
from yizhan.kernel.policy import CustomerPolicy, GlobalPolicy, Policy, decides
from yizhan.people.models import Role
from yizhan.people.policies import PeoplePermission
from yizhan.tickets.models import CannedReply, Category, Phrase, Ticket


class TicketPermission(Permission):
    VIEW = "tickets.view"
    VIEW_INTERNAL = "tickets.view_internal"
    VIEW_FAULTS = "tickets.view_faults"
    REGISTER = "tickets.register"
    REGISTER_LATE = "tickets.register_late"
    QUICK_LOG = "tickets.quick_log"
    EDIT = "tickets.edit"
    REPLY = "tickets.reply"
    NOTE = "tickets.note"
    CLAIM = "tickets.claim"
    ACCEPT = "tickets.accept"
    DISPATCH = "tickets.dispatch"
    RECALL = "tickets.recall"
    REMIND = "tickets.remind"
    SCHEDULE = "tickets.schedule"
    WORK = "tickets.work"
    JUDGE = "tickets.judge"
    LOWER = "tickets.lower_level"
    ESCALATE = "tickets.escalate"
    TRANSFER = "tickets.transfer"
    REASSIGN = "tickets.reassign"
    ANSWER_TRANSFER = "tickets.answer_transfer"
    ADD_CO_HANDLER = "tickets.add_co_handler"
    SUSPEND = "tickets.suspend"
    RESTORE = "tickets.restore"
    SHEET = "tickets.sheet"
    SIGN = "tickets.sign"
    COLLECT_SIGNATURE = "tickets.collect_signature"
    WAIVE = "tickets.waive"
    REFUSE = "tickets.refuse"
    RATE = "tickets.rate"
    RETURN_VISIT = "tickets.return_visit"
    KNOWLEDGE = "tickets.knowledge"
    ARCHIVE = "tickets.archive"
    REOPEN = "tickets.reopen"
    CANCEL = "tickets.cancel"
    VOID = "tickets.void"
    VOID_ANY = "tickets.void_any"
    ADD_AFFECTED = "tickets.add_affected"
    LINK = "tickets.link"
    CHANGE_TEXTS = "tickets.change_texts"


class Relation(StrEnum):
    """What somebody is to one ticket."""

    REQUESTER = "requester"
    OWNER = "owner"
    HANDLER = "handler"
    CO_HANDLER = "co_handler"
    OFFERED = "offered"
    SECOND_LINE = "second_line"
    TRANSFER_TARGET = "transfer_target"


P = TicketPermission
O, H = Relation.OWNER, Relation.HANDLER  # noqa: E741 - the letters of DOMAIN 2.3
R, C, T, D = Relation.REQUESTER, Role.CUSTOMER_CONTACT, Role.TECHNICIAN, Role.DESK
L, M, S = Role.GROUP_LEAD, Role.SERVICE_MANAGER, Role.SUPERVISOR
STAFF = (T, D, L, M, S, Role.ASSET_ADMIN, Role.AUDITOR, Role.ADMINISTRATOR)

WHO: dict[TicketPermission, Iterable[Role | Relation]] = {
    P.VIEW: (*STAFF, C),
    P.VIEW_INTERNAL: STAFF,
    P.VIEW_FAULTS: (*STAFF, C, Role.REQUESTER),
    P.REGISTER: (Role.REQUESTER, C, T, D, L, M),
    P.REGISTER_LATE: (M,),
    P.QUICK_LOG: (T,),
    P.EDIT: (O, H, D, L, M),
    P.REPLY: (R, C, T, D, L, M),
    P.NOTE: (T, D, L, M, S, Role.ASSET_ADMIN),
    P.CLAIM: (T,),
    P.ACCEPT: (Relation.OFFERED, Relation.SECOND_LINE),
    P.DISPATCH: (D, L, M),
    P.RECALL: (D, L, M, Relation.OFFERED),
    P.REMIND: (R, C, D),
    P.SCHEDULE: (O, H, D),
    P.WORK: (O, H, Relation.CO_HANDLER),
    P.JUDGE: (O, H, M),
    P.LOWER: (M,),
    P.ESCALATE: (O, H),
    P.TRANSFER: (O, L, M),
    P.REASSIGN: (M,),
    P.ANSWER_TRANSFER: (Relation.TRANSFER_TARGET,),
    P.ADD_CO_HANDLER: (O, H, L, M),
    P.SUSPEND: (O, H, M),
    P.RESTORE: (O, H),
    P.SHEET: (O, H),
    P.SIGN: (R, C, O, H),
    P.COLLECT_SIGNATURE: (O, H),
    P.WAIVE: (M,),
    P.REFUSE: (R, C),
    P.RATE: (R,),
    P.RETURN_VISIT: (T, D, L, M),
    P.KNOWLEDGE: (O, H, D, M),
    P.ARCHIVE: (D, M),
    P.REOPEN: (R, C, O, D, M),
    P.CANCEL: (R, C),
    P.VOID: (D, M),
    P.VOID_ANY: (M,),
    P.ADD_AFFECTED: (T, D, L, M),
    P.LINK: (O, H, D, L, M),
    P.CHANGE_TEXTS: (D, L, M, Role.ADMINISTRATOR),
}
CUSTOMERS_WORD = frozenset({P.SIGN, P.REFUSE, P.RATE})
RELATIONS: dict[str, frozenset[Relation]] = {
    permission: frozenset(who for who in allowed if isinstance(who, Relation)) for permission, allowed in WHO.items()
}
for _permission, _allowed in WHO.items():
    for _who in _allowed:
        if isinstance(_who, Role):
            bundle(_who, {_permission})


def relations(actor: Actor, ticket: Ticket) -> frozenset[Relation]:
    """What the actor is to this ticket. Work is offered to engineers of its customer only; who has it, keeps it.

    Co-handlers are asked for only when nothing else is known.
    """
    me = actor.user_id
    if me is None:
        return frozenset()
    engineer = actor.has_role(Role.TECHNICIAN, ticket.customer_id)
    found = {
        Relation.OWNER: ticket.owner_id == me,
        Relation.HANDLER: ticket.handler_id == me,
        Relation.OFFERED: engineer and ticket.sub_state == "offered" and offered_to(actor, ticket),
        Relation.SECOND_LINE: engineer and ticket.sub_state == "tier2" and ticket.team_id in actor.team_ids,
        Relation.TRANSFER_TARGET: engineer and ticket.transfer_to_id == me,
        Relation.REQUESTER: actor.contact_id is not None and ticket.requester_id == actor.contact_id,
    }
    return frozenset(relation for relation, holds in found.items() if holds)


def offered_to(actor: Actor, ticket: Ticket) -> bool:
    return ticket.offered_to_id == actor.user_id or (ticket.offered_to_id is None and ticket.team_id in actor.team_ids)


def is_co_handler(actor: Actor, ticket: Ticket) -> bool:
    return any(person.pk == actor.user_id for person in ticket.co_handlers.all())


def has_worked_on(actor: Actor, ticket: Ticket) -> bool:
    """Whether he serves or served on this ticket: as its owner or handler now, as a helper, or in its sheets and visits."""
    me = actor.user_id
    if me is None:
        return False
    return me in {ticket.owner_id, ticket.first_contact_owner_id, ticket.handler_id} or (
        is_co_handler(actor, ticket) or me in ticket.workers
    )


def registered_for_another(actor: Actor, ticket: Ticket) -> bool:
    """Whether he took the request down for somebody else, or before he spoke as the requester himself."""
    if actor.user_id is None or ticket.registered_by_id != actor.user_id:
        return False
    bound_at = ticket.requester.bound_at
    return ticket.requester_id != actor.contact_id or (bound_at is not None and ticket.created_at < bound_at)


class TicketPolicy(Policy[Ticket]):
    model = Ticket
    customer_path, internal = "customer_id", P.VIEW_INTERNAL
    guarded: Mapping[str, Permission] = dict.fromkeys(("knowledge", "knowledge_reason", "transfer_to"), P.VIEW_INTERNAL)

    def scope(self, actor: Actor, permission: Permission = P.VIEW) -> QuerySet[Ticket]:
        """Staff: the tickets of the customers that they serve. A customer's people: their own, or (C) all."""
        customers = actor.customers_with(permission)
        if customers is None:
            return Ticket.objects.all()
        condition = Q(customer__in=customers) if customers else Q(pk__in=[])
        if actor.contact_id is not None and permission == P.VIEW:
            condition |= Q(requester=actor.contact_id)
            if actor.user_id is not None:
                condition |= Q(registered_by=actor.user_id, customer=actor.home_customer_id)
        return Ticket.objects.filter(condition)

    def sees(self, actor: Actor, ticket: Ticket) -> bool:
        """The scope of VIEW for one ticket in hand, without a question to the database: live news ask it for everybody."""
        customers = actor.customers_with(P.VIEW)
        if customers is None or ticket.customer_id in customers:
            return True
        if actor.contact_id is None:
            return False
        own = actor.user_id is not None and ticket.registered_by_id == actor.user_id
        return ticket.requester_id == actor.contact_id or (own and ticket.customer_id == actor.home_customer_id)

    def allows(self, actor: Actor, permission: Permission, record: Ticket | None = None) -> bool:
        if record is None:
            return actor.holds(permission)
        allowed = RELATIONS[permission]
        if permission in CUSTOMERS_WORD:
            mine = allowed & relations(actor, record)
            asked = Relation.REQUESTER in mine or actor.holds(permission, record.customer_id)
            return bool(mine - {Relation.REQUESTER}) or (asked and self.speaks_for_customer(actor, record))
        if actor.holds(permission, record.customer_id):
            return True
        if allowed & relations(actor, record):
            return True
        return Relation.CO_HANDLER in allowed and is_co_handler(actor, record)

    def is_staff(self, actor: Actor, customer_id: int) -> bool:
        """Whether he is one of ours to this customer; elsewhere he may be a customer himself."""
        return actor.holds(P.VIEW_INTERNAL, customer_id)

    def contact_in(self, actor: Actor, customer_id: int) -> int | None:
        """The contact as whom he writes to this customer's desk: none where he is one of ours, or contact elsewhere."""
        at_home = actor.home_customer_id == customer_id and not self.is_staff(actor, customer_id)
        return actor.contact_id if at_home else None

    def speaks_for_customer(self, actor: Actor, ticket: Ticket) -> bool:
        """Whether what he says of our work is the customer's word.

        It is not where he is one of ours, has worked on the ticket, or took it down for somebody else.
        """
        if actor.is_system:
            return True
        if self.is_staff(actor, ticket.customer_id):
            return False
        return not registered_for_another(actor, ticket) and not has_worked_on(actor, ticket)

    def is_staff_somewhere(self, actor: Actor) -> bool:
        """Whether our own pages are his at all; what stands on them asks for each ticket's customer."""
        return actor.holds(P.VIEW_INTERNAL)


tickets = TicketPolicy()


class CategoryPolicy(GlobalPolicy[Category]):
    """The catalogue: everybody who sees tickets or registers them reads it."""

    def scope(self, actor: Actor, permission: Permission) -> QuerySet[Category]:
        return Category.objects.all() if self.allows(actor, permission) else Category.objects.none()

    def allows(self, actor: Actor, permission: Permission, record: Category | None = None) -> bool:
        if permission == P.VIEW:
            return actor.holds(P.VIEW) or actor.holds(P.REGISTER)
        return any(actor.holds_throughout(p, None) for p in (permission, PeoplePermission.CHANGE_CUSTOMERS))


phrases = GlobalPolicy(Phrase, view=P.VIEW_INTERNAL, change=P.CHANGE_TEXTS)
canned_replies = CustomerPolicy(CannedReply, view=P.VIEW_INTERNAL, change=P.CHANGE_TEXTS, shared=True)
categories = CategoryPolicy(Category, view=P.VIEW, change=PeoplePermission.CHANGE_SETTINGS)
decides(tickets, phrases, canned_replies, categories)
