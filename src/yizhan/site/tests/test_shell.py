"""Palette, first guided hour."""

from typing import Any

from django.core.cache import cache


def test_the_palette_finds_pages_and_records(page: Any, world: Any) -> None:
    number = world.new().number
    shown = page("desk").get("/palette/?q=djt").content.decode()
    assert "登记台" in shown
    assert number in page("desk").get(f"/palette/?q={number[-5:]}").content.decode()
    assert number not in page("requester2").get(f"/palette/?q={number[-5:]}").content.decode()
    assert page("desk").get("/palette/").status_code == 200


def test_the_first_hour_tells_what_is_done_and_can_be_skipped(page: Any) -> None:
    cache.clear()
    assert "/welcome/" in page("admin").get("/").content.decode()
    steps = page("admin").get("/welcome/").context["steps"]
    assert [step.done for step in steps] == [True, True, True, False, False, False]
    assert page("admin").post("/welcome/", {"do": "mail"}).status_code == 302
    page("admin").post("/welcome/")
    assert "/welcome/" not in page("admin").get("/").content.decode()
    cache.clear()
    assert "/welcome/" not in page("desk").get("/").content.decode()
