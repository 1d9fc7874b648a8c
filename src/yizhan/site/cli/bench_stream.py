"""bench stream: five hundred open pages, and what an event costs the stream's process."""

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote

PAGES, TEN, RATE, SECONDS = 500, 10, 20, 20


def cpu_seconds(leader: int) -> float:
    """What the process group has used so far."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == leader:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


class Pages:
    """Open pages on one event loop: each line that arrives is noted with its time."""

    def __init__(self, port: int) -> None:
        self.port, self.open, self.heard = port, 0, list[tuple[int, str, float]]()

    async def listen(self, page: int, given: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"GET /events?pass={quote(given)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        answer = await reader.readline()
        self.open += b" 200 " in answer
        while line := await reader.readline():
            if line.startswith(b"data:"):
                self.heard.append((page, line.decode(), time.monotonic()))


class StreamBench:
    """Fifty customers with ten contact persons each, who also serve one common customer."""

    def __init__(self, data_dir: Path, port: int, note: Callable[[str, float, str, str], None]) -> None:
        self.data_dir, self.port, self.note = data_dir, port, note

    def run(self) -> None:
        self.make()
        asyncio.run(self.measure())

    def make(self) -> None:
        from yizhan.people.models import Assignment, Contact, Customer, Role, User
        from yizhan.tickets.models import Ticket

        model = Ticket.objects.order_by("pk")[0]
        names = [*(f"bench-{number:02}" for number in range(PAGES // TEN)), "bench-all"]
        for code in names:
            Customer.objects.get_or_create(code=code, defaults={"name": code, "sort_key": code})
        made = {c.code: c for c in Customer.objects.filter(code__in=names)}
        self.users: list[User] = []
        for number in range(PAGES):
            user, fresh = User.objects.get_or_create(username=f"bench{number:03}", defaults={"display_name": f"B{number}"})
            if fresh:
                customers = (made[names[number // TEN]], made["bench-all"])
                Assignment.objects.bulk_create(Assignment(user=user, role=Role.CUSTOMER_CONTACT, customer=c) for c in customers)
            self.users.append(user)
        self.tickets = []
        for code in names:
            contact, _ = Contact.objects.get_or_create(customer=made[code], name=code, defaults={"sort_key": code})
            ticket = Ticket.objects.filter(customer=made[code]).first()
            if ticket is None:
                ticket = Ticket.objects.get(pk=model.pk)
                ticket.pk, ticket.number, ticket.reply_token, ticket.source_id = None, f"BENCH-{code}", f"bench-{code}", ""
                ticket.customer, ticket.requester, ticket.site, ticket.department = made[code], contact, None, None
                ticket.save(force_insert=True)
            self.tickets.append(ticket)

    def passes(self) -> list[str]:
        """A session each, and the pass that its pages would carry."""
        import json

        from django.conf import settings
        from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

        from yizhan.kernel.sealing import seal

        store, found = import_module(settings.SESSION_ENGINE).SessionStore, []
        for user in self.users:
            session, proof = store(), user.get_session_auth_hash()
            session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
            session[HASH_SESSION_KEY] = proof
            session.set_expiry(timedelta(hours=1))
            session.create()
            found.append(seal(json.dumps([user.pk, session.session_key, proof])))
        return found

    def emit(self, ticket: Any) -> None:
        from yizhan.kernel import events
        from yizhan.kernel.actor import system_actor
        from yizhan.tickets.events import EngineerLeft

        events.emit(system_actor("bench"), ticket, ticket.customer_id, EngineerLeft(ticket.number))

    async def measure(self) -> None:
        pages, leader = Pages(self.port), self.leader()
        given = await asyncio.to_thread(self.passes)
        tasks = [asyncio.create_task(pages.listen(number, one)) for number, one in enumerate(given)]
        while pages.open < PAGES:
            await asyncio.sleep(0.2)
        await asyncio.sleep(5)
        begun, used = time.monotonic(), cpu_seconds(leader)
        await asyncio.sleep(10)
        self.note("stream, nothing new", 100 * (cpu_seconds(leader) - used) / (time.monotonic() - begun), "% core", "–")
        begun, used = time.monotonic(), cpu_seconds(leader)
        sent: dict[int, float] = {}
        for number in range(RATE * SECONDS):
            sent[number] = time.monotonic()
            await asyncio.to_thread(self.emit, self.tickets[number % (PAGES // TEN)])
            await asyncio.sleep(max(0.0, begun + (number + 1) / RATE - time.monotonic()))
        spent = 100 * (cpu_seconds(leader) - used) / (time.monotonic() - begun)
        await asyncio.sleep(2)
        self.note("stream, 20/s for ten each", spent, "% core", "20")
        self.note("heard of these", len(pages.heard), "", str(RATE * SECONDS * TEN))
        await self.to_all(pages)
        for task in tasks:
            task.cancel()

    async def to_all(self, pages: Pages) -> None:
        last = []
        for _ in range(10):
            pages.heard.clear()
            begun = time.monotonic()
            await asyncio.to_thread(self.emit, self.tickets[-1])
            while len(pages.heard) < PAGES and time.monotonic() - begun < 10:
                await asyncio.sleep(0.01)
            last.append(max(at for _, _, at in pages.heard) - begun)
            if len(pages.heard) < PAGES:
                print(f"only {len(pages.heard)} of {PAGES} heard", file=sys.stderr)
        self.note("one for all, last heard", 1000 * statistics.median(last), "ms", "1000")
        self.note("one for all, slowest of ten", 1000 * max(last), "ms", "1000")

    def leader(self) -> int:
        import json

        found: int = json.loads((self.data_dir / "children.json").read_text())["stream"]
        return found
