"""Text into index terms and questions into the terms that a hit must have."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
PIECES = re.compile(rf"[{CJK}]+|[a-z0-9][a-z0-9._@+-]*")
LONGEST, LONGEST_NAME = 20_000, 80
# Surnames that are read otherwise than the same character elsewhere.
SURNAMES = {"单": "shan", "曾": "zeng", "仇": "qiu", "解": "xie", "查": "zha", "区": "ou", "朴": "piao", "盖": "ge"}


def normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def is_cjk(piece: str) -> bool:
    return ord(piece[0]) >= 0x3400


def word_terms(word: str) -> Iterator[str]:
    """A word, its parts, and the tails of its last number (`inc261122-00042` → `00042`, `042`, `42`)."""
    word = word.rstrip(".-_@+")
    if not word:
        return
    yield word
    parts = re.split(r"[._@+-]+", word)
    if len(parts) > 1:
        yield from (part for part in parts if part)
    digits = re.search(r"(\d{4,})$", word)
    if digits:
        run = digits.group(1)
        yield from (run[-size:] for size in range(2, min(len(run), 11) + 1))


def text_terms(text: str) -> Iterator[str]:
    for piece in PIECES.findall(normal(text[:LONGEST])):
        if is_cjk(piece):
            yield from piece
            yield from (piece[i : i + 2] for i in range(len(piece) - 1))
        else:
            yield from word_terms(piece)


def text_tokens(*texts: str, names: Iterable[str] = (), phones: Iterable[str] = ()) -> list[str]:
    """Every index term of the texts, of people's names (with pinyin) and of phone numbers."""
    terms: set[str] = set()
    for text in texts:
        terms.update(text_terms(text))
    for name in names:
        terms.update(text_terms(name))
        terms.update(pinyin_terms(name))
    for phone in phones:
        digits = re.sub(r"\D", "", phone[:LONGEST_NAME])
        if digits:
            terms.update({digits, digits[-4:]})
    return sorted(terms)


@lru_cache(maxsize=4096)
def pinyin_of(name: str) -> tuple[str, ...]:
    """The syllables of a name: 张倩 → (zhang, qian)."""
    from pypinyin import lazy_pinyin  # noqa: PLC0415 - heavy, loads on first use

    syllables = [item.lower() for item in lazy_pinyin(name) if item.strip()]
    if name and name[0] in SURNAMES and syllables:
        syllables[0] = SURNAMES[name[0]]
    return tuple(syllables)


def pinyin_terms(name: str) -> set[str]:
    if not name or not is_cjk(name):
        return set()
    syllables = pinyin_of(name[:LONGEST_NAME])
    return {"".join(s[0] for s in syllables), "".join(syllables)}


def pinyin_key(name: str) -> str:
    """What Chinese names sort by."""
    return " ".join(pinyin_of(name[:LONGEST_NAME]))[:200] if name else ""


def initials_pattern(word: str) -> str:
    """`zq` as a pattern over the sort key “zhang qian”."""
    return "^" + " ".join(f"{letter}[a-z]*" for letter in word.lower())


def spelled_pattern(word: str, first: bool = True) -> str:
    """`zhangqian` as a pattern over the sort key “zhang qian”; a later word may be any of its syllables."""
    return ("^" if first else "(^| )") + " ?".join(word.lower())


def query_tokens(question: str) -> list[str]:
    """The terms that every hit must have: a character alone, else all bigrams of a run; words whole."""
    terms: list[str] = []
    for piece in PIECES.findall(normal(question[:200])):
        if not is_cjk(piece):
            terms.append(piece.rstrip(".-_@+"))
        elif len(piece) == 1:
            terms.append(piece)
        else:
            terms.extend(piece[i : i + 2] for i in range(len(piece) - 1))
    return [term for term in dict.fromkeys(terms) if term][:40]
