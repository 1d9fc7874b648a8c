"""工作台 shows the most urgent of what nobody has taken, and says how many there are."""

from typing import Any


def test_a_cut_list_leads_to_the_whole(world: Any, page: Any) -> None:
    client = page("engineer1")
    there = client.get("/").context["counts"].unassigned
    for _ in range(12 - there):
        world.new()
    link = '<a class="end sm" href="/tickets/?view=unassigned">全部 '
    assert link not in client.get("/").content.decode()
    world.new()
    shown = client.get("/")
    assert len(shown.context["free"]) == 12
    assert f"{link}13</a>" in shown.content.decode()
