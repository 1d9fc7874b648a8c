"""The program against its own OpenAPI document: schemathesis' examples, coverage and fuzzing, bounded and the same in every run.

`YIZHAN_CONTRACT_SEED=7 YIZHAN_CONTRACT_EXAMPLES=40` tries every case of the coverage phase, and many more made up from
that seed: for longer runs by hand.
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.core.result import Ok

from yizhan.kernel.testing.api import operations
from yizhan.site.api import api as program
from yizhan.site.tests.reached import TURNS, record, roles_for, undone

SEED, EXAMPLES = os.environ.get("YIZHAN_CONTRACT_SEED", ""), int(os.environ.get("YIZHAN_CONTRACT_EXAMPLES", "3"))
# The coverage phase makes some 4,700 cases: each so many-th is called, those of an operation spread over its parameters.
STEP = 1 if SEED else 8
# All checks are on. Valid data may be refused with 422 too: no document can tell that a code names no record, that a guard finds
# something missing or that only one of two fields may be given; 400, 405 and 413 stay wrong for it. No NUL in made-up texts:
# whatever holds one is refused as unreadable, which JSON Schema cannot say (test_odd_fields.py and test_odd_values.py send it).
# No made-up names in addresses: unknown query parameters are passed over, as HTTP's readers do; OpenAPI forbids none.
CONFIG = schemathesis.Config.from_dict(
    {
        **({"seed": int(SEED)} if SEED else {}),
        "generation": {
            "max-examples": EXAMPLES,
            "deterministic": not SEED,
            "no-shrink": True,
            "allow-x00": False,
            "allow-extra-parameters": False,
        },
        "phases": {"coverage": {"unexpected-methods": ["put", "delete"]}},
        "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "401", "403", "404", "409", "422", "429"]}},
    }
)
SCHEMA = schemathesis.openapi.from_dict(program.get_openapi_schema(), config=CONFIG)
SCHEMA.app = WSGIHandler()
BOUNDED = settings(
    deadline=None, database=None, derandomize=not SEED, max_examples=EXAMPLES, suppress_health_check=list(HealthCheck)
)


@contextmanager
def joined() -> Iterator[None]:
    """Requests do not close the connection that holds the test's transaction; each case finds the database as the test made it."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        with undone():
            yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)


def padded(value: Any) -> bool:
    """Blanks around words are taken off before these are measured, which JSON Schema cannot say: a text one too long may fit."""
    if isinstance(value, str):
        return value != value.strip()
    return any(padded(item) for item in (value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()))


class Asker:
    """Calls one operation's cases, as the roles in turn; who may not is followed by the next, and not asked again."""

    def __init__(self, api: Any, world: Any) -> None:
        self.api, self.world = api, world
        self.clients: dict[str, Any] = {}
        self.met: Counter[str] = Counter()
        self.refused: set[str] = set()
        self.statuses: Counter[int] = Counter()
        self.operation: Any = None
        self.key = ""

    def begin(self, operation: Any) -> None:
        self.operation, self.clients = operation, {role: self.api(role) for role in roles_for(operation.path)}
        self.key = record(self.api, self.world, operation.path)

    def ask(self, case: Any, step: int) -> None:
        if self.operation is None:
            self.begin(case.operation)
        phase = case.meta.phase.name.value
        self.met[phase] += 1
        if phase == "coverage" and self.met[phase] % step:
            return
        if padded(case.body):
            return
        for name in case.path_parameters or {}:
            case.path_parameters[name] = self.key
        first = self.met.total() // step % len(TURNS)
        roles = [*TURNS[first:], *TURNS[:first], *list(self.clients)[len(TURNS) :]]
        for role in [role for role in roles if role not in self.refused] or roles[:1]:
            headers = {**self.clients[role].headers, "Accept-Encoding": "identity"}
            with joined():
                response = case.call(headers=headers)
                self.statuses[response.status_code] += 1
                case.validate_response(response, headers=headers)
            if response.status_code != 403:
                break
            self.refused.add(role)


@pytest.fixture
def asker(api: Any, world: Any) -> Iterator[Asker]:
    """At its end every phase has had its share of the operation."""
    one = Asker(api, world)
    yield one
    needed = {"coverage", "fuzzing"}
    bodies = one.operation.definition.raw.get("requestBody", {}).get("content", {})
    assert needed | ({"examples"} if "application/json" in bodies else set()) <= set(one.met), one.met


# A parameter of our own: without one, pytest 9.2 gives all operations one node id, and xdist runs a single one of them.
@pytest.mark.parametrize("step", [STEP])
@SCHEMA.parametrize()
@BOUNDED
def test_answers_are_as_documented(case: Any, step: int, asker: Asker) -> None:
    asker.ask(case, step)


def test_no_operation_is_left_out() -> None:
    taken = {result.ok().label for result in SCHEMA.get_all_operations() if isinstance(result, Ok)}
    assert taken == {f"{method} {path}" for method, path, _name in operations()}


def test_no_two_tests_share_an_id(request: pytest.FixtureRequest) -> None:
    """Workers are given tests by their ids: of two that share one, only one would run."""
    ids = [item.nodeid for item in request.session.items]
    assert len(ids) == len(set(ids))
