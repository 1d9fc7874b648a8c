"""消息: a line is read when it is opened or when its owner says that all are; the bell counts the rest."""

from typing import Any

import pytest
from django.test import Client

from yizhan.kernel.models import News

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(world: Any, api: Any) -> list[News]:
    """Two lines for engineer1, the newer one first."""
    for _ in range(2):
        api("desk").act(world.new().number, "dispatch", to="engineer1")
    return list(News.objects.filter(owner__username="engineer1").order_by("-pk"))


def unseen(client: Client) -> int:
    return int(client.get("/").context["unseen_news"])


def test_to_look_at_the_page_reads_nothing(page: Any, told: list[News]) -> None:
    client = page("engineer1")
    assert client.get("/news/").content.decode().count(">未读</span>") == 2
    assert unseen(client) == 2
    assert "<em>2</em>" in client.get("/news/", headers={"HX-Request": "true"}).content.decode()


def test_a_line_is_read_when_it_is_opened_and_leads_to_what_it_tells_of(page: Any, told: list[News]) -> None:
    client, line = page("engineer1"), told[0]
    assert f'href="/news/{line.pk}/"' in client.get("/news/").content.decode()
    answer = client.get(f"/news/{line.pk}/")
    assert (answer.status_code, answer.headers["Location"]) == (302, line.url)
    assert unseen(client) == 1
    line.refresh_from_db()
    first = line.seen_at
    client.get(f"/news/{line.pk}/")
    line.refresh_from_db()
    assert line.seen_at == first


def test_nobody_opens_anothers_line(page: Any, told: list[News]) -> None:
    for somebody in ("engineer2", "manager", "requester1"):
        assert page(somebody).get(f"/news/{told[0].pk}/").status_code == 404
    assert unseen(page("engineer1")) == 2


def test_all_are_read_by_word_but_none_that_came_after_the_page(page: Any, told: list[News]) -> None:
    client = page("engineer1")
    assert f'name="newest" value="{told[0].pk}"' in client.get("/news/").content.decode()
    assert client.post("/news/", {"newest": told[1].pk}).headers["Location"] == "/news/"
    assert unseen(client) == 1
    client.post("/news/", {"newest": told[0].pk})
    assert unseen(client) == 0
    assert "全部标为已读" not in client.get("/news/").content.decode()


@pytest.mark.parametrize("newest", ["", "x", "-1", "9" * 30, "٣"])
def test_an_odd_newest_reads_nothing(page: Any, told: list[News], newest: str) -> None:
    client = page("engineer1")
    assert client.post("/news/", {"newest": newest}).status_code == 302
    assert unseen(client) == 2


def test_only_the_unread_ones(page: Any, told: list[News]) -> None:
    client = page("engineer1")
    client.get(f"/news/{told[1].pk}/")
    shown = client.get("/news/?view=unread").content.decode()
    assert f"/news/{told[0].pk}/" in shown
    assert f"/news/{told[1].pk}/" not in shown
    assert f"/news/{told[1].pk}/" in client.get("/news/").content.decode()
    client.get(f"/news/{told[0].pk}/")
    assert "没有未读消息" in client.get("/news/?view=unread").content.decode()


def test_who_has_none_is_told_what_will_come(page: Any) -> None:
    client = page("engineer1")
    assert "没有消息" in client.get("/news/").content.decode()
    assert "没有未读消息" in client.get("/news/?view=unread").content.decode()
