"""Whoever sends or reads slowly costs nobody else anything, in the program as it ships."""

import json
import re
import socket
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from tests.program import Program

CROWD = 200
LETTER = (
    b"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Cookie: yizhan_csrf=" + b"a" * 32 + b"\r\n"  # with it, the page's own check wants to read the body
)
HALF_SENT = LETTER + b"Content-Length: 1000\r\n\r\nlogin=desk"
HALF_CHUNKED = LETTER + b"Transfer-Encoding: chunked\r\n\r\n5\r\nlogin\r\n"
HALF_HEADED = b"GET /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Lang"


@contextmanager
def crowd(program: Program, opening: bytes) -> Iterator[list[socket.socket]]:
    """Two hundred connections that begin like this and say no more, and read nothing."""
    with ExitStack() as stack:
        found = []
        for _ in range(CROWD):
            one = stack.enter_context(socket.socket())
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.settimeout(30)
            one.connect(("127.0.0.1", program.port))
            one.sendall(opening)
            found.append(one)
        yield found


def page(program: Program) -> int:
    with urllib.request.urlopen(f"{program.url}/accounts/login/", timeout=30) as answer:
        return int(answer.status)


def others_are_served(program: Program) -> None:
    """Another client's pages, its calls with a body, and several at once."""
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(lambda _: page(program), range(24))) == [200] * 24
    caller = {"name": "张倩", "phone": "13800005678"}
    written = {"customer": "demo-a", "requester": caller, "subject": "慢客户端之外"}
    for _ in range(3):
        status, body = program.api("desk", "POST", "/tickets", written)
        assert status == 201, body


@pytest.mark.parametrize("opening", [HALF_SENT, HALF_CHUNKED, HALF_HEADED], ids=["bodies", "chunks", "headers"])
def test_half_sent_requests_of_a_crowd_stop_nobody(program: Program, opening: bytes) -> None:
    program.api("desk", "GET", "/tickets?limit=1")  # the token is made before the crowd comes
    with crowd(program, opening):
        others_are_served(program)
    others_are_served(program)


def test_readers_who_do_not_read_stop_nobody(program: Program) -> None:
    program.api("desk", "GET", "/tickets?limit=1")
    large = b"GET /static/dist/fonts/NotoSansHans-Regular.otf HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with crowd(program, large) as readers:
        assert readers[0].recv(15) == b"HTTP/1.1 200 OK"
        others_are_served(program)


def test_a_body_of_any_shape_arrives_whole(program: Program) -> None:
    """Sent in pieces, without a length, or large enough for a file: the pages get all of it."""
    token = program.tokens.get("desk") or program.run("token", "create", "--user", "desk")
    words = "断断续续" * 30_000
    form = f'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n{words}\r\n--b--\r\n'.encode()
    head = (
        f"POST /api/v1/attachments HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n"
    )
    pieces = [form[at : at + 50_000] for at in range(0, len(form), 50_000)]
    chunked = b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces) + b"0\r\n\r\n"
    for sent in (f"Content-Length: {len(form)}\r\n\r\n".encode() + form, b"Transfer-Encoding: chunked\r\n\r\n" + chunked):
        with socket.create_connection(("127.0.0.1", program.port), timeout=30) as line:
            line.sendall(head.encode() + sent)
            answer = b"".join(iter(lambda line=line: line.recv(65536), b"")).decode()  # type: ignore[misc]
        assert answer.startswith("HTTP/1.1 201"), answer[:500]
        found = re.search(r'"size":(\d+)', answer)
        assert found, answer
        assert int(found.group(1)) == len(words.encode())


def test_what_is_too_large_is_refused_before_it_is_sent(program: Program) -> None:
    for path, kind in (("/api/v1/tickets", "application/problem+json"), ("/accounts/login/", "text/plain")):
        with socket.create_connection(("127.0.0.1", program.port), timeout=30) as line:
            line.sendall(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {2**40}\r\n\r\n".encode())
            answer = b"".join(iter(lambda line=line: line.recv(65536), b"")).decode()  # type: ignore[misc]
        assert answer.startswith("HTTP/1.1 413")
        assert f"content-type: {kind}" in answer


@pytest.mark.parametrize("path", [b"/accounts/login/", b"/api/v1/tickets"])
@pytest.mark.parametrize("chunk", [b"zz\r\nabc\r\n", b"-1\r\n\r\n", b"fffffffffffffffffff\r\nabc", b"5\r\nhello!!\r\n0\r\n\r\n"])
def test_a_malformed_chunk_is_told(program: Program, path: bytes, chunk: bytes) -> None:
    with socket.create_connection(("127.0.0.1", program.port), 10) as one:
        head = b"POST " + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        one.sendall(head + chunk)
        answer = b"".join(iter(lambda: one.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert (b"application/problem+json" in answer) == path.startswith(b"/api/")
    assert "请求无法读取".encode() in answer or b"unreadable" in answer


def test_a_foreign_host_name_is_one_line_of_the_log(program: Program) -> None:
    with socket.create_connection(("127.0.0.1", program.port), 10) as one:
        one.sendall(b"GET / HTTP/1.1\r\nHost: evil-host.example\r\nConnection: close\r\n\r\n")
        assert one.recv(15) == b"HTTP/1.1 400 Ba"
    (line,) = [line for line in (program.place / "console.log").read_text().splitlines() if "evil-host" in line]
    assert (json.loads(line)["level"], "Traceback" in line) == ("warning", False)


def test_a_command_names_the_address_at_which_the_program_is_served(program: Program) -> None:
    assert program.run("channel", "phone", "add", "--name", "where").splitlines()[0] == f"{program.url}/hooks/phone/where/"
