"""Every signature against the digest of what was kept of it, whenever the audit is verified."""

import json
from collections.abc import Iterator

from django.db.backends.base.base import BaseDatabaseWrapper

from yizhan.kernel.verification import proof, streamed
from yizhan.tickets.models import SignOff
from yizhan.tickets.services.signing import evidence_digest

AT_A_TIME = 50  # a drawn signature may hold 20,000 points
PLAIN = (
    "sheet_id", "sheet_sha256", "method", "reason", "signer_name", "signed_by_id", "collected_by_id", "signed_at", "address",
    "agent", "evidence_sha256",
)  # fmt: skip
SIGNED = f"""
SELECT t.number, s.id, s.on_behalf::text, s.strokes::text, {", ".join(f"s.{name}" for name in PLAIN)}
FROM tickets_signoff s JOIN tickets_ticket t ON t.id = s.ticket_id WHERE s.evidence_sha256 <> '' ORDER BY s.id
"""  # noqa: S608 - our own columns


@proof
def changed_signatures(database: BaseDatabaseWrapper) -> Iterator[str]:
    """Signatures that are not what they were when they were given. Those of before the digest have none to fit."""
    for number, pk, on_behalf, strokes, *plain in streamed(database, SIGNED, AT_A_TIME):
        whom = None if on_behalf is None else json.loads(on_behalf)
        row = SignOff(pk=pk, on_behalf=whom, strokes=json.loads(strokes), **dict(zip(PLAIN, plain, strict=True)))
        if evidence_digest(row) != row.evidence_sha256:
            yield f"{number}: sign-off {pk} does not fit its evidence digest: it was changed"
