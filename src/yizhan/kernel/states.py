"""Transition tables: from where, to where, who, and what must be true first.

The screens draw their buttons from a table, the API its actions, the docs their diagram.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from yizhan.kernel.actor import Actor, Permission
from yizhan.kernel.errors import Text

R = TypeVar("R")


@dataclass(frozen=True)
class Transition(Generic[R]):
    """One action. `target` None means that the state stays; `when` narrows the states further.

    What must be there besides (a judged level, a reason) is the command's to ask: it names what is missing.
    """

    action: str
    permission: Permission
    sources: frozenset[str]
    label: Text
    target: str | None = None
    sub_states: frozenset[str] | None = None
    when: Callable[[R], bool] | None = None
    offered: Callable[[Actor, R], bool] | None = None


@dataclass(frozen=True)
class StateTable(Generic[R]):
    """The transitions of one kind of record. `state_of` gives (state, sub-state)."""

    state_of: Callable[[R], tuple[str, str]]
    allows: Callable[[Actor, Permission, R], bool]
    transitions: Mapping[str, Transition[R]] = field(default_factory=dict)

    def fits(self, transition: Transition[R], record: R) -> bool:
        """Whether the record is in a state from which the action starts."""
        state, sub_state = self.state_of(record)
        if state not in transition.sources:
            return False
        if transition.sub_states is not None and sub_state not in transition.sub_states:
            return False
        return transition.when is None or transition.when(record)

    def actions_for(self, actor: Actor, record: R) -> list[Transition[R]]:
        """What this actor may do now, in the table's order. What is still missing is not asked: the command names it."""
        return [
            t
            for t in self.transitions.values()
            if self.fits(t, record)
            and self.allows(actor, t.permission, record)
            and (t.offered is None or t.offered(actor, record))
        ]


def table(transitions: Iterable[Transition[R]]) -> dict[str, Transition[R]]:
    return {t.action: t for t in transitions}
