"""The frame of every command: one transaction, retried on deadlock, refusals audited."""

import functools
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import structlog
from django.db import OperationalError, transaction
from psycopg import errors as pg

from yizhan.kernel import audit
from yizhan.kernel.actor import Actor
from yizhan.kernel.errors import DomainError, Forbidden

P = ParamSpec("P")
T = TypeVar("T")
ATTEMPTS = 4
log = structlog.get_logger("yizhan.commands")


def command(function: Callable[P, T]) -> Callable[P, T]:
    """Run `function(*, actor, …)` in a transaction of its own, or in the one that is already open.

    The outermost command opens it and tries again after a deadlock or a serialization
    failure. A refusal leaves no trace in the data, a line in the log and, when a
    protected action was refused for want of permission, a row in the audit.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        if transaction.get_connection().in_atomic_block:
            return function(*args, **kwargs)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with transaction.atomic():
                    return function(*args, **kwargs)
            except OperationalError as error:
                if attempt == ATTEMPTS or not isinstance(error.__cause__, pg.DeadlockDetected | pg.SerializationFailure):
                    raise
                time.sleep(0.02 * 2**attempt)
            except DomainError as error:
                report(function.__name__, kwargs.get("actor"), error)
                raise
        raise AssertionError("unreachable")

    return run


def report(name: str, actor: object, error: DomainError) -> None:
    label = actor.label if isinstance(actor, Actor) else "nobody"
    log.warning("refused", command=name, actor=label, code=error.code)
    if isinstance(error, Forbidden) and isinstance(actor, Actor):
        audit.record_refusal(actor, name)
