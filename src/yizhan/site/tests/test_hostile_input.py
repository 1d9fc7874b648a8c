"""Every parser of foreign input gets a megabyte of its worst. What it costs grows with the size, never with its square.

Nothing is judged by seconds: four times the input may cost ten times as much (a square would cost sixteen), both measured
in this run. The fuse only keeps a failure from lasting for hours.
"""

import io
import re
import signal
import time
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from zlib import crc32

import pytest
import xlsxwriter
from PIL import Image

from yizhan.channels.drivers import phone
from yizhan.channels.drivers.mail.letter import parse, source_key
from yizhan.channels.drivers.mail.quotes import new_words
from yizhan.channels.drivers.mail.reading import ReadLetter, read_letters
from yizhan.kernel import paging
from yizhan.kernel.attachments.checking import check, clean_name, sniff
from yizhan.kernel.documents.xlsx import look_at_table, read_table
from yizhan.kernel.errors import Invalid, PermanentFailure
from yizhan.kernel.numbering import numbers_in
from yizhan.kernel.search.tokens import query_tokens, text_tokens
from yizhan.tickets.pasting import pick_apart

MEGABYTE, FUSE = 2**20, 60.0
HEAD = b"From: a@b.example\r\nMessage-ID: <1@b.example>\r\n"
HTML = HEAD + b"Content-Type: text/html\r\n\r\n"
PNG = b"\x89PNG\r\n\x1a\n"


def filled(piece: bytes, size: int) -> bytes:
    return piece * (size // len(piece))


def words(piece: str, size: int) -> str:
    return piece * (size // len(piece.encode()))


def nested_parts(size: int) -> bytes:
    """Multiparts, each in the one before."""
    parts = [HEAD + b"Content-Type: multipart/mixed; boundary=b0\r\n\r\n"]
    for depth in range(size // 70):
        parts.append(b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (depth, depth + 1))
    return b"".join(parts)


def punycode(size: int) -> bytes:
    return HEAD + b"Content-Type: text/plain; charset=punycode\r\n\r\n" + filled(b"a-9b", size)


LETTERS: dict[str, Callable[[int], bytes]] = {
    "style tags": lambda size: HTML + filled(b"<style>", size),
    "style tags, half closed": lambda size: HTML + filled(b"<style></x>", size),
    "nested tags": lambda size: HTML + filled(b"<div>", size),
    "tags that do not nest": lambda size: HTML + filled(b"<i></p>", size),
    "open comments": lambda size: HTML + filled(b"<!--", size),
    "open brackets": lambda size: HTML + filled(b"<", size),
    "open attributes": lambda size: HTML + filled(b'<a b="', size),
    "entities": lambda size: HTML + filled(b"&amp", size),
    "an endless number": lambda size: HTML + b"&#" + filled(b"9", size) + b";",
    "blank lines": lambda size: HTML + filled(b"\n \n", size),
    "quotes in From": lambda size: b"From: " + filled(b'"', size) + b"\r\n\r\nx",
    "brackets in From": lambda size: b"From: " + filled(b"(", size) + b"\r\n\r\nx",
    "addresses in From": lambda size: b"From: " + filled(b"a@b.example,", size) + b"\r\n\r\nx",
    "addresses in To": lambda size: HEAD + b"To: " + filled(b"a@b.example,", size) + b"\r\n\r\nx",
    "references": lambda size: HEAD + b"References: " + filled(b"<a@b.example> ", size) + b"\r\n\r\nx",
    "open references": lambda size: HEAD + b"References: " + filled(b"<", size) + b"\r\n\r\nx",
    "encoded words": lambda size: HEAD + b"Subject: " + filled(b"=?utf-8?q?a?= ", size) + b"\r\n\r\nx",
    "open encoded words": lambda size: HEAD + b"Subject: " + filled(b"=?utf-8?q?", size) + b"\r\n\r\nx",
    "numbers in the subject": lambda size: HEAD + b"Subject: " + filled(b"INC2", size) + b"\r\n\r\nx",
    "parameters": lambda size: HEAD + b"Content-Type: text/plain; " + filled(b"a*0*=x;", size) + b"\r\n\r\nx",
    "header lines": lambda size: filled(b"a: b\r\n", size) + HEAD + b"\r\nx",
    "continued lines": lambda size: HEAD + b"a: b\r\n" + filled(b" x\r\n", size) + b"\r\nx",
    "parts": lambda size: HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + filled(b"--b\r\n\r\nx\r\n", size),
    "letters in letters": lambda size: filled(b"Content-Type: message/rfc822\r\n\r\n", size),
    "charset labels": lambda size: HEAD + b"\r\n" + filled(b"charset \t", size),
    "a slow decoder": punycode,
    "no letter at all": lambda size: filled(bytes(range(256)), size),
}

TEXTS: dict[str, tuple[Callable[[str], Any], list[str]]] = {
    "quoted words": (new_words, ["\n", " ", "> ", "On ", "在 ", "写道", "-", "_", "发件人", "x于 "]),
    "pasting": (
        pick_apart,
        [
            " ",
            "a",
            "你好",
            "@a ",
            "姓名：",
            "3楼",
            "分机",
            "我是",
            "1",
            "【",
            "\n1",
            "12:00 ",
            "[12:00] ",
            "[微信] ",
            "a-",
            "张倩\n12:00\n",
            "——",
            "，电话",
            "11-25 ",
            "昨天",
            "李娜：",
        ],
    ),
    "search terms": (text_tokens, ["打", "a", "a.", "1", "-", "ﷺ"]),
    "people's names": (lambda text: text_tokens(names=[text], phones=[text]), ["张", "a", "1"]),
    "a search": (query_tokens, ["打", "a", "a.", "ﷺ"]),
    "ticket numbers": (numbers_in, ["INC", "INC261122-", "1"]),
    "a file's name": (clean_name, ["a", ".", "/", "\\", "\u202e"]),
}

BYTES: dict[str, tuple[Callable[[bytes], Any], list[bytes]]] = {
    "a letter's key": (lambda raw: source_key(1, raw), [b"message-id: ", b"\n", b"message-id:\n", b" "]),
    "a call": (phone.read, [b"[", b'{"id":', b'"', b"1", b" "]),
    "a file's type": (lambda content: sniff(content, "x"), [b"\0", b"a", PNG]),
    "a cursor": (lambda content: paging.decode(content.decode("latin-1"), 2), [b"W1tb", b"MTEx", b"=", b"\xff"]),
}


class Blown(Exception):
    """The fuse: far more than any linear reading of a megabyte takes."""


@contextmanager
def fuse() -> Iterator[None]:
    def blow(*_: object) -> None:
        raise Blown

    before = signal.signal(signal.SIGPROF, blow)
    signal.setitimer(signal.ITIMER_PROF, FUSE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def cost(work: Callable[[], Any]) -> float:
    """Processor time; a refusal in plain words is as good as an answer."""
    begun = time.process_time()
    with suppress(Invalid, PermanentFailure):
        work()
    return time.process_time() - begun


def assert_linear(make: Callable[[int], Any], work: Callable[[Any], Any], size: int = MEGABYTE) -> None:
    small, large, plain = make(size // 4), make(size), "x" * size
    unit = cost(lambda: re.findall(r"\w", plain))  # what a pass over the same size costs here and now
    with fuse():
        best = [min(cost(lambda given=given: work(given)) for _ in range(2)) for given in (small, large)]  # type: ignore[misc]
    assert best[1] <= 10 * best[0] + 2 * unit, (best, unit)


@pytest.mark.parametrize("name", LETTERS)
def test_a_letter(name: str) -> None:
    assert_linear(LETTERS[name], parse, MEGABYTE // 4)


@pytest.mark.parametrize("name", LETTERS)
def test_a_megabyte_is_read_in_a_child_and_answered(name: str) -> None:
    (letter,) = read_letters([LETTERS[name](MEGABYTE)])
    assert isinstance(letter, ReadLetter | PermanentFailure)
    if isinstance(letter, ReadLetter):
        assert len(letter.body) <= 200_000
        assert len(letter.subject) <= 4000
        assert len(letter.references) <= 100


@pytest.mark.parametrize(("name", "piece"), [(name, piece) for name, (_, pieces) in TEXTS.items() for piece in pieces])
def test_a_text(name: str, piece: str) -> None:
    assert_linear(lambda size: words(piece, size), TEXTS[name][0])


@pytest.mark.parametrize(("name", "piece"), [(name, piece) for name, (_, pieces) in BYTES.items() for piece in pieces])
def test_some_bytes(name: str, piece: bytes) -> None:
    assert_linear(lambda size: filled(piece, size), BYTES[name][0])


@pytest.mark.parametrize("line", ["a{}12:0", "{}12:00 a", "张倩{}", "姓名：{}x", "a@{}b", "三{}楼", "【{}】a 12:00"])
def test_pasted_blanks(line: str) -> None:
    """204 pasted bytes took six seconds: the patterns' cost grew with the fifth power of a run of blanks."""
    assert_linear(lambda size: line.format(" " * size), pick_apart, 800)


def book(*cells: str) -> bytes:
    target = io.BytesIO()
    workbook = xlsxwriter.Workbook(target)
    sheet = workbook.add_worksheet()
    for cell in cells:
        sheet.write(cell, "x")
    workbook.close()
    return target.getvalue()


def packed_zeros() -> bytes:
    """A sheet that unpacks to 410 MB of blanks."""
    target = io.BytesIO(book("A1"))
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as bad, bad.open("xl/more.xml", "w") as more:
        for _ in range(410):
            more.write(b" " * MEGABYTE)
    return target.getvalue()


SHEETS: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "two far cells": ("x.xlsx", lambda: book("A1", "XFD1048576"), "too_many_cells"),
    "a far row": ("x.xlsx", lambda: book("A1", "GQ1048576"), "too_many_cells"),
    "far columns": ("x.xlsx", lambda: book("A1", "XFD2"), "too_many_columns"),
    "packed blanks": ("x.xlsx", packed_zeros, "too_large"),
    "no sheet": ("x.xlsx", lambda: filled(b"PK\3\4", MEGABYTE), "unreadable_table"),
    "commas": ("x.csv", lambda: filled(b",", MEGABYTE), "empty_table"),
    "columns": ("x.csv", lambda: filled(b"a,", MEGABYTE), "too_many_columns"),
    "quotes": ("x.csv", lambda: filled(b'"', MEGABYTE), "unreadable_table"),
    "lines": ("x.csv", lambda: filled(b"a\n", MEGABYTE), "too_many_rows"),
}


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_is_refused_in_plain_words(name: str) -> None:
    file, make, code = SHEETS[name]
    for read in (lambda content: look_at_table(content, file, 3), lambda content: read_table(content, file)):
        with pytest.raises(Invalid) as refusal:
            read(make())
        assert refusal.value.code == code


def test_pictures() -> None:
    small = io.BytesIO()
    Image.new("1", (10, 10)).save(small, "PNG")
    assert check("a.png", small.getvalue()).refusal is None
    bomb = small.getvalue().replace((10).to_bytes(4, "big") * 2, (60_000).to_bytes(4, "big") * 2, 1)
    bomb = bomb[:29] + crc32(bomb[12:29]).to_bytes(4, "big") + bomb[33:]
    refusal = check("a.png", bomb).refusal
    assert refusal is not None
    assert refusal.code == "too_many_pixels"
    for content in (filled(PNG, MEGABYTE), filled(b"GIF89a", MEGABYTE), filled(b"II*\0\x08\0\0\0\xff\xff", MEGABYTE)):
        check("a.png", content)


def test_a_deep_call_is_refused() -> None:
    body = b'{"id": "1", "event": "ringing", "at": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with pytest.raises(Invalid):
        phone.read(body)
    with pytest.raises(Invalid):
        paging.decode(urlsafe_b64encode(b"[" * 100_000).decode(), 2)
