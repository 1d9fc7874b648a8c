"""The words of an HTML mail, in one pass over it.

It is read as text only and never shown as HTML, so this needs no tree: a tree-building sanitiser takes
the square of the depth for nested tags, which one letter could use against everybody else's.
"""

import re
from collections.abc import Iterator
from html import unescape

NAME = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,19})")
UNSEEN = {name: re.compile(rf"</{name}", re.IGNORECASE) for name in ("style", "script", "head", "title")}
LINES = {"p", "div", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6"}
ENDLESS = re.compile(r"&#x?[0-9a-fA-F]{8,}")  # no character, and too many digits for a number


def pieces(text: str) -> Iterator[str]:
    """What stands between the tags, with a line end where one closes a line. Each search begins where the last one ended."""
    at = 0
    while (start := text.find("<", at)) >= 0:
        yield text[at:start]
        if text.startswith("<!--", start):
            end = text.find("-->", start + 4)
            if end < 0:
                return
            at = end + 3
            continue
        named = NAME.match(text, start)
        if named is None and text[start + 1 : start + 2] not in {"!", "?", "/"}:
            yield "<"
            at = start + 1
            continue
        end = text.find(">", start)
        if end < 0:
            return
        at = end + 1
        if named is None:
            continue
        closing, name = named[1], named[2].lower()
        if not closing and name in UNSEEN:
            found = UNSEEN[name].search(text, at)
            if found is None:
                return
            at = found.start()
        elif name == "br" or (closing and name in LINES):
            yield "\n"
    yield text[at:]


def words_of(text: str) -> str:
    """The text of an HTML mail, its lines kept, without what is never shown."""
    words = unescape(ENDLESS.sub("", "".join(pieces(text)))).replace("\xa0", " ")
    kept: list[str] = []
    for line in words.split("\n"):
        if line.strip() or (kept and kept[-1].strip()):
            kept.append(line)
    return "\n".join(kept)
