"""`./yizhan COMMAND`: each with `--help`; `--data-dir` follows the command."""

import argparse
import importlib
import os
import sys
from pathlib import Path

from yizhan.kernel.files import make_private

COMMANDS = {
    "demo": ("yizhan.site.cli.serve", "start everything with demonstration data / 带演示数据启动"),
    "serve": ("yizhan.site.cli.serve", "start everything for real use / 正式启动"),
    "worker": ("yizhan.site.cli.manage", "run a worker alone / 单独运行后台进程"),
    "migrate": ("yizhan.site.cli.manage", "bring the database up to date / 升级数据库"),
    "check": ("yizhan.site.cli.manage", "explain what is wrong with the settings / 检查配置"),
    "backup": ("yizhan.site.cli.backup", "everything into one file, also while the program runs / 备份"),
    "restore": ("yizhan.site.cli.backup", "take a backup back / 恢复"),
    "audit": ("yizhan.site.cli.audit", "is the history whole? / 核对审计记录"),
    "user": ("yizhan.site.cli.people", "accounts / 账号"),
    "token": ("yizhan.site.cli.people", "API tokens / 接口令牌"),
    "channel": ("yizhan.site.cli.channel", "mailboxes and received messages / 渠道"),
    "bench": ("yizhan.site.cli.bench", "measure / 性能测试"),
    "shots": ("yizhan.site.cli.shots", "every page as a picture, at both sizes / 全部页面截图"),
    "test": ("yizhan.site.cli.test", "run the whole test suite / 运行全部测试"),
    "manage": ("yizhan.site.cli.manage", "Django's own commands, for developers / 开发用"),
}


def parser_for(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"yizhan {name}", description=COMMANDS[name][1])
    if name != "test":
        default = os.environ.get("YIZHAN_DATA_DIR", "var")
        parser.add_argument("--data-dir", default=default, help="where the data lives (default: %(default)s)")
    return parser


def usage() -> str:
    lines = [f"  {name:9} {text}" for name, (_, text) in COMMANDS.items() if name != "manage"]
    return "\n".join(["usage: yizhan COMMAND [options]   (yizhan COMMAND --help)", "", *lines])


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name in {"--version", "version"}:
        from yizhan import __version__

        print(__version__)
        return
    if name not in COMMANDS:
        print(usage(), file=sys.stderr)
        sys.exit(0 if name in {"", "-h", "--help", "help"} else 2)
    module = importlib.import_module(COMMANDS[name][0])
    parser = parser_for(name)
    code = module.run(name, parser, sys.argv[2:])
    sys.exit(code or 0)


def use_data_dir(text: str) -> Path:
    """Make the folder, tell every process below where it is."""
    folder = Path(text).resolve()
    make_private(folder)
    os.environ["YIZHAN_DATA_DIR"] = str(folder)
    return folder
