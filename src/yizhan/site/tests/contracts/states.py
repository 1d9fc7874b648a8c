from django.utils.translation import gettext_lazy as _

from yizhan.kernel.lifecycle import Life, Step, Transition
from yizhan.site.tests.contracts.models import Contract, State
from yizhan.site.tests.contracts.policies import ContractPermission as P
from yizhan.site.tests.contracts.policies import contracts


class ContractLife(Life[Contract]):
    app, policy, view = "yizhan.site.tests.contracts", contracts, P.VIEW
    editable = (State.DRAFT,)
    # fmt: off
    activate = Transition(
        _("Put into force"), "contracting.activate", permission=P.CHANGE, sources=[State.DRAFT], target=State.ACTIVE,
        icon="circle-check", needs=("begins", "ends", "amount"),
    )
    end = Transition(_("End"), "contracting.end", permission=P.CHANGE, sources=[State.ACTIVE], target=State.ENDED, icon="archive")
    cancel = Transition(
        _("Cancel the contract"), "contracting.cancel", permission=P.CHANGE, sources=[State.DRAFT, State.ACTIVE],
        target=State.CANCELLED, icon="ban", example={"reason": "供应商倒闭"},
    )
    # fmt: on


class Act(Step[Contract]):
    life = ContractLife
