"""The limits on bodies that are still on their way, with limits small enough to reach."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from yizhan.site.bodies import Bodies, Gone, Limits, Receive, Refused

SHORT = Limits(size=1000, in_memory=100, patience=0.3, pace=1000, deadline=60, per_address=2, in_all=3, bytes_in_all=1500)


def sender(*chunks: bytes, ends: bool = True) -> Receive:
    """The server's side of a body: its chunks, then silence when it does not end."""
    left = list(chunks)

    async def receive() -> dict[str, Any]:
        if not left:
            await asyncio.Event().wait()
        chunk = left.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(left) or not ends}

    return receive


def dripping() -> Receive:
    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.05)
        return {"type": "http.request", "body": b"x", "more_body": True}

    return receive


async def code_of(bodies: Bodies, receive: Receive, address: str = "a", declared: int | None = None) -> str:
    try:
        body, size = await bodies.read(receive, declared, address)
    except Refused as refused:
        return refused.code
    assert len(body.read()) == size
    bodies.release(body, size)
    return "whole"


def run(story: Callable[[Bodies], Any], limits: Limits = SHORT) -> Any:
    async def told() -> Any:
        bodies = Bodies(limits)
        result = await story(bodies)
        assert (bodies.unfinished, bodies.held) == (set(), 0)  # nothing is left behind
        return result

    return asyncio.run(told())


@pytest.mark.parametrize(
    ("receive", "declared", "expected"),
    [
        (sender(b"x" * 90), 90, "whole"),
        (sender(*[b"x" * 90] * 11), None, "whole"),
        (sender(*[b"x" * 90] * 12), None, "body_too_large"),
        (sender(b"x"), 1001, "body_too_large"),
        (sender(b"x" * 10, ends=False), 90, "too_slow"),
        (dripping(), None, "too_slow"),
    ],
)
def test_size_and_pace(receive: Receive, declared: int | None, expected: str) -> None:
    assert run(lambda bodies: code_of(bodies, receive, declared=declared)) == expected


def test_a_body_shorter_than_declared_is_never_taken_for_whole() -> None:
    async def story(bodies: Bodies) -> None:
        with pytest.raises(Gone):
            await bodies.read(sender(b"x" * 10), 20, "a")

    run(story)


def test_the_slowest_of_an_address_gives_way_to_its_newcomer_and_others_are_left_alone() -> None:
    patient = Limits(size=1000, patience=30, per_address=2, in_all=3)

    async def story(bodies: Bodies) -> list[str]:
        other = asyncio.create_task(code_of(bodies, sender(b"x", ends=False), "b"))
        first = asyncio.create_task(code_of(bodies, sender(b"x", ends=False), "a"))
        await asyncio.sleep(0.05)
        second = asyncio.create_task(code_of(bodies, sender(b"x" * 500, ends=False), "a"))
        await asyncio.sleep(0.05)
        third = await code_of(bodies, sender(b"x" * 5), "a")
        found = [await first, third]
        assert not second.done()
        assert not other.done()
        filler = asyncio.create_task(code_of(bodies, sender(b"x", ends=False), "c"))
        await asyncio.sleep(0.05)
        found.append(await code_of(bodies, sender(b"x"), "d"))  # all places are taken: the slowest of all goes
        found.append(await other)
        for task in (second, filler):
            task.cancel()
        await asyncio.gather(second, filler, return_exceptions=True)
        return found

    assert run(story, patient) == ["too_slow", "whole", "whole", "too_slow"]


def test_what_all_hold_together_is_bounded() -> None:
    async def story(bodies: Bodies) -> str:
        held = [await bodies.read(sender(b"x" * 700), None, name) for name in "ab"]
        code = await code_of(bodies, sender(b"x" * 700), "c")
        for body, size in held:
            bodies.release(body, size)
        return code

    assert run(story) == "busy"


def test_who_holds_much_and_sends_little_gives_way_to_whoever_sends() -> None:
    """One who sent a lot at once and then drips shuts nobody out, whatever address it is."""
    patient = Limits(size=1000, patience=30, bytes_in_all=1500)

    async def story(bodies: Bodies) -> list[str]:
        hoard = [asyncio.create_task(code_of(bodies, sender(b"x" * 700, ends=False), name)) for name in "ab"]
        await asyncio.sleep(0.01)
        found = [await code_of(bodies, sender(b"x" * 200), "c")]  # a small form at once, however fast the others came
        await asyncio.sleep(0.01)
        found.append(await code_of(bodies, sender(b"x" * 700), "d"))
        found += sorted("kept" if not task.done() else task.result() for task in hoard)
        for task in hoard:
            task.cancel()
        await asyncio.gather(*hoard, return_exceptions=True)
        return found

    assert run(story, patient) == ["whole", "whole", "kept", "too_slow"]


def test_the_pace_is_asked_of_the_last_bytes_too() -> None:
    """A fast beginning gives no credit for a drip that lasts as long as the deadline."""
    drip, begun = dripping(), False

    async def receive() -> dict[str, Any]:
        nonlocal begun
        if begun:
            return await drip()
        begun = True
        return {"type": "http.request", "body": b"x" * 90_000, "more_body": True}

    async def story(bodies: Bodies) -> str:
        async with asyncio.timeout(30):
            return await code_of(bodies, receive)

    assert run(story, Limits(size=100_000, patience=0.3, pace=100)) == "too_slow"


LONELY = Limits(size=1000, patience=30, per_address=1)


def test_who_was_told_to_go_goes_although_his_bytes_come_in_that_turn() -> None:
    async def story(bodies: Bodies) -> list[str]:
        inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        slow = asyncio.create_task(code_of(bodies, inbox.get))
        await asyncio.sleep(0.01)
        newcomer = asyncio.create_task(code_of(bodies, sender(b"x", ends=False)))  # tells him to go in the next turn …
        inbox.put_nowait({"type": "http.request", "body": b"y", "more_body": True})  # … in which these reach him
        try:
            async with asyncio.timeout(5):
                gone = await slow
        finally:
            newcomer.cancel()
            await asyncio.gather(newcomer, return_exceptions=True)
        return [gone]

    assert run(story, LONELY) == ["too_slow"]


def test_a_newcomer_is_not_harmed_by_one_whose_time_has_just_run_out() -> None:
    async def story(bodies: Bodies) -> list[str]:
        late = asyncio.create_task(code_of(bodies, sender(b"x", ends=False)))
        await asyncio.sleep(0.01)
        (one,) = bodies.unfinished
        one.limit.reschedule(asyncio.get_running_loop().time())  # his time ends in the next turn, a newcomer comes in it
        newcomer = asyncio.create_task(code_of(bodies, sender(b"x")))
        return [await late, await newcomer]

    assert run(story, LONELY) == ["too_slow", "whole"]
