"""The first administrator of a new installation: made on a page that asks for the console's one-time code."""

import secrets
from pathlib import Path

from yizhan.kernel.files import write_private
from yizhan.people.models import Role, User
from yizhan.people.queries import current_assignments


def needed() -> bool:
    """Until somebody administers the installation."""
    from yizhan.kernel import clock  # noqa: PLC0415

    held = current_assignments(clock.today()).filter(role=Role.ADMINISTRATOR).values("user_id")
    return not User.objects.filter(is_active=True, pk__in=held).exists()


def announce_code(data_dir: Path) -> None:
    """Print a fresh code at every start while nobody administers."""
    path = data_dir / "first-run.code"
    if not needed():
        path.unlink(missing_ok=True)
        return
    code = secrets.token_hex(4).upper()
    write_private(path, code)
    print(f"\n  First run / 首次使用: open /first-run/ and enter the code {code[:4]}-{code[4:]}\n", flush=True)


def code_fits(data_dir: Path, given: str) -> bool:
    path = data_dir / "first-run.code"
    wanted = path.read_text(encoding="utf-8").strip() if path.exists() else ""
    clean = given.replace("-", "").replace(" ", "").upper()
    return bool(wanted) and secrets.compare_digest(clean.encode(), wanted.encode())
