"""shots DIR: every page of a running demonstration as a picture, at both sizes, as somebody who may see it."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from yizhan.site.cli.django_setup import program
from yizhan.site.cli.main import use_data_dir

SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
STAFF = ("desk", "engineer1", "admin", "auditor")
SKIPPED = {"attachment", "list-export", "call-card", "desk-callers", "desk-similar", "palette", "healthz", "readyz", "metrics",
           "mfa_download_recovery_codes", "first-run", "ticket-print", "mfa_remove_webauthn", "mfa_edit_webauthn"}  # fmt: skip


def run(name: str, parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--dark", action="store_true", help="the dark theme")
    parser.add_argument("--only", default="", help="only routes whose name contains this")
    options = parser.parse_args(arguments)
    data_dir = use_data_dir(options.data_dir)
    if not (data_dir / "demo").exists():
        print(
            "yizhan: shots signs in with the demonstration's accounts, so it takes a demonstration's --data-dir only",
            file=sys.stderr,
        )
        return 1
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("yizhan: shots needs Playwright; `./yizhan test --help` installs it", file=sys.stderr)
        return 1
    password = (data_dir / "demo.password").read_text(encoding="utf-8").strip()
    base = f"http://127.0.0.1:{options.port}"
    with program(data_dir):
        wanted = {who: [page for page in pages(who) if options.only in page[0]] for who in (*STAFF, "customer1", "requester1")}
    options.folder.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    with sync_playwright() as playwright:
        chromium = Path("/usr/bin/chromium")
        more: dict[str, Any] = {"executable_path": str(chromium)} if chromium.exists() else {}
        browser = playwright.chromium.launch(args=["--no-sandbox"], **more)
        for size, (width, height) in SIZES.items():
            for who, listed in wanted.items():
                context = browser.new_context(
                    viewport={"width": width, "height": height}, locale="zh-CN", is_mobile=size == "phone"
                )
                page = context.new_page()
                page.goto(f"{base}/accounts/login/")
                page.fill("#id_login", who)
                page.fill("#id_password", password)
                page.click("main button.btn-primary")
                page.wait_for_url(lambda url: "/accounts/login" not in url)
                for route, path in listed:
                    if f"{size}-{route}" in taken:
                        continue
                    answer = context.request.get(base + path)
                    if (
                        answer.status >= 400
                        or "/accounts/login" in answer.url
                        or "html" not in answer.headers.get("content-type", "")
                    ):
                        continue  # not for this person, or an address that only takes POST
                    page.goto(base + path)
                    if options.dark:
                        page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
                    page.screenshot(path=options.folder / f"{size}-{route}.png", full_page=size == "phone")
                    taken.add(f"{size}-{route}")
                context.close()
        browser.close()
    print(f"✓ {len(taken)} pictures in {options.folder}")
    return 0


def pages(who: str) -> list[tuple[str, str]]:
    """(route name, address) of every page that can be shown, with records that this person sees."""
    from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

    known = arguments(who)

    def names(resolver: URLResolver) -> Iterator[str]:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver) and entry.namespace != "api":
                yield from names(entry)
            elif isinstance(entry, URLPattern) and entry.name:
                yield str(entry.name)

    found = []
    for name in dict.fromkeys(names(get_resolver())):
        if name in SKIPPED:
            continue
        for given in ([], *([known[name]] if name in known else [])):
            try:
                found.append((name, reverse(name, args=given)))
                break
            except NoReverseMatch:
                continue
    return found


def arguments(who: str) -> dict[str, list[Any]]:
    """Examples for the routes that name a record."""
    from yizhan.channels.models import InboundMessage
    from yizhan.kernel.models import Work
    from yizhan.kernel.resource import all_resources
    from yizhan.people.access import actor_for
    from yizhan.people.models import User
    from yizhan.tickets.models import ServiceSheet, State
    from yizhan.tickets.policies import TicketPermission, tickets

    actor = actor_for(User.objects.get(username=who))
    rows = tickets.scope(actor, TicketPermission.VIEW)
    working = rows.filter(state=State.IN_PROGRESS)
    own = working.filter(owner=actor.user_id).first() or working.first() or rows.first()
    done = rows.filter(state=State.COMPLETED).first()
    found: dict[str, list[Any]] = {}
    if own:
        found |= {name: [own.number] for name in ("ticket", "ticket-edit", "ticket-sheet")}
    if done:
        found |= {name: [done.number] for name in ("ticket-sign", "closing-ticket")}
    sheet = ServiceSheet.objects.order_by("-pk").first()
    found |= {"verify-sheet": [sheet.verify_token]} if sheet else {}
    inbound, work = InboundMessage.objects.order_by("-pk").first(), Work.objects.filter(owner=actor.user_id).first()
    found |= {"inbound": [inbound.pk]} if inbound else {}
    found |= {"work": [work.pk]} if work else {}
    for resource in all_resources():
        first = resource.policy.scope(actor, resource.view).first()
        if first is not None:
            found[resource.url_name("detail")] = [first.pk]
    return found
