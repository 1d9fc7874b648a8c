"""What people signed, rated and answered, held against the audit rows that tell how it was made.

Each such row names the digest of all that was kept, in a keyed chain: whoever plants, changes or takes away a record
without the key has no row that fits. Records of earlier versions, whose rows name none, were given a row by the
upgrade (migration 0014), with the digest of what they were then. Nothing else is let through.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, NamedTuple

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from yizhan.kernel import audit
from yizhan.kernel.actor import Actor
from yizhan.kernel.chains import VERSION, Row, keyed
from yizhan.kernel.models import AuditEntry
from yizhan.kernel.verification import proof, streamed, written_here
from yizhan.tickets.models import Rating, ReturnVisit, SignOff

FACT, OWNER = "evidence_sha256", "ticket_id"
SEALED = "seal_evidence"


def moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def evidence_digest(sign_off: Any) -> str:
    """The digest of all that was kept of one signature: what, who, how, held out by whom, when, from where."""
    people = [sign_off.signer_name, sign_off.on_behalf, sign_off.signed_by_id, sign_off.collected_by_id]
    place = [moment(sign_off.signed_at), sign_off.address, sign_off.agent]
    whole = [sign_off.sheet_id, sign_off.sheet_sha256, sign_off.method, sign_off.reason, *people, *place, sign_off.strokes]
    return hashlib.sha256(audit.canonical(whole).encode()).hexdigest()


def rating_digest(rating: Any) -> str:
    """Keyed: it stands in the audit only, and what was said must not be guessed from it."""
    said = (rating.score, rating.tags, rating.comment)
    return keyed("rating", rating.ticket_id, rating.contact_id, *said, moment(rating.rated_at))


def visit_digest(visit: Any) -> str:
    said = (visit.result, visit.solved, visit.satisfied, visit.comment)
    made = (visit.made_by_id, moment(visit.made_at), visit.self_made, visit.by_link)
    return keyed("return visit", visit.ticket_id, *said, *made)


@dataclass(frozen=True)
class Kind:
    """One kind of record that is only ever added, by one command, and the digest of one of them."""

    model: type[models.Model]
    command: str
    name: str
    digest: Callable[[Any], str]
    at_a_time: int = 5_000

    @property
    def label(self) -> str:
        return self.model._meta.label_lower


KINDS = (
    Kind(SignOff, "sign_sheet", "sign-off", evidence_digest, at_a_time=50),  # a drawn one may hold 20,000 points
    Kind(Rating, "rate_ticket", "rating", rating_digest),
    Kind(ReturnVisit, "record_return_visit", "return visit", visit_digest),
)
OF = {kind.model: kind for kind in KINDS}


class Named(NamedTuple):
    """What the audit says of a record: its digest, its ticket, and whether only the upgrade could say so."""

    digest: str
    ticket: int | None
    sealed: bool


def facts_of(kind: Kind, record: Any) -> dict[str, Any]:
    """What an audit row must name of a record so that it can be held against it; `named_by` reads them back."""
    return {FACT: kind.digest(record), OWNER: record.ticket_id}


def record_made(actor: Actor, record: SignOff | Rating | ReturnVisit, facts: Mapping[str, Any]) -> None:
    """The audit row of a record that was made just now."""
    kind = OF[type(record)]
    audit.record(actor, kind.command, record, {}, {**facts, **facts_of(kind, record)})


def entry_of(actor: Actor, record: Any) -> Row:
    """A row that names a record, for many at once."""
    kind = next(kind for kind in KINDS if kind.label == record._meta.label_lower)
    return audit.entry(actor, kind.command, "done", kind.label, record.pk, {}, facts_of(kind, record))


def named_by(rows: Iterable[tuple[str, Any]]) -> Named | None:
    """What the rows (command, after) of one record's chain name; None where none does."""
    for command, after in rows:
        if isinstance(after, Mapping) and FACT in after:
            return Named(after[FACT], after.get(OWNER), command == SEALED)
    return None


def fault(kind: Kind, record: Any, named: Named | None) -> str:
    """Why this record is not what was made here; empty when it is."""
    if named is None:
        return "no row of the audit tells how it was made: not by this program"
    if (kind.digest(record), record.ticket_id) != (named.digest, named.ticket):
        return "does not fit its evidence digest: it was changed"
    own = getattr(record, FACT, named.digest)
    if own != named.digest and not (named.sealed and own == ""):
        return "its evidence digest is not the one that the audit names"
    return ""


def genuine(sign_offs: Iterable[SignOff]) -> bool:
    """Whether these are as they were given, by rows of the audit that are ours."""
    rows = list(sign_offs)
    kind = OF[SignOff]
    chains: dict[int, list[tuple[str, Any]]] = {row.pk: [] for row in rows}
    told = AuditEntry.objects.filter(object_type=kind.label, object_id__in=chains, command__in=(kind.command, SEALED))
    for entry in told.order_by("id"):
        if written_here(entry):
            chains[entry.object_id or 0].append((entry.command, entry.after))
    return not any(fault(kind, row, named_by(chains[row.pk])) for row in rows)


def compared(kind: Kind) -> str:
    """Each record beside its rows of the audit, as a list of [command, after]; either may be missing."""
    columns = ", ".join(f"s.{field.column}{'::text' * isinstance(field, models.JSONField)}" for field in fields_of(kind))
    return f"""
SELECT t.number, a.object_id, a.told::text, {columns}
FROM (SELECT object_id, jsonb_agg(jsonb_build_array(command, after) ORDER BY id) AS told FROM kernel_audit
    WHERE object_type = '{kind.label}' AND outcome = 'done' AND command IN ('{kind.command}', '{SEALED}')
        AND version = {VERSION} GROUP BY object_id) a
FULL JOIN {kind.model._meta.db_table} s ON s.id = a.object_id LEFT JOIN tickets_ticket t ON t.id = s.ticket_id
"""  # noqa: S608 - our own names


def fields_of(kind: Kind) -> list[Any]:
    return list(kind.model._meta.concrete_fields)


def read(columns: Sequence[tuple[str, bool]], values: Sequence[Any]) -> Any:
    """The record whose columns these are, without what a model costs; None where there is none."""
    if values[0] is None:
        return None
    pairs = zip(columns, values, strict=True)
    return SimpleNamespace(**{name: json.loads(value) if packed and value else value for (name, packed), value in pairs})


@proof
def changed_records(database: BaseDatabaseWrapper) -> Iterator[str]:
    """Signatures, ratings and return visits that are not what they were when they were given, planted ones, lost ones."""
    for kind in KINDS:
        columns = [(field.attname, isinstance(field, models.JSONField)) for field in fields_of(kind)]
        for number, pk, told, *values in streamed(database, compared(kind), kind.at_a_time):
            record, named = read(columns, values), named_by(json.loads(told or "[]"))
            if record is None:
                yield f"{number_of(database, named)}: {kind.name} {pk}: the audit tells how it was made, it is gone"
            elif wrong := fault(kind, record, named):
                yield f"{number}: {kind.name} {record.id}: {wrong}"


def number_of(database: BaseDatabaseWrapper, named: Named | None) -> str:
    """The number of the ticket that the audit names with a record that is gone."""
    with database.cursor() as cursor:
        cursor.execute("SELECT number FROM tickets_ticket WHERE to_jsonb(id) = %s::jsonb", [json.dumps(named and named.ticket)])
        return str((cursor.fetchone() or ("?",))[0])
