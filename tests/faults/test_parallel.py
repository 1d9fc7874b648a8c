"""Many at once: fifty claims of one ticket, and the same source registered twice at the same moment."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.program import Program

NEW = {"customer": "demo-a", "requester": {"name": "张倩", "phone": "13800005678"}, "subject": "抢单"}


def test_fifty_claims_one_owner(program: Program) -> None:
    number = program.api("desk", "POST", "/tickets", NEW)[1]["number"]
    for name in ("engineer1", "engineer2", "engineer3"):
        program.api(name, "GET", "/tickets?limit=1")
    people = [f"engineer{1 + index % 3}" for index in range(50)]
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda who: program.api(who, "POST", f"/tickets/{number}/actions/claim", {})[0], people))
    assert Counter(answers) == {200: 1, 409: 49}


def test_one_source_one_ticket(program: Program) -> None:
    body = {**NEW, "source_id": "wx-42", "channel": "wechat_group"}
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: program.api("desk", "POST", "/tickets", body)[0], range(10)))
    assert Counter(answers) == {201: 1, 409: 9}


def test_one_key_one_ticket(program: Program) -> None:
    """Ten repeats at the same moment wait for the first and give its answer."""
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: program.api("desk", "POST", "/tickets", NEW, Idempotency_Key="at-once"), range(10)))
    assert {status for status, _ in answers} == {201}
    assert len({body["number"] for _, body in answers}) == 1


def test_the_audit_is_whole_while_fifty_write_and_after(program: Program) -> None:
    """Registrations, claims and refusals at once; a verification in the middle and one at the end."""
    for name in ("desk", "engineer1", "requester1"):
        program.api(name, "GET", "/tickets?limit=1")
    numbers = [program.api("desk", "POST", "/tickets", NEW)[1]["number"] for _ in range(5)]

    def work(index: int) -> int:
        if index % 3 == 0:
            return program.api("desk", "POST", "/tickets", NEW)[0]
        number = numbers[index % 5]
        who = ("engineer1", "requester1")[index % 2]
        return program.api(who, "POST", f"/tickets/{number}/actions/claim", {})[0]

    with ThreadPoolExecutor(50) as pool:
        answers = [pool.submit(work, index) for index in range(200)]
        assert "✓" in program.run("audit", "verify")
        found = Counter(answer.result() for answer in answers)
    assert found[201] == 67
    assert found[200] == 5
    assert not [status for status in found if status >= 500]
    assert "✓" in program.run("audit", "verify")
