"""Finding records by Chinese characters, words, number tails, phone tails and pinyin initials.

One index table holds a row per record and audience. The staff's row repeats what the
public row has and adds the internal texts, so one row answers one audience.
"""

from yizhan.kernel.search.index import Entry, write, write_many
from yizhan.kernel.search.query import Hit, Source, find, register
from yizhan.kernel.search.tokens import query_tokens, text_tokens

__all__ = ["Entry", "Hit", "Source", "find", "query_tokens", "register", "text_tokens", "write", "write_many"]
