"""Times in bodies: an operation reads them as every other field does, or refuses; it never fails."""

from datetime import UTC, datetime
from typing import Any

import pytest

ODD = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "9999-12-31", "NaN", "\u202e", "", [], {}, 10**40, "9" * 3000]
DATED = {
    "schedule": ("at", {"note": "与张倩约定"}), "mark_restored": ("at", {}),
    "suspend": ("eta", {"reason": "wait_vendor", "note": "厂商工单"}),
}  # fmt: skip


@pytest.mark.parametrize("action", sorted(DATED))
def test_odd_times_of_an_action(action: str, api: Any, world: Any) -> None:
    """A time that not every zone can show is refused; so is what is no time."""
    number, (name, more) = world.judged().number, DATED[action]
    for value in ODD:
        answer = api("engineer1").act(number, action, **more, **{name: value})
        assert (answer.status, list(answer["errors"])) == (422, [name]), (value, answer)


def test_odd_times_of_receipt(api: Any) -> None:
    given = {"customer": "demo-a", "requester": {"name": "张倩"}, "subject": "打印机显示脱机"}
    for value in ODD:
        answer = api("desk").post("/tickets", {**given, "received_at": value})
        assert (answer.status, list(answer["errors"])) == (422, ["received_at"]), (value, answer)


def test_without_an_offset_the_local_zone_is_meant(api: Any, world: Any) -> None:
    ticket = world.judged()
    answer = api("engineer1").act(ticket.number, "schedule", at="2030-11-23T14:00:00", note="与张倩约定")
    assert answer.status == 200, answer
    ticket.refresh_from_db()
    assert ticket.scheduled_at == datetime(2030, 11, 23, 6, tzinfo=UTC)
