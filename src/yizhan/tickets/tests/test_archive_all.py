"""全部归档: how many and which is shown first, and only what was shown is archived."""

import re
from typing import Any

from yizhan.tickets.models import State, Ticket


def states(*tickets: Ticket) -> list[str]:
    return [Ticket.objects.get(pk=ticket.pk).state for ticket in tickets]


def test_it_asks_with_number_and_list_before_anything_is_archived(world: Any, page: Any) -> None:
    ready = [world.ready(subject=f"好了 {count}") for count in (1, 2)]
    asked = page("desk").post("/closing/archive/")
    shown = asked.content.decode()
    assert asked.status_code == 200
    assert states(*ready) == [State.COMPLETED] * 2
    assert "归档 · 2" in shown
    assert all(ticket.number in shown for ticket in ready)
    late = world.ready(subject="问过以后才好")  # nobody has seen it on that page
    done = page("desk").post(
        "/closing/archive/", {"step": "apply", "number": re.findall(r'name="number" value="([^"]+)"', shown)}
    )
    assert done.status_code == 302
    assert states(*ready, late) == [State.ARCHIVED, State.ARCHIVED, State.COMPLETED]


def test_what_is_not_ready_any_more_stays_and_is_named(world: Any, page: Any) -> None:
    ready, open_one = world.ready(), world.completed()
    given = {"step": "apply", "number": [open_one.number, ready.number, "INC000000-00000"]}
    answer = page("desk").post("/closing/archive/", given, follow=True).content.decode()
    assert states(ready, open_one) == [State.ARCHIVED, State.COMPLETED]
    assert "已归档 1 条" in answer
    assert f"{open_one.number}: " in answer


def test_groups_with_something_in_them_stand_first_and_the_empty_ones_in_one_line(world: Any, page: Any) -> None:
    world.completed()
    shown = page("desk").get("/closing/").content.decode()
    groups = shown.partition('class="groups"')[2].partition("</nav>")[0]
    counts = re.findall(r'<h2>[^<]+ <span class="t3">(\d+)', groups)
    assert [int(count) > 0 for count in counts] == [True]
    after = groups[groups.rindex("<h2>") :]
    assert re.search(r"知识、.*：没有", after)
    assert groups.count("：没有") == 1
