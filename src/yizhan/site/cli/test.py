"""The whole suite on whatever machine this is: checks first, then tests, then what could not run."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
SERVERS = {
    "chromium": "Chromium",
    "dovecot": "Dovecot (IMAP)",
    "postfix": "Postfix (SMTP)",
    "nginx": "nginx",
    "caddy": "caddy",
    "msgfmt": "GNU gettext",
}
TOOLS = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


def checks() -> dict[str, list[str]]:
    """Linters, types, contracts, catalogues; migrations and ceilings are tests."""
    python = [sys.executable, "-m"]
    return {
        "ruff check": [*python, "ruff", "check", "--no-cache", "src", "tests", "conftest.py"],
        "ruff format": [*python, "ruff", "format", "--no-cache", "--check", "src", "tests", "conftest.py"],
        "mypy --strict": [*python, "mypy", "src/yizhan"],
        "import contracts": ["lint-imports", "--no-cache"],
        "templates": ["djlint", "src/yizhan/templates", "--lint", "--quiet"],
    }


def missing_servers() -> list[str]:
    absent = [label for name, label in SERVERS.items() if shutil.which(name, path=TOOLS) is None]
    return absent if os.geteuid() == 0 or absent else ["private mail servers, which need root"]


def run(name: str, parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    parser.add_argument("--require-all", action="store_true", help="fail when a real server is missing")
    parser.add_argument("--quick", action="store_true", help="leave out linters and types")
    parser.add_argument("pytest", nargs="*", help="passed on to pytest")
    options, rest = parser.parse_known_args(arguments)
    if not (ROOT / "pyproject.toml").exists():
        print("the test suite is in the source tree: git clone, then ./yizhan test", file=sys.stderr)
        return 1
    os.chdir(ROOT)
    os.environ["PATH"] = TOOLS
    absent = missing_servers()
    if absent and options.require_all:
        print(f"missing: {', '.join(absent)}; scripts/install-test-servers installs them", file=sys.stderr)
        return 1
    begun, failed = time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="yizhan-test-") as place:
        os.environ["YIZHAN_DATA_DIR"] = place
        if not options.quick:
            failed = [label for label, command in checks().items() if not passes(label, command)]
        workers = [] if any(a.startswith("-n") for a in rest) else ["-n", "2", "--dist", "loadscope"]
        tests = subprocess.run([sys.executable, "-m", "pytest", *workers, *rest, *options.pytest], check=False).returncode
    if absent:
        print(f"not run for want of a real server: {', '.join(absent)}")
    print(f"{time.monotonic() - begun:.0f} s; checks failed: {', '.join(failed) or 'none'}")
    return 1 if failed or tests else 0


def passes(label: str, command: list[str]) -> bool:
    """Run one check; show its words only when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(f"{'✓' if done.returncode == 0 else '✗'} {label}", flush=True)
    if done.returncode:
        print(done.stdout[-6000:], done.stderr[-3000:], flush=True)
    return done.returncode == 0
