"""Tickets in any condition, in one line."""

from collections.abc import Callable
from typing import Any

from yizhan.kernel.actor import Actor
from yizhan.people.models import Contact, Customer
from yizhan.tickets.models import Category, Ticket
from yizhan.tickets.services import closing, signing, taking, working
from yizhan.tickets.services.registering import NewTicket, register_ticket
from yizhan.tickets.services.sheets import SheetInput, submit_sheet

SHEET = {
    "mode": "remote",
    "diagnosis": "打印队列卡住",
    "cause_category": "software",
    "actions_taken": "重启打印服务",
    "outcome": "solved",
    "labour_minutes": 15,
    "parts": [],
    "category": "print",
}
STROKE = [[[0, 0, 0], [10, 10, 50]]]


class World:
    """The demonstration's people at work. Every step is the real command."""

    def __init__(self, actors: Callable[[str], Actor]) -> None:
        self.actor = actors

    def contact(self, username: str = "requester1") -> Contact:
        return Contact.objects.select_related("customer", "site", "department", "user").get(user__username=username)

    def new(self, by: str = "desk", requester: str = "requester1", **more: Any) -> Ticket:
        contact = self.contact(requester)
        given = {"subject": "打印机显示脱机", "description": "重启没用", "channel": "phone", **more}
        return register_ticket(actor=self.actor(by), new=NewTicket(customer=contact.customer, requester=contact, **given))

    def claimed(self, by: str = "engineer1", **more: Any) -> Ticket:
        return taking.claim_ticket(actor=self.actor(by), number=self.new(**more).number)

    def judged(self, level: int = 3, **more: Any) -> Ticket:
        ticket = self.claimed(**more)
        return working.judge_level(actor=self.actor("engineer1"), number=ticket.number, level=level, reason="核实")

    def sheet(self, **changes: Any) -> SheetInput:
        given = {**SHEET, **changes}
        category = Category.objects.get(code=given.pop("category")) if given.get("category") else given.pop("category")
        return SheetInput(**given, category=category)

    def completed(self, **more: Any) -> Ticket:
        ticket = self.judged(**more)
        return submit_sheet(actor=self.actor("engineer1"), number=ticket.number, sheet=self.sheet())

    def signed(self, **more: Any) -> Ticket:
        ticket = self.completed(**more)
        signature = signing.Signature("张倩", "account")
        return signing.sign_ticket(actor=self.actor("requester1"), number=ticket.number, signature=signature)

    def ready(self, **more: Any) -> Ticket:
        ticket = self.signed(**more)
        number = ticket.number
        closing.rate_ticket(actor=self.actor("requester1"), number=number, score=5)
        closing.record_return_visit(actor=self.actor("desk"), number=number, result="reached", satisfied=True)
        return closing.decide_knowledge(actor=self.actor("desk"), number=number, decision="routine")

    def archived(self, **more: Any) -> Ticket:
        return closing.archive_ticket(actor=self.actor("desk"), number=self.ready(**more).number)

    def demo_b(self) -> Customer:
        return Customer.objects.get(code="demo-b")
