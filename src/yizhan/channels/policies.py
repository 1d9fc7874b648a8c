"""Who sees what came in, and who sorts it."""

from collections.abc import Mapping

from django.db.models import Q, QuerySet

from yizhan.channels.models import Call, InboundMessage, Mailbox
from yizhan.kernel.actor import Actor, Permission, bundle
from yizhan.kernel.policy import CustomerPolicy, decides
from yizhan.people.models import Role
from yizhan.people.policies import PeoplePermission


class ChannelPermission(Permission):
    VIEW = "channels.view"
    TRIAGE = "channels.triage"
    CHANGE = "channels.change"


P = ChannelPermission
bundle(Role.DESK, {P.VIEW, P.TRIAGE})
bundle(Role.GROUP_LEAD, {P.VIEW, P.TRIAGE})
bundle(Role.SERVICE_MANAGER, {P.VIEW, P.TRIAGE})
bundle(Role.ADMINISTRATOR, {P.VIEW, P.CHANGE})
bundle(Role.AUDITOR, {P.VIEW})

mailboxes = CustomerPolicy(Mailbox, view=P.VIEW, change=P.CHANGE)


class CallPolicy(CustomerPolicy[Call]):
    """Calls of a customer as his other messages; unknown callers are everybody's at the desk."""

    guarded: Mapping[str, Permission] = {"number": PeoplePermission.VIEW_PHONES, "recording": PeoplePermission.VIEW_PHONES}

    def scope(self, actor: Actor, permission: Permission) -> QuerySet[Call]:
        customers = actor.customers_with(permission)
        if customers is None:
            return Call.objects.all()
        return Call.objects.filter(Q(customer__in=customers) | Q(customer=None)) if customers else Call.objects.none()

    def allows(self, actor: Actor, permission: Permission, record: Call | None = None) -> bool:
        return actor.holds(permission, record.customer_id if record is not None else None)


calls = CallPolicy(Call, view=P.VIEW, change=P.TRIAGE)
inbound = CustomerPolicy(InboundMessage, view=P.VIEW, change=P.TRIAGE)
decides(mailboxes, calls, inbound)
