"""Who sees what came in, and who sorts it."""

from yizhan.channels.models import InboundMessage, Mailbox
from yizhan.kernel.actor import Permission, bundle
from yizhan.kernel.policy import CustomerPolicy
from yizhan.people.models import Role


class ChannelPermission(Permission):
    VIEW = "channels.view"
    TRIAGE = "channels.triage"
    CHANGE = "channels.change"


P = ChannelPermission
bundle(Role.DESK, {P.VIEW, P.TRIAGE})
bundle(Role.SERVICE_MANAGER, {P.VIEW, P.TRIAGE})
bundle(Role.ADMINISTRATOR, {P.VIEW, P.CHANGE})
bundle(Role.AUDITOR, {P.VIEW})

mailboxes = CustomerPolicy(Mailbox, view=P.VIEW, change=P.CHANGE)
inbound = CustomerPolicy(InboundMessage, view=P.VIEW, change=P.TRIAGE)
