"""/metrics: what an operator watches, for him only."""

from typing import Any

from django.test import Client


def scrape(client: Client, **more: Any) -> Any:
    return client.get("/metrics", **more)


def test_the_figures_are_there(client: Client, world: Any) -> None:
    world.new()
    client.get("/healthz")
    answer = scrape(client)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert 'yizhan_tickets_open{state="pending"} 1.0' in text
    assert "yizhan_database_up 1.0" in text
    assert "yizhan_audit_broken -1.0" in text
    assert 'yizhan_http_requests_total{method="GET",route="healthz",status="200"}' in text
    assert "INC" not in text  # no number, no name, no address


def test_only_from_this_machine_or_with_the_token(db: None, client: Client, settings: Any) -> None:
    from dataclasses import replace

    assert scrape(client, REMOTE_ADDR="192.0.2.7").status_code == 404
    assert scrape(client, headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 404
    settings.YIZHAN = replace(settings.YIZHAN, metrics_token="geheim-genug")
    assert scrape(client).status_code == 404
    assert scrape(client, REMOTE_ADDR="192.0.2.7", headers={"Authorization": "Bearer geheim-genug"}).status_code == 200
