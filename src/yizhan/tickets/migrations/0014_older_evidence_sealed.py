"""Records whose audit row names no digest get a row that names what they are now.

Everything that decides what such a digest says is copied here and stays as it was in that release. Only how a row is
chained to the audit is the running program's, since its verification reads the chain.
"""

import hashlib
from datetime import UTC

from django.db import migrations
from django.utils import timezone

from yizhan.kernel.chains import Row, append_many, canonical, keyed

CHUNK, KEYED_ROWS = 500, 2
UNSEALED = """
SELECT a.object_id, coalesce(a.after->>'evidence_sha256', '') FROM kernel_audit a
WHERE a.object_type = %s AND a.outcome = 'done' AND a.command = %s AND NOT EXISTS (
    SELECT FROM kernel_audit b WHERE b.object_type = a.object_type AND b.object_id = a.object_id AND b.version = %s
        AND b.after ? 'evidence_sha256') ORDER BY a.object_id
"""
# The first return visits had no row of their own, only one in their ticket's chain: of before the key, and of that moment.
OLDEST_VISITS = """
SELECT v.id, '' FROM tickets_returnvisit v
WHERE NOT EXISTS (SELECT FROM kernel_audit a WHERE a.object_type = 'tickets.returnvisit' AND a.object_id = v.id)
AND EXISTS (SELECT FROM kernel_audit a WHERE a.object_type = 'tickets.ticket' AND a.object_id = v.ticket_id AND a.version = 1
    AND a.at >= v.made_at AND a.at < v.made_at + interval '1 minute') ORDER BY v.id
"""


def moment(at):
    return at.astimezone(UTC).isoformat()


def sign_off_digest(row):
    people = [row.signer_name, row.on_behalf, row.signed_by_id, row.collected_by_id]
    place = [moment(row.signed_at), row.address, row.agent]
    whole = [row.sheet_id, row.sheet_sha256, row.method, row.reason, *people, *place, row.strokes]
    return hashlib.sha256(canonical(whole).encode()).hexdigest()


def rating_digest(row):
    return keyed("rating", row.ticket_id, row.contact_id, row.score, row.tags, row.comment, moment(row.rated_at))


def visit_digest(row):
    said = (row.result, row.solved, row.satisfied, row.comment)
    return keyed("return visit", row.ticket_id, *said, row.made_by_id, moment(row.made_at), row.self_made, row.by_link)


KINDS = (
    ("tickets.signoff", "sign_sheet", sign_off_digest),
    ("tickets.rating", "rate_ticket", rating_digest),
    ("tickets.returnvisit", "record_return_visit", visit_digest),
)


def seal_older(registry, connection):
    """How many were sealed: none that the audit does not know at all, nor one that does not fit what its old row says."""
    sealed = 0
    for label, command, digest in KINDS:
        with connection.cursor() as cursor:
            cursor.execute(UNSEALED, [label, command, KEYED_ROWS])
            older = dict(cursor.fetchall())
            if label == "tickets.returnvisit":
                cursor.execute(OLDEST_VISITS)
                older.update(cursor.fetchall())
        ids = list(older)
        for start in range(0, len(ids), CHUNK):
            records = registry.get_model(label).objects.in_bulk(ids[start : start + CHUNK]).values()
            rows = [row_of(label, record, digest(record)) for record in records if fits(record, digest, older[record.pk])]
            if rows:
                append_many(rows, set())
            sealed += len(rows)
    return sealed


def fits(record, digest, told):
    """Whether an old record has the digest that its old row names; most have none, and rows that name none."""
    return getattr(record, "evidence_sha256", told) == told and told in {"", digest(record)}


def row_of(label, record, digest):
    after = canonical({"evidence_sha256": digest, "ticket_id": record.ticket_id})
    return Row(timezone.now(), "system:upgrade", "seal_evidence", "done", label, record.pk, "{}", after, "", "")


def seal(apps, schema_editor):
    seal_older(apps, schema_editor.connection)


class Migration(migrations.Migration):
    """Signatures, ratings and return visits of before get a row of the audit that names the digest of what they are."""

    dependencies = [("tickets", "0013_words_of_a_waiting_handover"), ("kernel", "0011_months_of_early_rows")]
    operations = [migrations.RunPython(seal, migrations.RunPython.noop)]
