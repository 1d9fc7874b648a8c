"""Query baselines: what each page and operation may cost, recorded in `query_counts.json`; more fails."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

COUNTS = Path(__file__).with_name("query_counts.json")
CEILINGS = {"list": 12, "ticket": 20, "claim": 15, "create": 20, "api_list": 12, "home": 20, "closing": 30, "desk": 20}


@pytest.fixture
def crowd(world: Any) -> Any:
    """Enough rows that a query per row would show."""
    for _ in range(6):
        world.completed()
        world.claimed()
    return world.new()


def measured(work: Any) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        answer = work()
    assert getattr(answer, "status", getattr(answer, "status_code", 0)) < 400
    return [q["sql"] for q in seen.captured_queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "ROLLBACK TO"))]


def test_counts(api: Any, page: Any, crowd: Any) -> None:
    engineer, desk, screen = api("engineer1"), api("desk"), page("desk")
    new = {"customer": "demo-a", "requester": {"name": "张倩", "phone": "13800005678"}, "subject": "打印机脱机"}
    work: dict[str, Callable[[], Any]] = {
        "create": lambda: desk.post("/tickets", new),
        "claim": lambda: engineer.act(crowd.number, "claim"),
        "api_list": lambda: desk.get("/tickets"),
        "list": lambda: screen.get("/tickets/"),
        "ticket": lambda: screen.get(f"/tickets/{crowd.number}/"),
        "home": lambda: screen.get("/"),
        "desk": lambda: screen.get("/desk/"),
        "closing": lambda: screen.get("/closing/"),
    }
    for name in work.keys() - {"claim", "create"}:
        work[name]()
    found = {name: measured(call) for name, call in work.items()}
    for name, statements in found.items():
        assert len(statements) <= CEILINGS[name], (name, len(statements), statements)
    counts = {name: len(statements) for name, statements in found.items()}
    if os.environ.get("YIZHAN_RECORD_QUERIES"):
        COUNTS.write_text(json.dumps(counts, indent=1) + "\n")
    assert counts == json.loads(COUNTS.read_text()), "record a wanted change with YIZHAN_RECORD_QUERIES=1"
