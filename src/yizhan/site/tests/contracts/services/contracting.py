from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command
from yizhan.kernel.lifecycle.asking import Reason
from yizhan.site.tests.contracts.models import Contract
from yizhan.site.tests.contracts.states import Act, ContractLife


@command
def activate(*, actor: Actor, number: str, version: int | None = None) -> Contract:
    return Act.begin(actor, number, ContractLife.activate, version).finish()


@command
def end(*, actor: Actor, number: str, version: int | None = None) -> Contract:
    return Act.begin(actor, number, ContractLife.end, version).finish()


@command
def cancel(*, actor: Actor, number: str, reason: Reason, version: int | None = None) -> Contract:
    act = Act.begin(actor, number, ContractLife.cancel, version)
    act.record.reason = reason
    return act.finish()
