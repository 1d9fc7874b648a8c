"""What no client should send, and a full disk: a refusal in the shape that the caller understands, never a fault."""

import dataclasses
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from yizhan.kernel.attachments import check
from yizhan.kernel.errors import Invalid
from yizhan.kernel.files import has_room, make_private
from yizhan.kernel.models import Attachment
from yizhan.site.health import make_files_folder, problems
from yizhan.tickets.models import Ticket
from yizhan.tickets.services.messages import attach_file
from yizhan.tickets.services.signing import check_strokes

PROBLEM = "application/problem+json"
NO_BOUNDARY = "multipart/form-data"


@pytest.mark.parametrize("path", ["/api/v1/attachments", "/api/v1/tickets", "/accounts/login/", "/hooks/phone/none/"])
@pytest.mark.parametrize("kind", [NO_BOUNDARY, "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "x" * 300])
def test_a_form_without_boundary(client: Any, api: Any, path: str, kind: str) -> None:
    client.raise_request_exception = False
    headers = api("desk").headers if path.startswith("/api/") else {}
    answer = client.generic("POST", path, b"--x\r\n\r\n", content_type=kind, headers=headers)
    assert 400 <= answer.status_code < 500, answer.content
    if path.startswith("/api/"):
        assert answer.headers["Content-Type"] == PROBLEM


@pytest.mark.parametrize("odd", ["%ED%A0%80", "%00", "%FF%FE", "%F0%9F", "\\ud800"])
def test_half_characters_anywhere(client: Any, api: Any, page: Any, odd: str) -> None:
    client = page("desk")
    client.raise_request_exception = False
    bearer = api("desk").headers
    tries = [
        client.get(f"/tickets/?q={odd}"), client.get(f"/tickets/{odd}/"),
        client.get("/tickets/", headers={"X-Odd": odd, "Referer": odd}),
        client.generic("POST", "/desk/", f"subject={odd}".encode(), content_type="application/x-www-form-urlencoded"),
        client.get(f"/api/v1/tickets?q={odd}", headers=bearer), client.get(f"/api/v1/tickets/{odd}", headers=bearer),
        client.get(f"/api/v1/search?q={odd}", headers=bearer),
        client.generic("POST", "/api/v1/tickets", b"{}", content_type="application/json", headers={**bearer, "Idempotency-Key": odd}),
        client.generic(
            "POST", "/api/v1/tickets", json.dumps({"customer": "demo-a", "subject": "a"}).replace('"a"', '"\\ud800"').encode(),
            content_type="application/json", headers=bearer,
        ),
        *[
            client.generic("POST", f"/api/v1/{name}", b'{"name": "\\ud800", "customer": "\\ud800", "code": "\\ud800"}',
                           content_type="application/json", headers=bearer)
            for name in ("contacts", "customers", "sites", "custom_fields", "tickets/INC-1/actions/claim")
        ],
    ]  # fmt: skip
    assert [answer.status_code for answer in tries if answer.status_code >= 500] == []


def test_a_fault_tells_the_apis_callers_in_their_shape(db: None, rf: Any) -> None:
    from yizhan.site.middleware import bad_request, csrf_failure, server_error

    for handler in (bad_request, csrf_failure, server_error):
        answer = handler(rf.get("/api/v1/tickets"))
        assert answer.headers["Content-Type"] == PROBLEM
        assert json.loads(answer.content)["status"] == answer.status_code


@pytest.mark.parametrize(
    "strokes",
    [
        [[["a", 1, 2], [1, 2, 3]]], [[[None, 1, 2]]], [None], [5], [[5]], [[[1, 2, [3]]]], [[[float("nan"), 1, 2], [1, 2, 3]]],
        [[[float("inf"), 1, 2], [1, 2, 3]]], [[[10**400, 1, 2], [1, 2, 3]]], [[[1e308, 1, 2], [1, 2, 3]]], [{"x": 1}],
    ],
)  # fmt: skip
def test_odd_strokes_are_refused(strokes: Any) -> None:
    with pytest.raises(Invalid):
        check_strokes(strokes)


def test_a_full_disk_is_named(db: None) -> None:
    """A real process that may write nothing, as on a full disk."""
    code = (
        "import pathlib, resource, signal, sys; from yizhan.kernel.files import has_room;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0));"
        "print(has_room(pathlib.Path(sys.argv[1])))"
    )
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "yizhan.site.settings", "PYTHONPATH": os.pathsep.join(sys.path)}
    folder = settings.YIZHAN.data_dir
    command = [sys.executable, "-c", code, str(folder)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "False", done.stderr
    assert has_room(folder)
    assert not list(folder.glob(".room.*"))
    assert "disk" not in problems()
    assert not has_room(folder / "nowhere")


def test_files_may_have_a_volume_of_their_own(db: None, settings: Any, tmp_path: Path) -> None:
    settings.YIZHAN = dataclasses.replace(settings.YIZHAN, data_dir=tmp_path)
    assert "disk" not in problems()
    (tmp_path / "files").write_text("a volume that takes nothing")
    assert "disk" in problems()


def test_a_folder_of_files_that_is_gone_is_told_and_not_made_anew(world: Any, settings: Any, tmp_path: Path, client: Any) -> None:
    settings.YIZHAN = dataclasses.replace(settings.YIZHAN, data_dir=tmp_path)
    make_files_folder()
    assert "files" not in problems()
    file = check("图.txt", "有".encode())
    attach_file(actor=world.actor("engineer1"), customer_id=world.new().customer_id, file=file)
    (tmp_path / "files").rename(tmp_path / "unmounted")
    make_files_folder()
    answer = client.get("/readyz")
    assert (answer.status_code, "files" in answer.json()["missing"]) == (503, True)


def test_no_room_for_a_file_is_told_in_words(db: None, settings: Any, tmp_path: Path, page: Any, api: Any) -> None:
    settings.YIZHAN = dataclasses.replace(settings.YIZHAN, data_dir=tmp_path)
    (tmp_path / "files").write_text("a volume that takes nothing")
    sent = page("requester1").post("/report/", {"what": "没网", "photos": SimpleUploadedFile("a.txt", b"x")})
    assert (sent.status_code, Ticket.objects.count(), Attachment.objects.count()) == (503, 0, 0)
    assert "不能保存文件" in sent.content.decode()
    desk = api("desk")
    file = {"customer": "demo-a", "file": SimpleUploadedFile("a.txt", b"x")}
    answer = desk.client.post("/api/v1/attachments", file, headers=desk.headers)
    assert (answer.status_code, answer.json()["code"]) == (503, "disk")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_data_directory_is_its_owners_only(tmp_path: Path) -> None:
    new = tmp_path / "new"
    make_private(new)
    assert mode(new) == 0o700
    old = tmp_path / "old"
    (old / "files/7/ab").mkdir(parents=True)
    (old / "pg").mkdir()
    for name in ("lock", "files/7/ab/abcd", "pg/PG_VERSION"):
        (old / name).touch(0o644)
    old.chmod(0o755)
    make_private(old)
    assert [mode(old / name) for name in ("", "files/7", "lock", "files/7/ab/abcd")] == [0o700, 0o700, 0o600, 0o600]
    assert mode(old / "pg/PG_VERSION") == 0o644  # the database's own
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    make_private(shared)
    assert mode(shared) == 0o777  # nothing of ours is there
