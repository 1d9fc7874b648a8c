"""What the audit's commands are called where people read them. Each app says its own."""

from collections.abc import Mapping

from yizhan.kernel.errors import Text

_words: dict[str, Text] = {}


def say(words: Mapping[str, Text]) -> None:
    _words.update(words)


def words_of(command: str) -> str:
    """The command in words; its own name where nobody has said any."""
    return str(_words.get(command, command))


def all_words() -> list[str]:
    """What commands and records are called, for people to choose from."""
    return sorted({str(words) for words in _words.values()})


def named(text: str) -> set[str]:
    """The commands that a person may mean: by a part of their words, or by their own name."""
    return {name for name, words in _words.items() if text.casefold() in str(words).casefold()} | {text}
