"""Three months of work, ticket by ticket, through the same commands that people use, under a moved clock."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from yizhan.kernel import clock
from yizhan.kernel.actor import Actor, system_actor
from yizhan.people.access import actor_for
from yizhan.people.models import Contact, Customer, User
from yizhan.site.demo.texts import CASES, COMMENTS, TAGS, Case
from yizhan.tickets.calendar import is_working_day
from yizhan.tickets.models import Category, Ticket
from yizhan.tickets.services import closing, messages, nightly, signing, taking, working
from yizhan.tickets.services.messages import NewMessage
from yizhan.tickets.services.registering import NewTicket, register_ticket
from yizhan.tickets.services.sheets import SheetInput, submit_sheet
from yizhan.tickets.services.signing import Signature

CHANNELS = {"phone": 35, "wechat_group": 25, "walk_in": 20, "web": 7, "scan": 3, "mail": 7, "inspection": 3}
LEVELS = {1: 10, 2: 15, 3: 33, 4: 42}
CUSTOMERS = {"demo-a": 52, "demo-b": 34, "mingqiao": 5, "boan": 5, "kangmu": 4}
HOURS = {8: 6, 9: 18, 10: 17, 11: 9, 13: 8, 14: 16, 15: 11, 16: 9, 17: 6}
STROKES = [[[10, 40, 0], [60, 38, 120], [90, 80, 260]], [[120, 20, 400], [118, 90, 520]], [[100, 55, 650], [150, 52, 760]]]
TOLD = 50
DAYS, RECENT = 90, timedelta(days=9)


def choose(dice: random.Random, weights: Mapping[Any, int]) -> Any:
    return dice.choices(list(weights), weights=list(weights.values()))[0]


@dataclass
class Cast:
    """Who plays."""

    dice: random.Random
    desk: Actor
    manager: Actor
    engineers: dict[str, Actor]
    contacts: dict[str, list[Contact]]
    customers: dict[str, Customer]
    categories: dict[str, Category]

    def pick_engineer(self) -> Actor:
        return self.engineers[str(choose(self.dice, {"engineer1": 48, "engineer3": 44, "engineer2": 8}))]


def cast(customers: dict[str, Customer]) -> Cast:
    users = {user.username: actor_for(user) for user in User.objects.all()}
    contacts = {
        code: list(Contact.objects.filter(customer=c).select_related("customer", "site", "department", "user"))
        for code, c in customers.items()
    }
    return Cast(
        dice=random.Random(20181112),
        desk=users["desk"], manager=users["manager"], engineers={n: users[n] for n in users if n.startswith("engineer")},
        contacts=contacts, customers=customers, categories={c.code: c for c in Category.objects.all()},
    )  # fmt: skip


def moments(dice: random.Random, now: datetime, count: int) -> list[datetime]:
    """Working days, busier Mondays and mid-mornings; dips where the calendar has holidays."""
    local = now.astimezone(clock.DEFAULT_ZONE)
    days: dict[int, int] = {}
    for back in range(1, DAYS + 1):
        day = (local - timedelta(days=back)).date()
        days[back] = (14 if day.weekday() == 0 else 10) if is_working_day(day) else 1
    found = []
    for _ in range(count):
        day = local - timedelta(days=int(choose(dice, days)))
        hour = int(choose(dice, HOURS))
        found.append(day.replace(hour=hour, minute=dice.randrange(60), second=dice.randrange(60)))
    return sorted(moment for moment in found if moment < now - timedelta(hours=3))


class Story:
    """One ticket from the call to wherever it has come by now."""

    def __init__(self, play: Cast, case: Case, start: datetime, now: datetime, customer: str = "") -> None:
        self.play, self.case, self.now, self.dice = play, case, now, play.dice
        self.time = start
        self.code = customer or str(choose(play.dice, CUSTOMERS))
        self.ticket: Ticket | None = None

    def wait(self, low: int, high: int) -> bool:
        """Let minutes pass, up to now; False when that would reach into the future."""
        passed = timedelta(minutes=self.dice.randint(low, high), seconds=self.dice.randrange(60))
        self.time = min(self.time + passed, self.now)
        return self.time < self.now - timedelta(minutes=2)

    @property
    def number(self) -> str:
        assert self.ticket
        return self.ticket.number

    def register(self, actor: Actor, requester: Contact | None = None, channel: str = "") -> Ticket:
        contact = requester or self.dice.choice(self.play.contacts[self.code])
        shown = self.case.level if self.dice.random() < 0.85 else self.dice.randint(1, 4)
        new = NewTicket(
            customer=self.play.customers[self.code], requester=contact, subject=self.case.subject, kind=self.case.kind,
            description=f"{contact.name}：{self.case.subject}", reported_level=shown,
            channel=channel or str(choose(self.dice, CHANNELS)), received_at=self.time,
        )  # fmt: skip
        with clock.at(self.time):
            self.ticket = register_ticket(actor=actor, new=new)
        return self.ticket

    def take(self, engineer: Actor) -> None:
        if self.dice.random() < 0.55:
            with clock.at(self.time):
                taking.dispatch_ticket(actor=self.play.desk, number=self.number, to=engineer.username)
            self.wait(1, 9)
            with clock.at(self.time):
                taking.accept_ticket(actor=engineer, number=self.number)
        else:
            with clock.at(self.time):
                taking.claim_ticket(actor=engineer, number=self.number)
        self.wait(1, 10)
        with clock.at(self.time):
            working.judge_level(actor=engineer, number=self.number, level=self.case.level, reason="电话核实影响")

    def work(self, engineer: Actor) -> bool:
        if self.case.mode == "remote":
            with clock.at(self.time):
                working.start_remote(actor=engineer, number=self.number, tool="ToDesk", session=str(self.dice.randrange(10**9)))
            return self.wait(self.case.minutes // 2, self.case.minutes)
        with clock.at(self.time):
            working.depart_for_ticket(actor=engineer, number=self.number)
        if not self.wait(8, 45):
            return False
        with clock.at(self.time):
            proof = self.dice.choice(["scan", "user_word", "none"])
            working.arrive_at_ticket(actor=engineer, number=self.number, proof=proof)
        if not self.wait(self.case.minutes // 2, self.case.minutes):
            return False
        with clock.at(self.time):
            working.leave_ticket(actor=engineer, number=self.number)
        return True

    def second_line(self, engineer: Actor) -> Actor:
        helper = self.play.engineers["engineer2"]
        with clock.at(self.time):
            taking.escalate_ticket(actor=engineer, number=self.number, team="tier2", diagnosis=self.case.diagnosis)
        self.wait(3, 20)
        with clock.at(self.time):
            taking.accept_ticket(actor=helper, number=self.number)
        self.wait(1, 5)
        return helper

    def sheet(self, engineer: Actor) -> None:
        case = self.case
        sheet = SheetInput(
            case.mode, case.diagnosis, case.cause, case.work, "workaround" if self.dice.random() < 0.06 else "solved",
            case.minutes, [], self.play.categories[case.category],
        )  # fmt: skip
        with clock.at(self.time):
            submit_sheet(actor=engineer, number=self.number, sheet=sheet)
            decision = self.dice.choices(["routine", "one_off", "draft"], weights=[70, 22, 8])[0]
            closing.decide_knowledge(actor=engineer, number=self.number, decision=decision)

    def sign(self, engineer: Actor) -> bool:
        """Signed, waived or confirmed by silence; False where that has still to come."""
        assert self.ticket
        kind = self.dice.choices(["real", "silent", "waived"], weights=[70, 18, 12])[0]
        name = self.ticket.requester.name
        if kind == "real":
            with clock.at(self.time):
                signing.sign_ticket(actor=engineer, number=self.number, signature=Signature(name, "drawn", STROKES))
        elif kind == "waived":
            if not self.wait(600, 2000):
                return False
            with clock.at(self.time):
                signing.waive_sign(actor=self.play.manager, number=self.number, reason="用户出差，电话确认")
        else:
            if not self.wait(7 * 1440 + 5, 8 * 1440):
                return False
            with clock.at(self.time):
                nightly.auto_confirm(actor=system_actor("nightly"), number=self.number)
        return True

    def rate(self) -> None:
        assert self.ticket
        if self.dice.random() < 0.5:
            score = self.dice.choices([5, 4, 3, 2, 1], weights=[71, 20, 5, 2, 2])[0]
            tags = self.dice.sample(TAGS, self.dice.randint(0, 2)) if score > 3 else []
            user = self.ticket.requester.user
            giver = actor_for(user) if user else system_actor("link")
            with clock.at(self.time):
                closing.rate_ticket(
                    actor=giver, number=self.number, score=score, tags=tags, comment=self.dice.choice(COMMENTS[score])
                )

    def visit_and_archive(self) -> None:
        if not self.wait(900, 3000):
            return
        with clock.at(self.time):
            closing.record_return_visit(
                actor=self.play.desk, number=self.number, result="reached", satisfied=True, comment="用户确认正常"
            )
        if self.wait(3 * 1440, 5 * 1440):
            with clock.at(self.time):
                nightly.archive_what_may()

    def run(self) -> None:
        """As far as the present allows."""
        engineer = self.play.pick_engineer()
        own = self.dice.random() < 0.2
        self.register(engineer if own else self.play.desk)
        if own:
            with clock.at(self.time):
                working.judge_level(actor=engineer, number=self.number, level=self.case.level, reason="当面核实")
        elif self.wait(1, 14):
            self.take(engineer)
        worker = self.second_line(engineer) if self.dice.random() < 0.18 and engineer.tier == 1 else engineer
        if not self.wait(2, 30) or not self.work(worker) or not self.wait(1, 6):
            return
        self.sheet(worker)
        if self.wait(2, 30) and self.sign(worker):
            self.rate()
            self.visit_and_archive()


def write_history(customers: dict[str, Customer], count: int, tell: Callable[[int], None] = lambda done: None) -> None:
    """`count` tickets of the past, then today's; `tell` hears how many there are, after every `TOLD`."""
    play, now = cast(customers), clock.now()
    by_level = {level: [case for case in CASES if case.level == level] for level in LEVELS}
    for made, start in enumerate(moments(play.dice, now, count)):
        if made and made % TOLD == 0:
            tell(made)
        level = int(choose(play.dice, LEVELS))
        Story(play, play.dice.choice(by_level[level]), start, now).run()
    today(play, now)


def today(play: Cast, now: datetime) -> None:
    """What a visitor sees at once: two unassigned, one offered, work under way, a pause, one to sign."""
    subjects = {case.subject: case for case in CASES}

    def story(words: str, minutes: int, code: str) -> Story:
        case = next(case for subject, case in subjects.items() if words in subject)
        return Story(play, case, now - timedelta(minutes=minutes), now, code)

    named = {contact.name: contact for rows in play.contacts.values() for contact in rows}
    one, two, three = (play.engineers[f"engineer{i}"] for i in (1, 2, 3))
    story("OA 提交流程", 22, "demo-a").register(play.desk, named["高磊"], "wechat_group")
    story("扫描到文件夹", 12, "demo-b").register(play.desk, named["赵丽"], "phone")
    offered = story("财务张倩电脑", 6, "demo-a")
    offered.register(play.desk, named["张倩"], "phone")
    with clock.at(now - timedelta(minutes=4)):
        taking.dispatch_ticket(actor=play.desk, number=offered.number, to="engineer1")
    outage = story("三楼整层断网", 58, "demo-a")
    outage.register(play.desk, named["沈岚"], "phone")
    outage.wait(1, 2)
    outage.take(one)
    outage.second_line(one)
    with clock.at(now - timedelta(minutes=20)):
        working.depart_for_ticket(actor=two, number=outage.number)
    with clock.at(now - timedelta(minutes=14)):
        working.arrive_at_ticket(actor=two, number=outage.number, proof="scan", note="CL-SW-0306")
        note = NewMessage("空开下口短路，疑似新装饮水机那路，已隔离该支路。", internal=True)
        messages.post_message(actor=two, number=outage.number, message=note)
    with clock.at(now - timedelta(minutes=9)):
        reply = NewMessage("三楼断网原因已找到（供电故障），正在恢复，请先保存手头文件。")
        messages.post_message(actor=one, number=outage.number, message=reply)
        shen = actor_for(User.objects.get(username="customer1"))
        messages.remind_ticket(actor=shen, number=outage.number, comment="报税 12 点截止")
    vendor = story("发给客户的邮件", 300, "boan")
    vendor.register(play.desk, named["江悦"], "mail")
    vendor.wait(2, 9)
    vendor.take(three)
    vendor.wait(5, 6)
    with clock.at(vendor.time):
        working.suspend_ticket(
            actor=three, number=vendor.number, reason="wait_vendor", note="厂商工单 8812", eta=now + timedelta(days=1)
        )
    till = story("收银1号机", 95, "demo-b")
    till.register(play.desk, named["马俊"], "scan")
    till.wait(1, 3)
    till.take(three)
    till.wait(2, 5)
    if till.work(three):
        till.sheet(three)
