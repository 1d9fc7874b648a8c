"""What a list shows, as an Excel file: at once when it is small, else as long work."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.http import QueryDict

from yizhan.kernel import attachments, audit, works
from yizhan.kernel.actor import Actor
from yizhan.kernel.documents.xlsx import write_xlsx
from yizhan.kernel.errors import NotFound
from yizhan.kernel.listing.declaration import Column, Listing, listing_named
from yizhan.kernel.models import Work

AT_ONCE = 2_000
CHUNK = 500


def rows_of(columns: Sequence[Column], rows: Any, progress: works.Progress | None, total: int) -> Iterator[list[Any]]:
    for number, record in enumerate(rows.iterator(chunk_size=CHUNK), start=1):
        yield [column.value(record) for column in columns]
        if progress is not None and number % 100 == 0:
            progress(number, total)


def file_of(
    actor: Actor, listing: Listing[Any], given: QueryDict, columns: Sequence[Column], progress: works.Progress | None = None
) -> bytes:
    """The file; who took what out is in the audit."""
    rows = listing.with_columns(listing.found(actor, given), columns).order_by(*listing.order)
    total = rows.count()
    content = write_xlsx([str(c.label) for c in columns], rows_of(columns, rows, progress, total), title=str(listing.label))
    facts = {"query": given.urlencode()[:500], "columns": [c.name for c in columns], "rows": total}
    audit.write(actor, "export_list", "done", f"list.{listing.name}"[:40], None, {}, facts)
    return content


def is_small(actor: Actor, listing: Listing[Any], given: QueryDict) -> bool:
    return bool(listing.found(actor, given).order_by().values("pk")[: AT_ONCE + 1].count() <= AT_ONCE)


@works.kind("export")
def run_export(work: Work, actor: Actor, progress: works.Progress) -> works.Result:
    listing = listing_named(work.params["listing"])
    if listing is None:
        raise NotFound
    listing.require_view(actor)
    offered = listing.offered_columns(actor)
    columns = [offered[name] for name in work.params["columns"] if name in offered]
    content = file_of(actor, listing, QueryDict(work.params["query"]), columns, progress)
    file = attachments.check(f"{listing.label}.xlsx", content, 10 * attachments.limit())
    stored = attachments.store(actor, customer_id=attachments.NOBODYS, file=file)
    return works.Result({"bytes": len(content)}, stored)
