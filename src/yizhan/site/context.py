"""What every page's frame shows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from yizhan.kernel import clock
from yizhan.kernel.web import actor_of
from yizhan.site.live import stream_pass
from yizhan.site.navigation import menu, tabs
from yizhan.site.pages.welcome import is_wanted
from yizhan.tickets.policies import TicketPermission, tickets

DEMO_ACCOUNTS = ["manager", "desk", "engineer1", "engineer2", "engineer3", "customer1", "requester1", "requester2"]


def stream_url(request: HttpRequest, user_pass: str) -> str:
    """Where live news comes from: a path of the proxy's, else the stream's own port on the same host."""
    host = request.get_host().rsplit(":", 1)[0]
    base = "" if settings.YIZHAN.trusted_proxies else f"{request.scheme}://{host}:{settings.YIZHAN.stream_port}"
    return f"{base}/events?pass={user_pass}" if user_pass else ""


def shell(request: HttpRequest) -> dict[str, Any]:
    """Actor, menu, tabs, live address. A fragment or a page for guests computes none of it."""
    actor = actor_of(request)
    if actor.user_id is None or request.headers.get("HX-Request"):
        demo = DEMO_ACCOUNTS if settings.DEMO and actor.user_id is None else []
        return {"actor": actor, "demo_accounts": demo}
    groups = menu(actor, request.path) if tickets.is_staff_somewhere(actor) else []
    return {
        "actor": actor, "menu": groups, "tabs": tabs(groups, actor), "today": clock.today(),
        "stream_url": stream_url(request, stream_pass(request)),
        "unseen_news": int(request.META.get("YIZHAN_NEWS", "0")),
        "welcome": request.path == "/" and is_wanted(actor),
        "may_register": actor.holds(TicketPermission.REGISTER),
    }  # fmt: skip
