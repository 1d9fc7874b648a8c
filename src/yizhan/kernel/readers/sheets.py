"""Somebody's sheet into text, in the child of `read_table`: bounded in bytes, rows, columns and cells."""

import csv
import io
import zipfile
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
MAX_UNPACKED = 400 * 2**20
MAX_ROWS = 100_000
MAX_COLUMNS = 200
MAX_CELLS = 2_000_000
Line = list[str]


class Refused(Exception):
    """Why a sheet is not read; the argument is a code."""


def plain_text(text: str) -> str:
    """The apostrophe that our own writer put before what a spreadsheet must not run, taken back."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(DANGEROUS) else text


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


def csv_lines(content: bytes) -> Iterable[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", errors="replace")
    return csv.reader(io.StringIO(text, newline=""), strict=True)


def sheet_lines(content: bytes) -> tuple[int, Iterable[list[Any]]]:
    """The number of the first row that holds anything, and the rows from there on."""
    from python_calamine import CalamineWorkbook  # noqa: PLC0415 - heavy, and needed in the child only

    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(item.file_size for item in packed.infolist()) > MAX_UNPACKED:
                raise Refused("too_large")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
    if sheet.width * sheet.height > 4 * MAX_CELLS:
        raise Refused("too_many_cells")
    lines: Iterable[list[Any]] = sheet.to_python(skip_empty_area=True)
    return (sheet.start or (0, 0))[0] + 1, lines


def table_of(lines: Iterable[list[Any]], first: int = 1) -> tuple[list[int], list[Line]]:
    """The rows that say anything, with the numbers that the spreadsheet shows beside them."""
    numbers: list[int] = []
    table: list[Line] = []
    cells = 0
    for number, given in enumerate(lines, start=first):
        line = [text_of(value) for value in given]
        if not any(line):
            continue
        if not table and len(line) > MAX_COLUMNS:
            raise Refused("too_many_columns")
        line = line[: len(table[0]) if table else None]
        cells += len(line)
        if cells > MAX_CELLS:
            raise Refused("too_many_cells")
        numbers.append(number)
        table.append(line)
        if len(table) > MAX_ROWS + 1:
            raise Refused("too_many_rows")
    return numbers, table


def read(content: bytes, *, is_csv: bool, most: int | None = None) -> dict[str, Any]:
    """Headings, the first `most` rows (all, by default) with their places in the sheet, and how many; or the code of a refusal."""
    try:
        first, lines = (1, csv_lines(content)) if is_csv else sheet_lines(content)
        numbers, table = table_of(lines, first)
    except Refused as refusal:
        return {"refused": str(refusal)}
    if not table:
        return {"refused": "empty_table"}
    headings, rows = table[0], table[1:]
    width = len(headings)
    whole = [(row + [""] * width)[:width] for row in rows[:most]]
    return {"headings": headings, "count": len(rows), "rows": whole, "numbers": numbers[1:][:most]}
