"""bench tickets and stream: what the program does a second, beside the bare SQL of the same run; bench load: filling it first."""

import argparse
import json
import os
import random
import statistics
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Sequence
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from yizhan.site.cli.bench_stream import StreamBench
from yizhan.site.cli.django_setup import program
from yizhan.site.cli.main import use_data_dir

WARM, ROUNDS = 30, 60  # a connection keeps the plan of a statement that it has seen a few times


def run(name: str, parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    parser.add_argument("what", choices=["tickets", "load", "stream"])
    parser.add_argument("--tickets", type=int, default=10_000, help="fill up to this many (default: %(default)s)")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    parser.add_argument("--url", default="", help="the running program (default: asked from --port)")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--stream-port", type=int, default=0, help="of the event stream (default: the next port)")
    options = parser.parse_args(arguments)
    data_dir = use_data_dir(options.data_dir)
    if not (data_dir / "demo").exists():
        print("yizhan: bench writes thousands of tickets, so it takes a demonstration's --data-dir only", file=sys.stderr)
        return 1
    if options.what == "load":
        from yizhan.site.cli.load import Loader

        with program(data_dir):
            Loader(options.tickets, lambda text: print(f"· {text}", flush=True)).run()
        return 0
    with program(data_dir):
        bench = Bench(options.url or f"http://127.0.0.1:{options.port}", options.tickets)
        if options.what == "stream":
            StreamBench(data_dir, options.stream_port or options.port + 1, bench.note).run()
        else:
            bench.run()
        figures = bench.figures
    for row in figures:
        print(f"{row['what']:24} {row['value']:>9} {row['unit']:6} floor {row['floor']:>9}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))
    return 0


def execute(connection: Any, sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def timed(work: Callable[[], Any], rounds: int = ROUNDS) -> tuple[float, float]:
    """(median, 95th percentile) in milliseconds."""
    for _ in range(WARM):
        work()
    found = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        found.append((time.perf_counter() - begun) * 1000)
    return statistics.median(found), statistics.quantiles(found, n=20)[-1]


class Bench:
    """Against a running program over HTTP; the floors through psycopg on the same database, in the same run."""

    def __init__(self, url: str, tickets: int) -> None:
        from yizhan.kernel.actor import system_actor
        from yizhan.people.services.accounts import create_token

        self.url, self.tickets, self.figures = url, tickets, list[dict[str, Any]]()
        self.token = create_token(actor=system_actor("bench"), username="desk", days=1)

    def get(self, path: str, *, cookie: str = "") -> bytes:
        headers = {"Cookie": cookie} if cookie else {"Authorization": f"Bearer {self.token}"}
        with urllib.request.urlopen(urllib.request.Request(self.url + path, headers=headers), timeout=60) as answer:
            found: bytes = answer.read()
            return found

    def post(self, path: str, body: Any) -> None:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data=json.dumps(body).encode(), headers=headers, method="POST")
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()

    def note(self, what: str, value: float, unit: str, floor: float | str) -> None:
        shown = f"{floor:.1f}" if isinstance(floor, float) else floor
        self.figures.append({"what": what, "value": f"{value:.1f}", "unit": unit, "floor": shown})

    def run(self) -> list[dict[str, Any]]:
        self.fill()
        self.creation()
        self.claiming()
        self.mail()
        self.reading()
        return self.figures

    def fill(self) -> None:
        """What is missing of the wanted number, by COPY."""
        from yizhan.site.cli.load import Loader

        Loader(self.tickets, lambda text: print(f"· {text}", file=sys.stderr, flush=True)).run()

    def creation(self) -> None:
        """Registrations through REST, by one client and by two at once."""
        from django.db import connection

        floor = self.rate_of(lambda: execute(connection, COPY_ONE), 200)
        for clients in (1, 2):
            self.note(f"create through REST, {clients}", self.create_with(clients), "/s", floor)

    def create_with(self, clients: int, each: int = 120) -> float:
        dice = random.Random(clients)  # noqa: S311 - a load, not a secret

        def work() -> None:
            for index in range(each):
                body = {"customer": "demo-a", "requester": {"name": "张倩", "phone": "13800005678"}}
                self.post("/api/v1/tickets", {**body, "subject": f"压测 {index} {dice.random():.6f}"})

        threads = [threading.Thread(target=work) for _ in range(clients)]
        begun = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return clients * each / (time.perf_counter() - begun)

    def claiming(self) -> None:
        from yizhan.tickets.models import Ticket

        free = list(Ticket.objects.filter(state="pending", customer__code="demo-a").values_list("number", flat=True)[:80])
        token, self.token = self.token, self.token_of("engineer1")
        begun = time.perf_counter()
        for number in free:
            self.post(f"/api/v1/tickets/{number}/actions/claim", {})
        rate = len(free) / (time.perf_counter() - begun)
        self.token = token
        self.note("claim through REST", rate, "/s", "–")

    def token_of(self, username: str) -> str:
        from yizhan.kernel.actor import system_actor
        from yizhan.people.services.accounts import create_token

        return create_token(actor=system_actor("bench"), username=username, days=1)

    def rate_of(self, work: Callable[[], Any], count: int) -> float:
        begun = time.perf_counter()
        for _ in range(count):
            work()
        return count / (time.perf_counter() - begun)

    def mail(self) -> None:
        """From stored raw to committed ticket, by the worker's own code in this process."""
        from yizhan.channels.models import Mailbox
        from yizhan.channels.services.mail import process_stored
        from yizhan.channels.services.polling import store_raw
        from yizhan.kernel import clock
        from yizhan.people.models import Customer

        customer = Customer.objects.get(code="demo-a")
        box, _ = Mailbox.objects.get_or_create(
            name="bench",
            defaults={"address": "bench@yizhan.example", "imap_url": "imap://x", "customer": customer, "active": False},
        )
        letters = []
        for index in range(600):
            message = EmailMessage()
            message["From"], message["To"], message["Subject"] = "requester1@demo-a.example", box.address, f"压测邮件 {index}"
            message["Message-ID"] = f"<{time.time_ns()}.{index}@bench>"
            message.set_content("打印机卡纸")
            letters.append(bytes(message))
        store_raw(box, letters, clock.now())
        begun = time.perf_counter()
        done = process_stored()
        self.note("create through mail", done / (time.perf_counter() - begun), "/s", "–")

    def reading(self) -> None:
        from django.db import connection

        from yizhan.tickets.models import Ticket

        cookie, number = self.sign_in(), Ticket.objects.order_by("-pk").values_list("number", flat=True)[0]
        closed = Ticket.objects.filter(state="archived", sheets__isnull=False, messages__isnull=False).order_by("-pk")
        whole = closed.values_list("number", flat=True)[0]
        work = {
            "list page": ("/tickets/?view=all", cookie, LIST_SQL),
            "filtered list": ("/tickets/?view=all&level=1&customer=demo-a", cookie, FILTERED_SQL),
            "dashboard": ("/", cookie, COUNTS_SQL), "ticket page": (f"/tickets/{number}/", cookie, TICKET_SQL),
            "closed ticket page": (f"/tickets/{whole}/", cookie, TICKET_SQL.replace("NUMBER", whole)),
            "search rare": (f"/api/v1/search?q={number[-5:]}", "", SEARCH_SQL % f"'{number[-5:]}'"),
            "search common": ("/api/v1/search?q=%E6%89%93%E5%8D%B0", "", SEARCH_SQL % "'打印'"),
            "REST list of 50": ("/api/v1/tickets?limit=50", "", LIST_SQL), "REST one": (f"/api/v1/tickets/{number}", "", TICKET_SQL),
        }  # fmt: skip
        for name, (path, given, sql) in work.items():
            median, slow = timed(lambda path=path, given=given: self.get(path, cookie=given))  # type: ignore[misc]

            def bare(sql: str = sql) -> None:
                with connection.cursor() as cursor:
                    cursor.execute(sql.replace("NUMBER", number))
                    cursor.fetchall()

            floor, floor_slow = timed(bare)
            self.note(f"{name} median", median, "ms", floor)
            self.note(f"{name} p95", slow, "ms", floor_slow)

    def sign_in(self) -> str:
        """A session cookie of the desk, made where the program keeps its sessions."""
        from importlib import import_module

        from django.conf import settings
        from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

        from yizhan.people.models import User

        user = User.objects.get(username="desk")
        session = import_module(settings.SESSION_ENGINE).SessionStore()
        session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.set_expiry(timedelta(hours=1))
        session.create()
        return f"{settings.SESSION_COOKIE_NAME}={session.session_key}; {os.environ.get('YIZHAN_BENCH_COOKIE', '')}"


COPY_ONE = """
WITH made AS (INSERT INTO kernel_event (at, type, version, customer_id, object_type, object_id, actor, internal, payload)
    VALUES (now(), 'Bench', 1, NULL, 'bench', 0, 'bench', true, '{}') RETURNING id),
heard AS (INSERT INTO kernel_audittext (digest, text, at) SELECT encode(sha256(convert_to(text, 'UTF8')), 'hex'), text, now()
    FROM (SELECT 'bench ' || random()::text AS text) AS made RETURNING digest)
SELECT * FROM made, heard
"""
LIST_SQL = """
SELECT t.*, c.name, r.name FROM tickets_ticket t JOIN people_customer c ON c.id = t.customer_id
JOIN people_contact r ON r.id = t.requester_id ORDER BY t.received_at DESC, t.id DESC LIMIT 51
"""
FILTERED_SQL = """
SELECT t.*, c.name, r.name FROM tickets_ticket t JOIN people_customer c ON c.id = t.customer_id
JOIN people_contact r ON r.id = t.requester_id WHERE t.level = 1 AND c.code = 'demo-a'
ORDER BY t.received_at DESC, t.id DESC LIMIT 51
"""
COUNTS_SQL = "SELECT state, count(*) FROM tickets_ticket WHERE state <> 'archived' GROUP BY state"
TICKET_SQL = "SELECT t.*, e.* FROM tickets_ticket t LEFT JOIN kernel_event e ON e.object_id = t.id WHERE t.number = 'NUMBER'"
SEARCH_SQL = """
SELECT id, number, title, at FROM kernel_searchrow WHERE tokens @> ARRAY[%s]::text[] AND audience = 1
ORDER BY at DESC, id DESC LIMIT 21
"""
