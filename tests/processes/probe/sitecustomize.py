"""Stands in every Python process of a program under test, and tells on demand what that process has registered.

`tests/program.py` puts this folder on the path; asked by a file called `ask`, each process answers in a file of its own.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

ENTRIES = {"yizhan.site.wsgi", "yizhan.site.stream"}  # what a process keeps for itself alone


def shown(value: Any) -> Any:
    """A registered thing by its name, the same in every process."""
    if isinstance(value, dict):
        return {shown(key): shown(item) for key, item in sorted(value.items(), key=lambda pair: str(shown(pair[0])))}
    if isinstance(value, list | tuple):
        return [shown(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(map(str, value))
    if isinstance(value, str | int):
        return str(value)
    named = value if hasattr(value, "__qualname__") else type(value)
    return f"{named.__module__}.{named.__qualname__}"


def registries() -> dict[str, Any]:
    """Every private collection that a module of ours keeps, and the job runner's tasks."""
    found: dict[str, Any] = {}
    for name, module in sorted(sys.modules.copy().items()):
        if name.startswith("yizhan.") and ".tests" not in name and name not in ENTRIES:
            for attribute, value in vars(module).copy().items():
                private = attribute.startswith("_") and not attribute.startswith("__") and attribute.islower()
                if private and isinstance(value, dict | list | set):
                    found[f"{name}.{attribute}"] = shown(value)
    tasks = sys.modules.get("procrastinate.contrib.django")
    if tasks is not None:
        found["jobs"] = sorted(name for name in tasks.app.tasks if not name.startswith("builtin"))
        found["periodic"] = sorted(name for name, _ in tasks.app.periodic_registry.periodic_tasks)
    return found


def role() -> str:
    """Which of the program's processes this is."""
    if "yizhan.site.wsgi" in sys.modules:
        return "web"
    if "yizhan.site.stream" in sys.modules:
        return "stream"
    main = getattr(sys.modules.get("__main__"), "__spec__", None)
    return getattr(main, "name", "").rpartition(".")[2]


def answer(place: Path) -> None:
    while not (place / "ask").exists():
        time.sleep(0.3)
    part = place / f"{os.getpid()}.part"
    part.write_text(json.dumps({"role": role(), "registered": registries()}, ensure_ascii=False))
    part.rename(part.with_suffix(".json"))


def everything() -> None:
    """Load every module there is, and tell what that registers: what each process is compared with."""
    import importlib
    import pkgutil

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yizhan.site.settings")
    django.setup()
    import yizhan

    for module in pkgutil.walk_packages(yizhan.__path__, "yizhan."):
        if not {"tests", "migrations", "__main__", "testing"} & set(module.name.split(".")):
            importlib.import_module(module.name)
    sys.stdout.write(json.dumps(registries(), ensure_ascii=False))


def listen() -> None:
    threading.Thread(target=answer, args=(Path(os.environ["YIZHAN_TEST_PROBE"]),), daemon=True).start()


if "YIZHAN_TEST_PROBE" in os.environ:
    listen()
    os.register_at_fork(after_in_child=listen)  # the web server forks its workers, and a fork loses the thread
