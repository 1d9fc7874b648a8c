"""Excel files: written so that no cell is ever a formula, read with limits."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yizhan.kernel import clock
from yizhan.kernel.errors import Invalid

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
MAX_UNPACKED = 400 * 2**20
MAX_ROWS = 100_000
MAX_COLUMNS = 200
WIDEST, SAMPLE = 50, 200


def safe_text(text: str) -> str:
    """What a spreadsheet must not run gets an apostrophe in front."""
    return f"'{text}" if text.startswith(DANGEROUS) else text


def plain_text(text: str) -> str:
    """The same, taken back at import."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(DANGEROUS) else text


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


def text_of(value: Any) -> str:
    """A cell as the text that somebody typed: a phone number is no float, a date no timestamp."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes") if value.time() != time.min else value.date().isoformat()
    if isinstance(value, date | time | timedelta):
        return str(value)
    return plain_text(str(value).replace("\0", "").strip())


def read_table(content: bytes, name: str) -> tuple[list[str], list[list[str]]]:
    """(headings, rows) of a file's first sheet (xlsx, xls, ods or CSV in UTF-8 or GB18030); empty rows are left out.

    Raises:
        Invalid: unreadable, unpacking to too much, or with too many rows or columns.
    """
    lines = csv_lines(content) if name.lower().endswith((".csv", ".txt")) else sheet_lines(content)
    table = [[text_of(value) for value in line] for line in lines]
    table = [line for line in table if any(line)]
    if not table:
        raise Invalid(_("The file has no rows."), code="empty_table")
    headings, rows = table[0], table[1:]
    if len(rows) > MAX_ROWS:
        raise Invalid(_("More than 100,000 rows: split the file."), code="too_many_rows")
    if len(headings) > MAX_COLUMNS:
        raise Invalid(_("More than 200 columns."), code="too_many_columns")
    width = len(headings)
    return headings, [(row + [""] * width)[:width] for row in rows]


def csv_lines(content: bytes) -> list[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", errors="replace")
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise unreadable() from error


def sheet_lines(content: bytes) -> list[list[Any]]:
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - heavy, loads on first use

    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(item.file_size for item in packed.infolist()) > MAX_UNPACKED:
                raise Invalid(_("The file unpacks to more than can be read."), code="too_large")
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        return list(book.get_sheet_by_index(0).to_python(skip_empty_area=True))
    except (CalamineError, ValueError, IndexError, OSError, zipfile.BadZipFile) as error:
        raise unreadable() from error


def unreadable() -> Invalid:
    return Invalid(_("This is no readable Excel or CSV file."), code="unreadable_table")
