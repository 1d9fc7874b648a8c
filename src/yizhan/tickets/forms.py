"""What the pages ask for each action. The values become the same bodies that REST takes."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from yizhan.kernel import clock, custom_fields
from yizhan.kernel.errors import Text
from yizhan.kernel.forms import DateTimeInput, DressedForm, dress
from yizhan.kernel.lifecycle.forms import ActionForm
from yizhan.people.models import Duty, User
from yizhan.people.queries import duties_now, teams_serving, technicians
from yizhan.tickets.models import (
    VOID_CODES,
    CauseCategory,
    KnowledgeDecision,
    LinkKind,
    Mode,
    Outcome,
    Paused,
    Proof,
    Ticket,
    VisitResult,
)
from yizhan.tickets.models.category import Category
from yizhan.tickets.queries import open_load, ticket_fields

USUAL_MINUTES = 15
NOBODY = ("", _("Choose…"))
LEVELS = [
    (1, _("Work has stopped"), _("cannot start, system crash, network outage")),
    (2, _("Badly degraded"), _("virus, mail, business system fault")),
    (3, _("Degraded"), _("printing, telephone, slow system")),
    (4, _("A request, work goes on"), _("parts, consumables, how-to")),
]


class TicketForm(ActionForm):
    """One action's entries about a ticket."""

    @property
    def ticket(self) -> Ticket:
        found: Ticket = self.record
        return found

    @property
    def customers(self) -> list[int]:
        """Those of all tickets that it is about."""
        return list(dict.fromkeys(one.customer_id for one in (self.record, *self.others)))


def text_area(rows: int = 2) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "class": "form-control"})


class PeopleForm(TicketForm):
    """Chooses among the engineers of the ticket's customer; of several tickets, of all their customers."""

    people_field = "to"
    people_label = _("Engineer")

    def set_up(self) -> None:
        self.fields[self.people_field] = forms.ChoiceField(
            label=self.people_label,
            choices=[NOBODY, *self.people()],
            widget=forms.Select(attrs={"class": "form-select"}),
        )
        self.order_fields([self.people_field])

    def people(self) -> Sequence[Any]:
        return engineer_choices(*self.customers, without=self.of_no_use())

    def of_no_use(self) -> set[int | None]:
        """Whom to choose would be refused for every one of the tickets."""
        return set.intersection(*(self.there_already(one) for one in (self.record, *self.others)))

    def there_already(self, ticket: Ticket) -> set[int | None]:
        """Who has the part in this ticket that somebody is sought for."""
        return set()


def engineer_choices(*customer_ids: int | None, without: Collection[int | None] = ()) -> list[tuple[str, str]]:
    """Who is an engineer of each of these customers, with what decides: line, skills, roster, load.

    Who is on leave stands last. People of one name are told apart by their user names.
    """
    first, *rest = customer_ids
    rows = technicians(first).exclude(pk__in=[pk for pk in without if pk is not None])
    for customer_id in rest:
        rows = rows.filter(pk__in=technicians(customer_id).order_by().values("pk"))
    people = list(rows.prefetch_related("skills")[:200])
    ids = [person.pk for person in people]
    duties, load = duties_now(ids), open_load(ids)
    named = Counter(person.display_name for person in people)

    def shown(user: User) -> str:
        skills = "、".join(skill.name for skill in user.skills.all())
        duty, work = duties.get(user.pk), _("{n} open").format(n=load.get(user.pk, 0))
        name = f"{user.display_name} ({user.username})" if named[user.display_name] > 1 else user.display_name
        parts = [name, user.get_tier_display() or "", skills, duty.words if duty else "", work]
        return "　".join(str(part) for part in parts if part)

    def away(user: User) -> bool:
        return user.pk in duties and duties[user.pk].kind == Duty.Kind.LEAVE

    return [(user.username, shown(user)) for user in sorted(people, key=away)]


def dispatch_choices(*customer_ids: int | None) -> list[tuple[Text, list[tuple[str, str]]]]:
    """Whom a ticket of these customers can be offered to: the engineers, and the teams that have one for each."""
    first, *rest = customer_ids
    teams = teams_serving(first)
    for customer_id in rest:
        teams = teams.filter(pk__in=teams_serving(customer_id).order_by().values("pk"))
    listed = [(team.code, f"{team.name}　{team.get_tier_display()}") for team in teams]
    groups = [(_("Engineers"), engineer_choices(*customer_ids)), (_("Teams"), listed)]
    return [(label, choices) for label, choices in groups if choices]


class DispatchForm(PeopleForm):
    people_label = _("Engineer or team")

    def people(self) -> Sequence[Any]:
        return dispatch_choices(*self.customers)


class TransferForm(PeopleForm):
    reason = forms.CharField(label=_("Reason"), widget=text_area(), max_length=2000)

    def there_already(self, ticket: Ticket) -> set[int | None]:
        return {ticket.owner_id}


class CoHandlerForm(PeopleForm):
    people_field = "user"

    def there_already(self, ticket: Ticket) -> set[int | None]:
        return {ticket.owner_id, ticket.handler_id, *(person.pk for person in ticket.co_handlers.all())}


class JudgeForm(TicketForm):
    level = forms.TypedChoiceField(
        label=_("Level"), coerce=int, choices=[(n, f"{n} · {t}") for n, t, _e in LEVELS], widget=forms.RadioSelect
    )
    reason = forms.CharField(label=_("Reason, when it differs from what was reported"), required=False, widget=text_area())

    def set_up(self) -> None:
        self.fields["level"].initial = self.ticket.level


class ScheduleForm(TicketForm):
    at = forms.DateTimeField(label=_("Agreed time"), widget=DateTimeInput(attrs={"class": "form-control"}))
    note = forms.CharField(label=_("Agreed with whom"), max_length=200)

    def set_up(self) -> None:
        self.fields["note"].initial = self.ticket.requester.name


class ArriveForm(TicketForm):
    proof = forms.ChoiceField(label=_("What shows the arrival"), choices=Proof.choices, initial=Proof.USER_WORD)
    note = forms.CharField(label=_("Note"), max_length=200, required=False)


class EscalateForm(TicketForm):
    team = forms.ChoiceField(label=_("Second-line team"))
    diagnosis = forms.CharField(label=_("Diagnosis so far"), widget=text_area(3), max_length=10_000)

    def set_up(self) -> None:
        teams = teams_serving(self.ticket.customer_id).filter(tier=2)
        self.fields["team"] = forms.ChoiceField(
            label=_("Second-line team"), choices=[(t.code, t.name) for t in teams],
            widget=forms.Select(attrs={"class": "form-select"}),
        )  # fmt: skip
        self.order_fields(["team", "diagnosis"])


class SuspendForm(TicketForm):
    reason = forms.ChoiceField(label=_("Waiting for"), choices=Paused.choices)
    note = forms.CharField(label=_("Evidence (case number, who said so)"), widget=text_area(), max_length=2000)
    eta = forms.DateTimeField(
        label=_("Expected back"), required=False, widget=DateTimeInput(attrs={"class": "form-control"}),
        help_text=_("Needed for a vendor and for a repair."),
    )  # fmt: skip


class RestoredForm(TicketForm):
    at = forms.DateTimeField(
        label=_("Since when"), required=False, widget=DateTimeInput(attrs={"class": "form-control"}),
        help_text=_("Empty: now."),
    )  # fmt: skip
    note = forms.CharField(label=_("Note"), max_length=500, required=False)


class VoidForm(TicketForm):
    code = forms.ChoiceField(label=_("Why"), choices=[(c.value, c.label) for c in VOID_CODES])
    reason = forms.CharField(label=_("Reason"), widget=text_area(), max_length=2000)


class LinkForm(TicketForm):
    to = forms.CharField(label=_("Number of the other ticket"), max_length=20)
    kind = forms.ChoiceField(label=_("This ticket is"), choices=LinkKind.choices)


class RateForm(TicketForm):
    score = forms.TypedChoiceField(
        label=_("Score"), coerce=int, choices=[(i, str(i)) for i in range(1, 6)], widget=forms.RadioSelect
    )
    comment = forms.CharField(label=_("Comment"), required=False, widget=text_area(), max_length=2000)


class VisitForm(TicketForm):
    result = forms.ChoiceField(label=_("Result"), choices=VisitResult.choices, widget=forms.RadioSelect)
    solved = forms.NullBooleanField(
        label=_("Fixed, and working now?"),
        widget=forms.RadioSelect(choices=[("true", _("yes")), ("false", _("no"))]),
        required=False,
    )
    satisfied = forms.NullBooleanField(
        label=_("Content with the service?"),
        widget=forms.RadioSelect(choices=[("true", _("yes")), ("false", _("no"))]),
        required=False,
    )
    comment = forms.CharField(label=_("The user's own words"), required=False, widget=text_area(), max_length=2000)


class KnowledgeForm(TicketForm):
    decision = forms.ChoiceField(label=_("Knowledge"), choices=KnowledgeDecision.choices, widget=forms.RadioSelect)
    article = forms.CharField(label=_("Article number"), required=False, max_length=60)
    reason = forms.CharField(label=_("Note"), required=False, max_length=500)


class SheetForm(TicketForm):
    """The service sheet as an engineer fills it on a phone: choices first, little to type."""

    mode = forms.ChoiceField(label=_("Mode"), choices=Mode.choices, widget=forms.RadioSelect)
    diagnosis = forms.CharField(label=_("Diagnosis"), widget=text_area(), max_length=10_000)
    cause_category = forms.ChoiceField(label=_("Cause"), choices=CauseCategory.choices, widget=forms.RadioSelect)
    actions_taken = forms.CharField(label=_("What was done"), widget=text_area(3), max_length=10_000)
    outcome = forms.ChoiceField(label=_("Outcome"), choices=Outcome.choices, widget=forms.RadioSelect)
    labour_minutes = forms.IntegerField(label=_("Labour, minutes"), min_value=0, max_value=44_640)
    parts = forms.CharField(
        label=_("Parts, one a line"), required=False, widget=text_area(2), help_text=_("Empty: no parts used.")
    )
    category = forms.ChoiceField(label=_("Category"))
    knowledge = forms.ChoiceField(
        label=_("Knowledge"), required=False, choices=KnowledgeDecision.choices, widget=forms.RadioSelect
    )
    article = forms.CharField(label=_("Article number"), required=False, max_length=60)
    leave = forms.BooleanField(label=_("The visit ends with this sheet"), required=False)

    def set_up(self) -> None:
        self.fields["category"] = forms.ChoiceField(
            label=_("Category"), choices=category_choices(), widget=forms.Select(attrs={"class": "form-select"})
        )
        ticket = self.ticket
        self.fields["category"].initial = ticket.category.code if ticket.category else ""
        self.fields["mode"].initial = Mode.ON_SITE if ticket.arrived_at else Mode.REMOTE
        self.fields["outcome"].initial = Outcome.SOLVED
        self.fields["leave"].initial = True
        begun = ticket.arrived_at or ticket.responded_at
        worked = clock.seconds_between(begun, clock.now()) // 60 if begun else USUAL_MINUTES
        self.fields["labour_minutes"].initial = min(max(worked, 5), 8 * 60) if worked < 24 * 60 else USUAL_MINUTES
        self.own = ticket_fields(ticket)
        for definition in self.own:
            self.fields[definition.name] = custom_fields.form_field(definition)
            self.fields[definition.name].initial = custom_fields.initial(definition, ticket.custom)
        if ticket.kind == "request":
            self.fields["diagnosis"].initial = ticket.subject
            self.fields["cause_category"].initial = CauseCategory.OPERATION

    def sheet(self) -> dict[str, Any]:
        names = ("mode", "diagnosis", "cause_category", "actions_taken", "outcome", "labour_minutes", "category")
        parts = [line.strip() for line in self.cleaned_data["parts"].splitlines() if line.strip()]
        return {**{name: self.cleaned_data[name] for name in names}, "parts": parts}

    def own_fields(self) -> list[forms.BoundField]:
        return [self[definition.name] for definition in self.own]

    def body(self) -> dict[str, Any]:
        return {"sheet": self.sheet(), "version": self.cleaned_data["version"]}


class EditForm(DressedForm):
    """What was written down at registration, to be corrected; and the installation's own fields."""

    subject = forms.CharField(label=_("Subject"), max_length=200)
    description = forms.CharField(label=_("Description"), required=False, widget=text_area(4), max_length=20_000)
    category = forms.ChoiceField(label=_("Category"), required=False)
    site = forms.ChoiceField(label=_("Site"), required=False)
    department = forms.ChoiceField(label=_("Department"), required=False)
    place = forms.CharField(label=_("Place"), required=False, max_length=80)

    def __init__(self, *args: Any, ticket: Ticket, **kwargs: Any) -> None:
        sites, departments = ticket.customer.site_set, ticket.customer.department_set
        choices = {
            "category": category_choices(ticket.category),
            "site": part_choices(sites.all(), ticket.site_id),
            "department": part_choices(departments.all(), ticket.department_id),
        }
        kwargs["initial"] = {
            "subject": ticket.subject, "description": ticket.description, "place": ticket.place,
            "category": ticket.category.code if ticket.category else "", "site": str(ticket.site_id or ""),
            "department": str(ticket.department_id or ""),
        }  # fmt: skip
        super().__init__(*args, **kwargs)
        for name, listed in choices.items():
            self.fields[name] = forms.ChoiceField(
                label=self.fields[name].label, required=False, choices=listed,
                widget=forms.Select(attrs={"class": "form-select"}),
            )  # fmt: skip
        self.own = ticket_fields(ticket)
        for definition in self.own:
            self.fields[definition.name] = custom_fields.form_field(definition, required=False)
            self.initial[definition.name] = custom_fields.initial(definition, ticket.custom)
        dress(self)


def part_choices(rows: QuerySet[Any], chosen: int | None) -> list[tuple[str, str]]:
    """A customer's active sites or departments, and the one that stands there, closed or not."""
    offered = rows.filter(Q(active=True) | Q(pk=chosen)).order_by("sort_key")
    return [("", "–"), *((str(part.pk), part.name) for part in offered)]


def category_choices(chosen: Category | None = None) -> list[tuple[str, str]]:
    """The active catalogue, children indented under their parents; and the one that stands there, closed or not."""
    rows = Category.objects.filter(Q(active=True) | Q(pk=chosen.pk if chosen else None)).order_by("position", "code")
    return [("", "–"), *((c.code, f"　{c.name}" if c.parent_id else c.name) for c in rows)]
