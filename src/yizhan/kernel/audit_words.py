"""What the audit's commands are called where people read them. Each app says its own."""

from collections.abc import Mapping

from yizhan.kernel.errors import Text

_words: dict[str, Text] = {}


def say(words: Mapping[str, Text]) -> None:
    _words.update(words)


def words_of(command: str) -> str:
    """The command in words; its own name where nobody has said any."""
    return str(_words.get(command, command))
