"""user create, user password, token create."""

import argparse
import getpass
import sys
from collections.abc import Sequence
from pathlib import Path

from yizhan.site.cli.django_setup import program
from yizhan.site.cli.main import use_data_dir


def run(name: str, parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    # `--data-dir` follows the command and its verb: `token create --user U --data-dir D`.
    verbs = parser.add_subparsers(dest="verb", required=True)
    create = verbs.add_parser("create")
    create.add_argument("--data-dir", default=argparse.SUPPRESS)
    if name == "user":
        create.add_argument("username")
        create.add_argument("--name", default="", help="the name that is shown")
        create.add_argument("--email", default="")
        create.add_argument("--role", action="append", default=[], help="a role for every customer; may be repeated")
        create.add_argument("--password-file", type=Path, help="first line is the password; asked for otherwise")
        password = verbs.add_parser("password", help="set a new one; every session of the account ends")
        password.add_argument("--data-dir", default=argparse.SUPPRESS)
        password.add_argument("username")
        password.add_argument("--password-file", type=Path, help="first line is the password; asked for otherwise")
    else:
        create.add_argument("--user", required=True)
        create.add_argument("--days", type=int, default=90)
    options = parser.parse_args(arguments)
    with program(use_data_dir(options.data_dir)):
        if name == "token":
            return create_token(options)
        return create_user(options) if options.verb == "create" else set_password(options)


def read_password(path: Path | None) -> str:
    if path is not None:
        return path.read_text(encoding="utf-8").split("\n", 1)[0]
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return getpass.getpass("Password / 密码: ")


def create_user(options: argparse.Namespace) -> int:
    from yizhan.kernel.actor import system_actor
    from yizhan.people.models import Role
    from yizhan.people.services.accounts import create_user as create

    unknown = sorted(set(options.role) - set(Role.values))
    if unknown:
        print(f"yizhan: unknown role {', '.join(unknown)}; known: {', '.join(Role.values)}", file=sys.stderr)
        return 1
    create(
        actor=system_actor("console"), username=options.username, name=options.name or options.username,
        email=options.email, password=read_password(options.password_file), roles=[Role(r) for r in options.role],
    )  # fmt: skip
    print(options.username)
    return 0


def set_password(options: argparse.Namespace) -> int:
    from yizhan.kernel.actor import system_actor
    from yizhan.people.services.accounts import set_password as change

    change(actor=system_actor("console"), username=options.username, password=read_password(options.password_file))
    print(options.username)
    return 0


def create_token(options: argparse.Namespace) -> int:
    from yizhan.kernel.actor import system_actor
    from yizhan.people.services.accounts import create_token as create

    print(create(actor=system_actor("console"), username=options.user, days=options.days))
    return 0
