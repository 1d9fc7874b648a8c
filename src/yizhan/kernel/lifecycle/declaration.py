"""The life of a record: from where, to where, who, what must be true first, and who does it (decision 0016).

The screens draw their buttons from it, the API its actions, the batch bar its choices, the docs their diagram.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any, ClassVar, Generic, TypeVar, cast

from django.db.models import Model, QuerySet

from yizhan.kernel.actor import Actor, Permission
from yizhan.kernel.errors import NotEditable, Text
from yizhan.kernel.policy import Policy

R = TypeVar("R", bound=Model)
EVERY_STATE: frozenset[str] = frozenset()
LIVES: list[type[Life[Any]]] = []


@dataclass(frozen=True, eq=False)
class Transition:
    """One action, called as the attribute of the life that it is assigned to.

    `target` empty means that the state stays; where a command does not set it itself, it is set at the end. `sub_states`
    (empty: all) and `when` narrow the sources further. `needs` are fields that must be filled; what must be there besides
    (a judged level) is the command's to ask: either names what is missing.

    `command` is "module.function" within the app's `services`; its parameters are the body. `body` names a schema of
    the app's `schemas` where the parameters do not say enough; `form` a class of its `forms` where a form made from the
    body does not; `page` a route that asks instead of a form; `example` is a body as the documentation shows it.

    `recorded` is what the audit calls it, where not “<action>_<model>”. `key` is the letter on the keyboard. `many` puts the
    action into the batch bar, and `by_relation` says that being somebody to the record (its owner, whom it was offered to)
    gives the permission, so that the bar cannot know before a record is chosen. `undo` lets it be taken back for some
    seconds; `repeats` says that a program's repeat of it, for want of an answer, is known (`Step.just_told`).
    """

    label: Text
    command: str
    permission: Permission
    sources: Iterable[str]
    icon: str
    target: str = ""
    sub_states: Iterable[str] = EVERY_STATE
    when: Callable[[Any], bool] | None = None
    needs: tuple[str, ...] = ()
    key: str = ""
    recorded: str = ""
    body: str = ""
    form: str = ""
    page: str = ""
    example: Mapping[str, Any] = field(default_factory=dict)
    many: bool = False
    by_relation: bool = False
    undo: bool = False
    repeats: bool = False
    action: str = field(init=False, default="")
    life: type[Life[Any]] = field(init=False, repr=False)

    def __set_name__(self, owner: type, name: str) -> None:
        for attribute, value in (
            ("action", name),
            ("life", owner),
            ("sources", frozenset(map(str, self.sources))),
            ("sub_states", frozenset(map(str, self.sub_states))),
        ):
            object.__setattr__(self, attribute, value)

    def __str__(self) -> str:
        return self.action

    @property
    def recorded_as(self) -> str:
        """What the audit calls it."""
        return self.recorded or f"{self.action}_{self.life.policy.model._meta.model_name}"

    def called(self) -> Callable[..., Any]:
        """The command."""
        module, _, name = self.command.rpartition(".")
        return cast("Callable[..., Any]", self.above(f"services.{module}", name))

    def above(self, room: str, name: str) -> Any:
        """What a room of the app that stands above this table calls so."""
        return named(f"{self.life.app}.{room}", name)

    def starts_from(self, state: str, sub_state: str, record: object) -> bool:
        """Whether a record in this state is where the action starts."""
        sub_states = cast("frozenset[str]", self.sub_states)
        if state not in self.sources or (sub_states and sub_state not in sub_states):
            return False
        return self.when is None or self.when(record)


class Life(Generic[R]):
    """The transitions of one kind of record, as attributes, in the order in which their buttons stand.

    Subclass it in the app's `states.py`; it is never instantiated. `app` is the package whose `services`, `schemas` and
    `forms` the transitions name; `policy` and `view` say who sees a record, `key` is the field by which it is called,
    `state` and `sub_state` (empty: none) the fields that hold where it is; `editable` are the states in which its form
    may change it (None: all). Records have a `version`, which every act raises.
    """

    app: ClassVar[str]
    policy: ClassVar[Policy[Any]]
    view: ClassVar[Permission]
    key: ClassVar[str] = "number"
    state: ClassVar[str] = "state"
    sub_state: ClassVar[str] = ""
    editable: ClassVar[Iterable[str] | None] = None
    transitions: ClassVar[Mapping[str, Transition]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.transitions = {name: value for name, value in vars(cls).items() if isinstance(value, Transition)}
        inherited = [base.__name__ for base in cls.__mro__[1:] if getattr(base, "transitions", None)]
        taken = [name for name in cls.transitions if hasattr(Life, name)]
        if inherited or taken:
            raise TypeError(
                f"{cls.__name__}: transitions are not inherited ({inherited}), nor called as the life's own ({taken})"
            )
        LIVES.append(cls)

    @classmethod
    def rows(cls, actor: Actor) -> QuerySet[R]:
        """The records in the actor's scope, with what its acts and its page read."""
        return cls.policy.scope(actor, cls.view)

    @classmethod
    def state_of(cls, record: R) -> tuple[str, str]:
        """(state, sub-state; empty where there is none)."""
        return getattr(record, cls.state), getattr(record, cls.sub_state) if cls.sub_state else ""

    @classmethod
    def states(cls) -> set[str]:
        """Every state from which or to which an action leads."""
        lines = cls.transitions.values()
        return {state for line in lines for state in line.sources} | {str(line.target) for line in lines if line.target}

    @classmethod
    def is_editable(cls, record: R) -> bool:
        return cls.editable is None or cls.state_of(record)[0] in cls.editable

    @classmethod
    def state_words(cls, record: R) -> str:
        """The state as people read it."""
        field: Any = record._meta.get_field(cls.state)
        state = cls.state_of(record)[0]
        return str(dict(field.flatchoices).get(state, state))

    @classmethod
    def refusal(cls, record: R) -> NotEditable:
        """What its form hears where the record is in none of the states in which it may change it."""
        return NotEditable(cls.state_of(record)[0], cls.state_words(record), record._meta.verbose_name or "")

    @classmethod
    def allows(cls, actor: Actor, transition: Transition, record: R) -> bool:
        return cls.policy.allows(actor, transition.permission, record)

    @classmethod
    def fits(cls, transition: Transition, record: R) -> bool:
        """Whether the record is in a state from which the action starts."""
        return transition.starts_from(*cls.state_of(record), record)

    @classmethod
    def actions_for(cls, actor: Actor, record: R) -> list[Transition]:
        """What this actor may do now, in the table's order. What is still missing is not asked: the command names it."""
        return [t for t in cls.transitions.values() if cls.fits(t, record) and cls.allows(actor, t, record)]


@cache
def named(module: str, name: str) -> Any:
    """What is called so in that module: it stands above the table and is therefore reached by name."""
    return getattr(import_module(module), name)
