"""audit verify: is the history whole?"""

import argparse
import sys
from collections.abc import Sequence

from yizhan.site.cli.django_setup import program
from yizhan.site.cli.main import use_data_dir


def run(name: str, parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    verbs = parser.add_subparsers(dest="verb", required=True)
    verify = verbs.add_parser("verify", help="every row of every chain; names the first broken row of each, ends with 1 then")
    verify.add_argument("--data-dir", default=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    with program(use_data_dir(options.data_dir)):
        return verify_all()


def verify_all() -> int:
    from yizhan.kernel.verification import verify

    verdict = verify()
    if verdict.whole:
        print(f"✓ {verdict.rows} rows in {verdict.chains} chains, all whole / 审计记录完整")
        return 0
    for line in verdict.lines():
        print(f"✗ {line}", file=sys.stderr)
    print(
        f"yizhan: the audit is not whole: {verdict.broken_chains} of {verdict.chains} chains, {verdict.changed_records} signatures, ratings and return visits / 审计记录不完整",
        file=sys.stderr,
    )
    return 1
