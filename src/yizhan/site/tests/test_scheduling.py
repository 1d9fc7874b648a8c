"""Tests of one costly house go to one worker, in order."""

import pytest
from tests.scheduling import house_of, turn_of


@pytest.mark.parametrize(
    ("test", "house"),
    [
        ("tests/tour/test_01_the_house_opens.py::test_the_first_customer", "tour"),
        ("tests/tour/test_02_colleagues_come_in.py::test_a_colleague_comes_in[chen]", "tour"),
        ("tests/e2e/test_shell.py::test_keys", "program"),
        ("tests/live/test_stream.py::test_one", "program"),
        ("tests/faults/test_kills.py::test_one[a/b]", "tests/faults/test_kills.py"),
        ("src/yizhan/people/tests/test_access.py::test_one", "src/yizhan/people/tests/test_access.py::test_one"),
    ],
)
def test_house_of(test: str, house: str) -> None:
    assert house_of(test) == house


def test_what_takes_minutes_begins_first() -> None:
    waiting = [
        "src/yizhan/kernel/tests/test_audit.py::test_one",
        "tests/test_wheel.py::test_one",
        "tests/faults/test_kills.py::test_one",
        "tests/tour/test_01_the_house_opens.py::test_one",
        "tests/e2e/test_shell.py::test_one",
    ]
    assert sorted(waiting, key=turn_of) == waiting[::-1]
