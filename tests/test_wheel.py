"""The program as a package: built from a clean copy by the plain command, installed, served, signed into."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.program import ROOT, Program

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("YIZHAN_", "PYTHON"))}


def run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=CLEAN, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    return done.stdout


def environment(folder: Path, *packages: str | Path) -> Path:
    """A virtual environment with these packages and nothing else; its Python."""
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin/python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--disable-pip-version-check"]
    run(*pip, *packages)
    return python


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git would give to somebody else, and `python -m build` in it."""
    place = tmp_path_factory.mktemp("wheel")
    clone = place / "clone"
    for name in run("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT).splitlines():
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            (clone / name).write_bytes((ROOT / name).read_bytes())
    run(environment(place / "builder", "build", "pip"), "-m", "build", "--outdir", place / "dist", clone)
    (built,) = (place / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel alone in an environment that borrows the suite's copies of what it depends on; its `yizhan`."""
    folder = tmp_path_factory.mktemp("installed") / "env"
    python = environment(folder, "--no-deps", wheel)
    libraries = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    (Path(libraries) / "suite.pth").write_text(sysconfig.get_path("purelib"))
    where = run(python, "-c", "import yizhan; print(yizhan.__file__)", cwd=folder).strip()
    assert where.startswith(str(folder))
    return folder / "bin/yizhan"


def test_the_wheel_holds_what_the_tree_holds_and_no_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    source = ROOT / "src"
    wanted = {str(path.relative_to(source)) for path in (source / "yizhan/templates").rglob("*") if path.is_file()}
    wanted |= {str(path.relative_to(source)) for path in source.rglob("*.py") if "tests" not in path.parts}
    assert sorted(wanted - names) == []
    manifest = json.loads(zipfile.ZipFile(wheel).read("yizhan/static/dist/manifest.json"))
    assert {f"yizhan/static/{path}" for path in manifest.values()} <= names
    assert {f"yizhan/static/{path}.br" for path in manifest.values()} <= names
    assert {f"yizhan/static/dist/fonts/NotoSansHans-{weight}.otf" for weight in ("Regular", "Bold")} <= names
    assert "yizhan/locale/zh_Hans/LC_MESSAGES/django.mo" in names
    assert not [name for name in names if "/tests/" in name]


@pytest.fixture
def served(installed: Path, tmp_path: Path) -> Iterator[Program]:
    """`yizhan serve` as its package gives it, away from the tree."""
    program = Program(tmp_path / "data", command=(str(installed), "serve"), source=None)
    program.start()
    yield program
    program.stop()


def test_an_installed_wheel_serves_and_lets_the_first_administrator_in(served: Program) -> None:
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def page(path: str, **given: str) -> str:
        shown = browser.open(served.url + path, timeout=60).read().decode()
        if not given:
            return str(shown)
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', shown)
        assert token, shown[:2000]
        data = urlencode({"csrfmiddlewaretoken": token.group(1), **given}).encode()
        return str(browser.open(served.url + path, data=data, timeout=60).read().decode())

    code = (served.place / "first-run.code").read_text()
    page("/first-run/", code=code, username="boss", name="王经理", password="richtig-Pferd-9")
    if 'name="login"' in page("/accounts/login/"):
        page("/accounts/login/", login="boss", password="richtig-Pferd-9")
    home = page("/tickets/")
    assert "王经理" in home
    assert 'lang="zh' in home
    style = re.search(r'href="(/static/dist/app\.\w+\.css)"', home)
    assert style, home[:2000]
    assert "--" in page(style.group(1))
