"""Rows of somebody's sheet into records: one transaction, each faulty row returned with its reasons.

The dry run is the real run rolled back, so that what it promises is what happens.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.db.models import ForeignKey, ManyToManyField, Model, Q
from django.utils.translation import gettext as _

from yizhan.kernel import audit, custom_fields
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command
from yizhan.kernel.constraints import refusal
from yizhan.kernel.errors import DomainError, Invalid
from yizhan.kernel.fields import Choice, Several, Switch, adapter_of, split
from yizhan.kernel.resource.declaration import Resource
from yizhan.kernel.resource.mapping import importable, needed
from yizhan.kernel.resource.reading import Draft, Fault, Lookup, Outcome, in_one
from yizhan.kernel.resource.saving import bound_form, unfit, write

CHUNK = 500
Row = list[str]
Tell = Callable[[int, int], None]


class RollBack(Exception):
    """Ends a dry run."""


class Importer:
    """One import under way. `mapping` gives each field's column."""

    def __init__(
        self, actor: Actor, resource: Resource[Any], mapping: Mapping[str, int], *, create_missing: bool = False
    ) -> None:
        self.actor, self.resource, self.outcome = actor, resource, Outcome()
        offered = importable(resource, actor)
        self.mapping = {name: column for name, column in mapping.items() if name in offered}
        missing = [name for name in needed(resource) if name not in self.mapping]
        if missing or not resource.match:
            words = {name: [_("Not matched yet: {names}").format(names=offered.get(name, name))] for name in missing}
            names = "、".join(offered.get(name, name) for name in missing)
            raise Invalid(_("Not matched yet: {names}").format(names=names), code="no_match_columns", fields=words)
        self.definitions = {d.name: d for d in resource.custom(actor) if d.name in self.mapping}
        self.form = bound_form(actor, resource, None)
        self.fields: dict[str, Any] = {
            name: resource.model._meta.get_field(name) for name in self.mapping if name not in self.definitions
        }
        related = {n: f for n, f in self.fields.items() if isinstance(f, ForeignKey | ManyToManyField)}
        self.lookups = {n: Lookup(actor, f, resource.natural.get(n), create_missing) for n, f in related.items()}
        self.adapters = {n: adapter_of(f) for n, f in self.fields.items() if n not in related}
        self.labels = offered
        self.seen: dict[tuple[Any, ...], int] = {}
        self.not_cleaned = {f.name for f in resource.model._meta.get_fields() if f.is_relation or f.name not in resource.fields}

    # Reading a row.

    def value(self, name: str, text: str, values: dict[str, Any]) -> Any:
        if name in self.definitions:
            wanted = self.definitions[name]
            if wanted.kind == wanted.Kind.BOOLEAN:
                text = custom_fields.YES if Switch(None).cell(text) else custom_fields.NO
            return custom_fields.form_field(wanted, required=False).clean(text)
        model_field = self.fields[name]
        if isinstance(model_field, ManyToManyField):
            return [self.lookups[name].find(part, values.get("customer")) for part in split(text)]
        if isinstance(model_field, ForeignKey):
            return self.lookups[name].find(text, values.get("customer"))
        adapter = self.adapters[name]
        if isinstance(adapter, Switch | Choice):
            return adapter.cell(text)
        if isinstance(adapter, Several):
            return self.form.fields[name].clean(adapter.cell(text))
        return self.form.fields[name].clean(text)

    def parse(self, number: int, row: Row) -> Draft | Fault:
        """An empty cell says nothing: a new record gets the usual value, a known one keeps its own."""
        values: dict[str, Any] = {}
        reasons: list[str] = []
        first = sorted(self.mapping, key=lambda name: name != "customer")  # places are known by their customer
        for name in first:
            text = row[self.mapping[name]].strip()
            if not text:
                continue
            try:
                values[name] = self.value(name, text, values)
            except ValidationError as error:
                reasons.append(f"{self.labels[name]}: {' '.join(error.messages)}")
        for name in self.resource.match:
            if name in self.fields and name not in values and not self.fields[name].blank and not reasons:
                reasons.append(_("{label}: this is needed.").format(label=self.labels[name]))
        return Fault(number, tuple(reasons)) if reasons else Draft(number, values)

    # Finding what is known already.

    def identity(self, source: Mapping[str, Any] | Model) -> tuple[Any, ...]:
        found = []
        for name in self.resource.match:
            value = source.get(name) if isinstance(source, Mapping) else getattr(source, name)
            found.append(value.pk if isinstance(value, Model) else value or "")
        return tuple(found)

    def known(self, drafts: Sequence[Draft]) -> Callable[[Draft], Any]:
        """How a draft finds its record: by all match fields, or all but an empty last one where that is unmistakable."""
        match = self.resource.match
        strict = match[:-1] if self.resource.model._meta.get_field(match[-1]).blank else match
        condition = self.among(drafts, strict)
        if strict != match:
            named = [draft for draft in drafts if draft.values.get(match[-1])]
            last = {draft.values[match[-1]] for draft in named}
            near = Q(**{f"{match[-1]}__in": last}) | (self.among(named, strict) & Q(**{match[-1]: ""}))
            condition &= near | self.among([draft for draft in drafts if not draft.values.get(match[-1])], strict)
        rows = self.resource.policy.scope(self.actor, self.resource.view).filter(condition)
        if self.resource.is_field("active"):
            rows = rows.order_by("active", "-pk")
        full: dict[tuple[Any, ...], Any] = {}
        rest: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
        for record in rows.select_for_update(of=("self",)):
            identity = self.identity(record)
            full[identity] = record
            rest[identity[:-1]].append(record)

        def find(draft: Draft) -> Any:
            identity = self.identity(draft.values)
            if identity in full or strict == match:
                return full.get(identity)
            near = rest[identity[:-1]]
            if identity[-1] and [r for r in near if not getattr(r, match[-1])]:
                return next(r for r in near if not getattr(r, match[-1]))
            return near[0] if not identity[-1] and len(near) == 1 else None

        return find

    def among(self, drafts: Sequence[Draft], names: Sequence[str]) -> Q:
        """Records that share each of these fields with one of the drafts."""
        return Q(**{f"{name}__in": {draft.values.get(name) for draft in drafts if draft.values.get(name)} for name in names})

    # Writing.

    def kept(self, draft: Draft) -> set[str]:
        """What a known record had before: it is not judged again, as little as by the form."""
        columns = self.resource.model._meta.concrete_fields
        return {f.name for f in columns if draft.before and draft.before.get(f.attname) == getattr(draft.record, f.attname)}

    def fill(self, draft: Draft) -> list[str]:
        """Put the values on the record; the reasons why it cannot be."""
        record = draft.record
        draft.many = {n: v for n, v in draft.values.items() if isinstance(self.fields.get(n), ManyToManyField)}
        for name, value in draft.values.items():
            if name in self.fields and name not in draft.many:
                setattr(record, name, value)
        if self.definitions:
            record.custom = custom_fields.merged(record.custom, self.definitions.values(), draft.values)
        bad = unfit(self.resource, draft.values)
        if bad:
            return [f"{self.labels.get(n, n)}: {' '.join(texts)}" for n, texts in bad.items()]
        try:
            record.clean_fields(exclude=self.not_cleaned | self.kept(draft))
            self.resource.prepare(self.actor, record)
        except ValidationError as error:
            return [f"{self.labels.get(n, n)}: {' '.join(texts)}" for n, texts in error.message_dict.items()]
        except DomainError as error:
            return [str(error)]
        if not self.resource.policy.allows(self.actor, self.resource.change, record):
            return [_("You may not do this.")]
        for name in self.resource.fields:
            model_field: Any = self.resource.model._meta.get_field(name)
            empty = isinstance(model_field, ForeignKey) and getattr(record, model_field.attname) is None
            if empty and not model_field.null:
                return [_("{label}: this is needed.").format(label=self.labels.get(name, name))]
        return []

    def run(self, rows: Sequence[Row], numbers: Sequence[int], tell: Tell | None = None) -> Outcome:
        """All rows, a chunk at a time, within the caller's transaction. `numbers` are theirs in the sheet."""
        numbered = list(zip(numbers, rows, strict=True))
        for start in range(0, len(rows), CHUNK):
            self.chunk(numbered[start : start + CHUNK])
            if tell:
                tell(min(start + CHUNK, len(rows)), len(rows))
        return self.outcome

    def chunk(self, rows: Sequence[tuple[int, Row]]) -> None:
        drafts: list[Draft] = []
        for number, row in rows:
            parsed = self.parse(number, row)
            if isinstance(parsed, Fault):
                self.outcome.faults.append(parsed)
            else:
                drafts.append(parsed)
        if not drafts:
            return
        find = self.known(drafts)
        new: list[Draft] = []
        changed: list[Draft] = []
        for draft in drafts:
            self.sort_in(draft, find, new, changed)
        done = [*self.insert(new), *self.update(changed)]
        self.outcome.new += sum(not draft.before for draft in done)
        self.outcome.changed += sum(bool(draft.before) for draft in done)
        self.after(done)

    def sort_in(self, draft: Draft, find: Callable[[Draft], Any], new: list[Draft], changed: list[Draft]) -> None:
        identity = self.identity(draft.values)
        if identity in self.seen:
            self.fault(draft, [_("The same as row {row}.").format(row=self.seen[identity])])
            return
        self.seen[identity] = draft.row
        known = find(draft)
        if known is not None and not self.resource.policy.allows(self.actor, self.resource.change, known):
            self.fault(draft, [_("You may not do this.")])
            return
        draft.record = known if known is not None else self.resource.model()
        draft.before = audit.snapshot(known) if known is not None else {}
        reasons = self.fill(draft)
        if reasons:
            self.fault(draft, reasons)
            return
        if known is None:
            new.append(draft)
            return
        draft.members = {n: sorted(getattr(known, n).values_list("pk", flat=True)) for n in draft.many}
        wanted = {n: sorted(r.pk for r in found) for n, found in draft.many.items()}
        life = self.resource.life
        if audit.snapshot(draft.record) == draft.before and wanted == draft.members:
            self.outcome.same += 1
        elif life is not None and not life.is_editable(known):
            self.fault(draft, [str(life.refusal(known))])
        else:
            if life is not None:
                known.version += 1
            changed.append(draft)

    def fault(self, draft: Draft, reasons: Sequence[str]) -> None:
        self.outcome.faults.append(Fault(draft.row, tuple(reasons)))

    def insert(self, drafts: list[Draft]) -> list[Draft]:
        def write() -> None:
            self.resource.model._default_manager.bulk_create([draft.record for draft in drafts])

        return self.together(drafts, write)

    def update(self, drafts: list[Draft]) -> list[Draft]:
        columns = {f.name for f in self.resource.model._meta.concrete_fields if not f.primary_key}
        touched = [
            name for name in columns
            if any(d.before.get(self.attname(name)) != getattr(d.record, self.attname(name)) for d in drafts)
        ]  # fmt: skip

        def write() -> None:
            if touched:
                self.resource.model._default_manager.bulk_update([d.record for d in drafts], touched, batch_size=200)

        return self.together(drafts, write)

    def attname(self, name: str) -> str:
        return str(self.resource.model._meta.get_field(name).attname)

    def together(self, drafts: list[Draft], write: Callable[[], None]) -> list[Draft]:
        """The whole chunk in one statement; where the database refuses it, row by row to find out which."""
        if not drafts:
            return []
        try:
            with transaction.atomic():
                write()
        except (IntegrityError, DataError):
            return [draft for draft in drafts if self.alone(draft)]
        return drafts

    def alone(self, draft: Draft) -> bool:
        if not draft.before:
            draft.record.pk = None
        try:
            with transaction.atomic():
                write(draft.record, draft.before)
        except (IntegrityError, DataError) as error:
            self.fault(draft, [str(refusal(error))])
            return False
        return True

    def after(self, drafts: list[Draft]) -> None:
        for draft in drafts:
            for name, records in draft.many.items():
                getattr(draft.record, name).set(records)
        records = [draft.record for draft in drafts]
        self.resource.finish_many(self.actor, records)
        seen = self.resource.policy.scope(self.actor, self.resource.view).filter(pk__in=[r.pk for r in records]).count()
        if seen != len(records):
            raise Invalid(_("Some rows would leave what you may see."), code="leaves_scope")
        model = self.resource.model._meta.model_name
        entries = [
            (
                f"{'change' if d.before else 'create'}_{model}", d.record, d.before | d.members,
                audit.snapshot(d.record) | {n: sorted(r.pk for r in found) for n, found in d.many.items()},
            )
            for d in drafts
        ]  # fmt: skip
        audit.record_many(self.actor, entries)


@command
def import_rows(
    *,
    actor: Actor,
    resource: Resource[Any],
    mapping: Mapping[str, int],
    rows: Sequence[Row],
    numbers: Sequence[int] | None = None,
    create_missing: bool = False,
    dry_run: bool = False,
    tell: Tell | None = None,
) -> Outcome:
    """Create and change records from rows; good rows are kept together, faulty ones are named by their `numbers`.

    Without numbers the rows follow each other below a heading that is number 1.

    Raises:
        Forbidden: the actor may not change such records.
        Invalid: the columns that tell rows apart are not mapped.
    """
    resource.policy.require(actor, resource.change)
    importer = Importer(actor, resource, mapping, create_missing=create_missing)
    try:
        with transaction.atomic():
            outcome = importer.run(rows, range(2, len(rows) + 2) if numbers is None else numbers, tell)
            if dry_run:
                raise RollBack
    except RollBack:
        pass
    outcome = importer.outcome
    outcome.faults.sort(key=lambda fault: fault.row)
    return outcome


def faulty_rows(headings: Sequence[str], rows: Mapping[int, Row], faults: Sequence[Fault]) -> Iterator[list[Any]]:
    """The rows that were not taken, as they came, each with its reasons behind it."""
    for fault in faults:
        yield [*rows[fault.row][: len(headings)], in_one(fault.reasons)]
