"""The frame of every command: one transaction, retried on deadlock, refusals audited."""

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

import structlog
from django.db import DataError, IntegrityError, OperationalError, transaction
from psycopg import errors as pg

from yizhan.kernel import audit
from yizhan.kernel.actor import Actor
from yizhan.kernel.constraints import refusal
from yizhan.kernel.errors import DomainError, Forbidden

P = ParamSpec("P")
T = TypeVar("T")
ATTEMPTS = 4
_running: ContextVar[bool] = ContextVar("command_running", default=False)
_beside: ContextVar[Callable[[object], None] | None] = ContextVar("beside_commands", default=None)
log = structlog.get_logger("yizhan.commands")


def command(function: Callable[P, T]) -> Callable[P, T]:
    """Run `function(*, actor, …)` in a transaction of its own; commands that it calls join that one.

    The outermost command opens it (a savepoint, where a caller holds one open already) and
    tries again after a deadlock or a serialization failure. What the database refuses by one of
    its rules (somebody was quicker, what is named is gone) is a refusal in that rule's words. A
    refusal leaves no trace in the data, a line in the log and, when a protected action was
    refused for want of permission, a row in the audit.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        if _running.get():
            return function(*args, **kwargs)
        held = transaction.get_connection().in_atomic_block
        token = _running.set(True)
        try:
            return attempt(lambda: function(*args, **kwargs), 1 if held else ATTEMPTS)
        except (IntegrityError, DataError) as error:
            told = refusal(error)
            report(function.__name__, kwargs.get("actor"), told, rule=str(error).split("\n")[0])
            raise told from error
        except DomainError as error:
            report(function.__name__, kwargs.get("actor"), error)
            raise
        finally:
            _running.reset(token)

    return run


@contextmanager
def beside(note: Callable[[object], None]) -> Iterator[None]:
    """What `note` writes about the result of a command that runs in here commits with it, or neither does."""
    token = _beside.set(note)
    try:
        yield
    finally:
        _beside.reset(token)


@contextmanager
def each_alone() -> Iterator[None]:
    """Around many commands of one request, each of which stands by itself: none of them is what was asked for as a whole."""
    token = _beside.set(None)
    try:
        yield
    finally:
        _beside.reset(token)


def outside_commands(what: str) -> None:
    """Called where something slow or foreign begins: nobody keeps a transaction open over it.

    Raises:
        RuntimeError: a command is running, or a transaction is open; this is a fault of the program.
    """
    if _running.get() or audit.holds_transaction():
        raise RuntimeError(f"{what} inside a transaction: it would stay open")


def asks_again(error: BaseException) -> bool:
    """Whether the database undid the work for the sake of somebody else's, so that the same may succeed when repeated."""
    return isinstance(error, OperationalError) and isinstance(error.__cause__, pg.DeadlockDetected | pg.SerializationFailure)


def pause(number: int) -> None:
    """Before the next attempt: whoever was let through has finished then."""
    time.sleep(0.02 * 2**number)


def attempt(work: Callable[[], T], tries: int) -> T:
    """Do the work in a transaction, again when the database asks for it."""
    for number in range(1, tries + 1):
        try:
            with transaction.atomic():
                made = work()
                if (note := _beside.get()) is not None:
                    note(made)
                return made
        except OperationalError as error:
            if number == tries or not asks_again(error):
                raise
            pause(number)
    raise AssertionError("unreachable")


def report(name: str, actor: object, error: DomainError, **more: str) -> None:
    label = actor.label if isinstance(actor, Actor) else "nobody"
    log.warning("refused", command=name, actor=label, code=error.code, **more)
    if isinstance(actor, Actor):
        audit_refusal(actor, name, error)


def audit_refusal(actor: Actor, name: str, error: DomainError) -> None:
    """A refusal for want of permission gets its row once, whoever raised it and however often it is handed on."""
    if isinstance(error, Forbidden) and not error.audited:
        error.audited = True
        audit.record_refusal(actor, name[:200])
