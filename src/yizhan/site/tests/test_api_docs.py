"""The page about the REST interface: whole, linked, and nothing from elsewhere."""

import re
from typing import Any

from yizhan.kernel.testing.api import operations


def test_every_operation_stands_on_a_page_of_our_own(client: Any, db: None) -> None:
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    html = page.content.decode()
    assert re.findall(r'(?:src|href|action)="(?:https?:)?//[^"]*', html) == []
    assert re.findall(r"<style|<script(?![^>]* src=)|\son\w+=|\sstyle=", html) == []
    anchors = re.findall(r'\sid="([^"]+)"', html)
    assert len(anchors) == len(set(anchors))
    assert {name for _, _, name in operations()} <= set(anchors)
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(anchors)
    assert 'href="/api/v1/openapi.json"' in html


def test_an_operation_tells_what_goes_in_and_comes_out(client: Any, db: None) -> None:
    html = client.get("/api/v1/docs").content.decode()
    made = html.partition('id="tickets_create"')[2].partition("</article>")[0]
    assert "/api/v1/tickets</code>" in made
    assert re.search(r"<b>subject</b></code> <span[^>]*>必填</span>.*≤ 200", made)
    assert "incident · request" in made
    assert 'href="#shape-TicketOut"' in made
    shape = html.partition('id="shape-TicketOut"')[2].partition("</article>")[0]
    assert "<b>sub_state</b>" in shape
    assert 'href="#shape-RequesterOut"' in shape
    assert "Request body" in client.get("/api/v1/docs", headers={"Accept-Language": "en"}).content.decode()
