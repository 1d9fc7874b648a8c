"""bench load: as many tickets as wanted, with their messages, sheets, signatures, ratings, events and search rows, by COPY."""

import json
import random
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import connection, models

CHUNK = 5_000
OPEN_AT_MOST = 2_000
YEARS = 2
HOURS = [8, 8, 9, 9, 9, 9, 10, 10, 10, 11, 11, 13, 14, 14, 14, 15, 15, 16, 16, 17, 20]
ANSWERS = [
    "已经看到了，马上处理",
    "请先重启试试",
    "配件明天到",
    "已远程处理，请再试一下",
    "麻烦拍个照片",
    "好的，谢谢",
    "还是不行",
    "可以了",
]
DETAILS = ["", "，同事也一样", "，昨天还好的", "，很急", "，今天下班前要用", "，重启过了没用", "，换了位置之后就这样"]


class Table:
    """One model's COPY: rows are the defaults with what is given put in."""

    def __init__(self, model: type[models.Model]) -> None:
        fields = [f for f in model._meta.concrete_fields if not f.generated]
        self.name, self.columns = model._meta.db_table, [str(f.column) for f in fields]
        self.place = {f.attname: i for i, f in enumerate(fields)}
        self.usual = [self.plain(f.get_default()) if f.has_default() or not f.null else None for f in fields]
        self.rows: list[list[Any]] = []

    def plain(self, value: Any) -> Any:
        return json.dumps(value) if isinstance(value, dict | list) else value

    def add(self, **values: Any) -> None:
        row = self.usual.copy()
        for name, value in values.items():
            row[self.place[name]] = value
        self.rows.append(row)

    def flush(self, cursor: Any) -> None:
        if not self.rows:
            return
        names = ", ".join(f'"{column}"' for column in self.columns)
        with cursor.copy(f"COPY {self.name} ({names}) FROM STDIN") as copy:
            for row in self.rows:
                copy.write_row(row)
        self.rows.clear()


class Loader:
    """Fills a demonstration's database up to `wanted` tickets, oldest first."""

    def __init__(self, wanted: int, say: Callable[[str], None]) -> None:
        from yizhan.kernel import clock, partitions
        from yizhan.people.models import Contact
        from yizhan.people.queries import technicians
        from yizhan.site.demo.texts import CASES
        from yizhan.tickets.models import Category, Ticket

        self.say, self.dice = say, random.Random(7)  # noqa: S311 - a load, not a secret
        self.made: list[Any] = []
        self.missing = max(0, wanted - Ticket.objects.count())
        self.now = clock.now()
        self.cases = list(CASES)
        self.contacts = list(Contact.objects.filter(active=True).select_related("customer", "site", "department"))
        self.engineers = {c: list(technicians(c)) for c in {contact.customer_id for contact in self.contacts}}
        self.categories = {c.code: c.pk for c in Category.objects.all()}
        partitions.ensure_partitions(self.now - timedelta(days=366 * YEARS))

    def run(self) -> None:
        begun, done = time.monotonic(), 0
        moments = self.moments()
        while done < self.missing:
            count = min(CHUNK, self.missing - done)
            self.chunk([next(moments) for _ in range(count)], left=self.missing - done)
            done += count
            self.say(f"{done} / {self.missing} tickets, {done / (time.monotonic() - begun):.0f}/s")
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

    def moments(self) -> Iterator[datetime]:
        """Working days over two years, more on Mondays and in the morning, oldest first."""
        days = 365 * YEARS
        weights = [(3 if (self.now - timedelta(days=d)).weekday() == 0 else 2) if (self.now - timedelta(days=d)).weekday() < 5 else 0.3
                   for d in range(days, 0, -1)]  # fmt: skip
        total, carried = sum(weights), 0.0
        for index, weight in enumerate(weights):
            carried += self.missing * weight / total
            today, carried = int(carried), carried - int(carried)
            start = (self.now - timedelta(days=days - index)).replace(minute=0, second=0, microsecond=0)
            hours = sorted((self.dice.choice(HOURS), self.dice.randrange(3600)) for _ in range(today))
            for hour, second in hours:
                yield min(start.replace(hour=(hour - 8) % 24) + timedelta(seconds=second), self.now)
        while True:
            yield self.now

    def ids(self, cursor: Any, table: str, count: int) -> Iterator[int]:
        cursor.execute(f"SELECT nextval(pg_get_serial_sequence('{table}', 'id')) FROM generate_series(1, %s)", [count])  # noqa: S608
        return iter([row[0] for row in cursor.fetchall()])

    def chunk(self, moments: list[datetime], left: int) -> None:
        from yizhan.kernel.chains import begin_by_copy
        from yizhan.kernel.models import SearchRow
        from yizhan.tickets.models import Message, Rating, ReturnVisit, ServiceSheet, SignOff, Ticket

        size = len(moments)
        kinds = (Ticket, Message, ServiceSheet, SignOff, Rating, ReturnVisit, SearchRow)
        tables = {model: Table(model) for model in kinds}
        events: list[tuple[Any, ...]] = []
        with connection.cursor() as cursor:
            ids = {model: self.ids(cursor, model._meta.db_table, size * (3 if model is Message else 2)) for model in kinds}
            cursor.execute("SELECT nextval('number_inc') FROM generate_series(1, %s)", [size])
            numbers = [row[0] for row in cursor.fetchall()]
            cursor.execute("SELECT nextval('number_sht') FROM generate_series(1, %s)", [size])
            sheets = [row[0] for row in cursor.fetchall()]
            for index, moment in enumerate(moments):
                self.ticket(tables, ids, events, moment, numbers[index], sheets[index], is_open=left - index <= OPEN_AT_MOST)
            driver = cursor.cursor
            for model in kinds:
                tables[model].flush(driver)
            columns = "at, type, version, customer_id, object_type, object_id, actor, internal, payload"
            with driver.copy(f"COPY kernel_event ({columns}) FROM STDIN") as copy:
                for event in events:
                    copy.write_row(event)
            begin_by_copy(driver, self.made)
            self.made.clear()

    def ticket(
        self, tables: Any, ids: Any, events: list[Any], moment: datetime, seq: int, sheet_seq: int, *, is_open: bool
    ) -> None:
        from yizhan.kernel.models import SearchRow
        from yizhan.tickets.models import Message, Rating, ReturnVisit, Ticket

        dice, contact, case = self.dice, self.dice.choice(self.contacts), self.dice.choice(self.cases)
        engineer = dice.choice(self.engineers[contact.customer_id])
        pk, number = next(ids[Ticket]), f"INC{moment:%y%m%d}-{seq:05d}"
        subject, level = case.subject + dice.choice(DETAILS), dice.choices([1, 2, 3, 4], [10, 15, 33, 42])[0]
        state, sub = ("pending", "unassigned") if is_open and dice.random() < 0.3 else ("in_progress", "accepted")
        done = moment + timedelta(minutes=dice.randrange(10, 600))
        if not is_open:
            state, sub = "archived", ""
        taken, closed, category = (
            state != "pending",
            state == "archived",
            self.categories.get(getattr(case, "category", ""), None),
        )
        tables[Ticket].add(
            id=pk, number=number, state=state, sub_state=sub, customer_id=contact.customer_id, requester_id=contact.pk,
            site_id=contact.site_id, department_id=contact.department_id, place=contact.place, subject=subject, description=subject,
            category_id=category, channel=dice.choices(["phone", "wechat_group", "walk_in", "web", "mail"], [35, 25, 20, 13, 7])[0],
            received_at=moment, created_at=moment, touched_at=done if closed else moment, reported_level=level, level=level,
            level_judged=taken, owner_id=engineer.pk if taken else None, handler_id=engineer.pk if taken else None,
            first_contact_owner_id=engineer.pk if taken else None, responded_at=moment + timedelta(minutes=4) if taken else None,
            restored_at=done if closed else None, completed_at=done if closed else None, archived_at=done if closed else None,
            closure_code="normal" if closed else "", knowledge="routine" if closed else "", reply_token=secrets.token_urlsafe(16),
        )  # fmt: skip
        news = [(moment, "TicketRegistered", {"number": number, "channel": "phone", "reported_level": level})]
        if taken:
            news.append((moment, "TicketAccepted", {"number": number, "to": engineer.pk, "first_contact": True}))
        for _ in range(dice.randrange(0, 4) if taken else 0):
            message, mine = next(ids[Message]), dice.random() < 0.6
            said = {"author_id": engineer.pk} if mine else {"contact_id": contact.pk}
            tables[Message].add(id=message, ticket_id=pk, body=dice.choice(ANSWERS), channel="web", created_at=moment, **said)
            news.append((moment, "MessagePosted", {"number": number, "message": message, "by_customer": not mine}))
        if closed:
            self.paper(tables, ids, pk, contact, engineer, done, sheet_seq, category)
            news += [(done, "TicketCompleted", {"number": number, "sheet": f"SHT{done:%y%m%d}-{sheet_seq:05d}"}),
                     (done, "TicketArchived", {"number": number, "closure_code": "normal", "text": ""})]  # fmt: skip
            visit = ReturnVisit(id=next(ids[ReturnVisit]), ticket_id=pk, result="reached", satisfied=True, made_at=done)
            self.add_made(tables, visit, done)
            if dice.random() < 0.5:
                score = dice.choices([5, 4, 3, 2, 1], [70, 22, 5, 2, 1])[0]
                rating = Rating(id=next(ids[Rating]), ticket_id=pk, contact_id=contact.pk, score=score, rated_at=done)
                self.add_made(tables, rating, done)
        for at, kind, payload in news:
            row = (at, kind, 1, contact.customer_id, "tickets.ticket", pk, f"user:{engineer.pk}", False, json.dumps(payload))
            events.append(row)
        own = frozenset(word_tokens(number))
        public = base_tokens(subject, contact.name, contact.place) | own
        staff = public | phone_tokens(contact.phone, contact.customer.name, contact.email)
        for audience, tokens in ((0, public), (1, staff)):
            tables[SearchRow].add(
                id=next(ids[SearchRow]), object_type="tickets.ticket", object_id=pk, audience=audience,
                customer_id=contact.customer_id, number=number, title=subject, tokens=sorted(tokens), at=moment,
            )  # fmt: skip

    def paper(
        self, tables: Any, ids: Any, pk: int, contact: Any, engineer: Any, done: datetime, seq: int, category: int | None
    ) -> None:
        from yizhan.tickets.evidence import evidence_digest
        from yizhan.tickets.models import ServiceSheet, SignOff

        sheet = next(ids[ServiceSheet])
        tables[ServiceSheet].add(
            id=sheet, ticket_id=pk, number=f"SHT{done:%y%m%d}-{seq:05d}", mode=self.dice.choice(["remote", "on_site"]),
            diagnosis="配置被改动", cause_category="configuration", actions_taken="重新配置并测试，用户确认可用", outcome="solved",
            labour_minutes=self.dice.randrange(5, 90), category_id=category or next(iter(self.categories.values())),
            submitted_by_id=engineer.pk, submitted_at=done, content="{}", sha256="0" * 64, verify_token=secrets.token_urlsafe(16),
            signed=True,
        )  # fmt: skip
        sign_off = SignOff(
            id=next(ids[SignOff]), ticket_id=pk, sheet_id=sheet, method="drawn", signer_name=contact.name, sheet_sha256="0" * 64,
            signed_at=done, valid=True,
        )  # fmt: skip
        sign_off.evidence_sha256 = evidence_digest(sign_off)
        self.add_made(tables, sign_off, done)

    def add_made(self, tables: Any, record: Any, at: datetime) -> None:
        """What people signed, rated and answered, with the row of the audit that tells how it was made."""
        from yizhan.kernel import audit
        from yizhan.kernel.actor import system_actor
        from yizhan.tickets.evidence import entry_of

        table = tables[type(record)]
        table.add(**{name: table.plain(value) for name, value in audit.snapshot(record).items()})
        self.made.append(replace(entry_of(system_actor("bench"), record), at=at))


@lru_cache(maxsize=200_000)
def base_tokens(subject: str, name: str, place: str) -> frozenset[str]:
    from yizhan.kernel.search import text_tokens

    return frozenset(text_tokens(subject, place, names=[name]))


@lru_cache(maxsize=20_000)
def phone_tokens(phone: str, customer: str, email: str) -> frozenset[str]:
    from yizhan.kernel.search import text_tokens

    return frozenset(text_tokens(customer, email, phones=[phone]))


def word_tokens(number: str) -> list[str]:
    from yizhan.kernel.search import text_tokens

    return text_tokens(number)
