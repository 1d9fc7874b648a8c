"""The frame of every act on a record with a life: look up, ask, lock, check; then write, re-check, record, tell."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, TypeVar

from django.db.models import Model
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from yizhan.kernel import audit, clock, events
from yizhan.kernel.actor import Actor, Permission
from yizhan.kernel.errors import GuardFailed, NotFound, StaleVersion, TransitionNotAllowed
from yizhan.kernel.lifecycle.declaration import Life, Transition
from yizhan.kernel.models import StoredEvent

R = TypeVar("R", bound=Model)
S = TypeVar("S", bound="Step[Any]")
VERSION = "version"  # every record with a life has it; each act raises it
JUST_NOW = timedelta(seconds=90)  # longer than programs wait for an answer; two calls to one customer lie further apart


_named: ContextVar[bool] = ContextVar("acts_are_named", default=False)


@contextmanager
def acts_are_named() -> Iterator[None]:
    """Around a request that says by a key of its own which act it is."""
    token = _named.set(True)
    try:
        yield
    finally:
        _named.reset(token)


@dataclass
class Step(Generic[R]):
    """One act under way: the locked record, who acts, when, and how the row looked before.

    An app subclasses it with its `life`. `command` is what the audit calls the act.
    """

    life: ClassVar[type[Life[Any]]]

    actor: Actor
    record: R
    command: str
    now: datetime
    before: dict[str, Any]
    may_leave_scope: bool = False
    transition: Transition | None = None
    stale: bool = False

    @classmethod
    def locked(cls, actor: Actor, key: str) -> R:
        """The record in the actor's scope, locked until the transaction ends.

        Raises:
            NotFound: there is none, or it is not the actor's to see.
        """
        rows = cls.life.rows(actor).select_for_update(of=("self",))
        record: R | None = rows.filter(**{cls.life.key: key}).first()
        if record is None:
            raise NotFound
        return record

    @classmethod
    def begin(cls: type[S], actor: Actor, key: str, transition: Transition, version: int | None = None, command: str = "") -> S:
        """Scope, permission, version, state, what it needs, in this order. `command` is another name for the
        audit, where the same step is another act. Where a `transition.repeats` what was just done, an
        old version is refused by `finish` only: the command asks `just_told` first.

        Raises:
            NotFound, Forbidden, StaleVersion, TransitionNotAllowed, GuardFailed.
        """
        record = cls.locked(actor, key)
        cls.life.policy.require(actor, transition.permission, record)
        step = cls.of(actor, record, command or transition.recorded_as)
        step.stale = version is not None and version != getattr(record, VERSION)
        if step.stale and not (transition.repeats and cls.life.fits(transition, record)):
            raise StaleVersion(getattr(record, VERSION))
        if not cls.life.fits(transition, record):
            raise TransitionNotAllowed(transition.action, cls.life.state_of(record)[0])
        missing = [name for name in transition.needs if getattr(record, name) in (None, "")]
        if missing:
            names = "、".join(str(record._meta.get_field(name).verbose_name) for name in missing)
            raise GuardFailed(format_lazy(_("Still missing: {names}"), names=names), missing=missing)
        step.transition = transition
        return step

    @classmethod
    def edit(cls: type[S], actor: Actor, record: R, permission: Permission, command: str, version: int | None = None) -> S:
        """The same for what is no transition (a message, an edit), on a locked record."""
        cls.life.policy.require(actor, permission, record)
        current: int = getattr(record, VERSION)
        if version is not None and version != current:
            raise StaleVersion(current)
        return cls.of(actor, record, command)

    @classmethod
    def of(cls: type[S], actor: Actor, record: R, command: str) -> S:
        """An act on a locked record, of which everything was asked already."""
        return cls(actor, record, command, clock.now(), audit.snapshot(record))

    def just_told(self, event: events.Event) -> bool:
        """Whether a program's request repeats one whose answer got lost: this very event, by the same person, is the
        record's last one and of just now. Whoever names his acts (`acts_are_named`) or fills a form says himself which are two."""
        if self.actor.channel != "api" or _named.get():
            return False
        own = StoredEvent.objects.filter(object_type=self.record._meta.label_lower, object_id=self.record.pk)
        recent = own.filter(at__range=(self.now - JUST_NOW, self.now)).order_by("-id")
        last = recent.values_list("type", "actor", "payload").first()
        return last == (event.type, self.actor.label, json.loads(audit.canonical(event.payload())))

    def stamp(self) -> None:
        """What every act writes besides what it is about."""

    def arrive(self) -> None:
        """Put the record where its transition leads, unless the command did so itself."""
        state = self.life.state
        target = self.transition.target if self.transition else ""
        if target and getattr(self.record, state) == self.before.get(state):
            setattr(self.record, state, str(target))

    def check_arrival(self) -> None:
        """A record stays where it was or goes where its transition says.

        Raises:
            RuntimeError: the command put it elsewhere; this is a fault of the program.
        """
        if self.transition is not None:
            was, now = self.before.get(self.life.state), self.life.state_of(self.record)[0]
            if now not in {was, str(self.transition.target)}:
                raise RuntimeError(f"{self.command}: from {was} to {now} is not what {self.transition} says")

    def finish(self, *news: events.Event) -> R:
        """Write the record, make sure that it is still the actor's to see, record, tell."""
        record, life = self.record, self.life
        if self.stale:
            raise StaleVersion(getattr(record, VERSION))
        self.arrive()
        self.check_arrival()
        setattr(record, VERSION, getattr(record, VERSION) + 1)
        self.stamp()
        after = audit.snapshot(record)
        record.save(update_fields=[name for name, value in after.items() if self.before.get(name) != value])
        if not self.may_leave_scope and not life.policy.scope(self.actor, life.view).filter(pk=record.pk).exists():
            raise NotFound
        audit.record(self.actor, self.command, record, self.before, after)
        for event in news:
            events.emit(self.actor, record, life.policy.customer_of(record), event)
        return record
