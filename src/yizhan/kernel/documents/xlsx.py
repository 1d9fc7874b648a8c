"""Excel files: written so that no cell is ever a formula, read with limits."""

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yizhan.kernel import children, clock
from yizhan.kernel.children import Limits, NeedsTooMuch, Unreadable
from yizhan.kernel.errors import Invalid, TemporaryFailure
from yizhan.kernel.readers.sheets import DANGEROUS

WIDEST, SAMPLE = 50, 200
LIMITS = Limits(seconds=60, megabytes=1536)
REFUSALS = {
    "empty_table": _("The file has no rows."),
    "too_large": _("The file unpacks to more than can be read."),
    "too_many_rows": _("More than 100,000 rows: split the file."),
    "too_many_columns": _("More than 200 columns."),
    "too_many_cells": _("More than 2,000,000 cells (look for a stray one far right or far below): split the file."),
    "busy": _("The server is busy. Try again in a minute."),
    "unreadable_table": _("This is no readable Excel or CSV file."),
}


def safe_text(text: str) -> str:
    """What a spreadsheet must not run gets an apostrophe in front."""
    return f"'{text}" if text.startswith(DANGEROUS) else text


def cell(value: Any) -> Any:
    """A value as Excel holds it: numbers and dates stay numbers and dates, in local time."""
    if value is None or isinstance(value, bool | int | float | Decimal):
        return value
    if isinstance(value, datetime):
        return timezone.make_naive(value, clock.DEFAULT_ZONE) if timezone.is_aware(value) else value
    return value if isinstance(value, date) else safe_text(str(value))


def width_of(value: Any) -> int:
    """Columns as wide as their text: a Chinese character counts two."""
    if isinstance(value, datetime):
        return 16
    text = "" if value is None else str(value)
    return min(WIDEST, sum(2 if ord(c) > 0x2E7F else 1 for c in text.split("\n", 1)[0]) + 2)


def write_xlsx(headings: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str) -> bytes:
    """One sheet: a frozen heading row with a filter, then the rows, written as they come."""
    import xlsxwriter  # noqa: PLC0415 - heavy, loads on first use

    target = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(target, options)
    sheet = book.add_worksheet("".join(c for c in title if c not in "[]:*?/\\'")[:31] or "Sheet1")
    head, moment = book.add_format({"bold": True, "bottom": 1}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    first: list[list[Any]] = []
    waiting = iter(rows)
    for row in waiting:
        first.append([cell(value) for value in row])
        if len(first) >= SAMPLE:
            break
    for column, heading in enumerate(headings):
        widest = max([width_of(heading), *(width_of(row[column]) for row in first)])
        sheet.set_column(column, column, widest)
    sheet.write_row(0, 0, headings, head)
    sheet.freeze_panes(1, 0)
    count = 0
    for count, values in enumerate(chain(first, waiting), start=1):
        for column, value in enumerate(values):
            if isinstance(value, datetime):
                sheet.write_datetime(count, column, value, moment)
            elif isinstance(value, date):
                sheet.write_datetime(count, column, datetime(value.year, value.month, value.day), day)
            elif value is not None:
                sheet.write(count, column, value)
    if headings:
        sheet.autofilter(0, 0, max(count, 1), len(headings) - 1)
    book.close()
    return target.getvalue()


def chain(first: list[list[Any]], rest: Iterator[Sequence[Any]]) -> Iterator[list[Any]]:
    yield from first
    for row in rest:
        yield [cell(value) for value in row]


def read_table(content: bytes, name: str) -> tuple[list[str], list[list[str]]]:
    """(headings, rows) of a file's first sheet (xlsx, xls, ods or CSV in UTF-8 or GB18030); empty rows are left out.

    Raises:
        Invalid: unreadable, unpacking to too much, or with too many rows, columns or cells.
        TemporaryFailure: the machine had no time for it.
    """
    headings, rows, _numbers = read_numbered_table(content, name)
    return headings, rows


def read_numbered_table(content: bytes, name: str) -> tuple[list[str], list[list[str]], list[int]]:
    """As `read_table`, with each row's number as the spreadsheet shows it: empty rows count, though they are left out.

    Raises:
        Invalid, TemporaryFailure: as `read_table`.
    """
    found = read_in_child(content, name)
    return found["headings"], found["rows"], found["numbers"]


def look_at_table(content: bytes, name: str, samples: int) -> tuple[list[str], list[list[str]], int]:
    """(headings, the first rows, how many there are): what a page shows of a sheet.

    Raises:
        Invalid: as `read_table`; also when the machine has no time for it just now.
    """
    try:
        found = read_in_child(content, name, most=samples)
    except TemporaryFailure as error:
        raise refusal("busy") from error
    return found["headings"], found["rows"], found["count"]


def read_in_child(content: bytes, name: str, most: int | None = None) -> dict[str, Any]:
    is_csv = name.lower().endswith((".csv", ".txt"))
    try:
        found: dict[str, Any] = children.run(
            "yizhan.kernel.readers.sheets:read", content, limits=LIMITS, is_csv=is_csv, most=most
        )
    except NeedsTooMuch as error:
        raise refusal("too_many_cells") from error
    except Unreadable as error:
        raise refusal("unreadable_table") from error
    if "refused" in found:
        raise refusal(found["refused"])
    return found


def refusal(code: str) -> Invalid:
    return Invalid(REFUSALS[code], code=code)
