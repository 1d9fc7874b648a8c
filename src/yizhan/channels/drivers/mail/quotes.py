"""The new words of an answer, without the mail that it quotes."""

import re

LONGEST = 300  # a line that introduces a quotation is shorter
MARKS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"^\s*-{2,}\s*(原始邮件|原始郵件|回复的原邮件|转发邮件|Original( Message)?|Forwarded message)\s*-{2,}",
        r"^\s*(在|于)\s?.{4,60}(写道|寫道)[：:]?\s*$",
        r"^\s*On .{6,120} wrote:\s*$",
        r"^\s*.{2,80}(于|在)\s?\d{4}年\d{1,2}月\d{1,2}日.{0,40}(写道|寫道)[：:]?\s*$",
        r"^\s*(发件人|寄件者|From)\s*[：:].+$",
        r"^\s*_{10,}\s*$",
        r"^\s*(发自我的|从我的|Sent from my|Get Outlook for)\s?.{0,40}$",
    )
]


def new_words(body: str) -> str:
    """Everything above the first mark of a quotation, less quoted lines; the whole when nothing is left."""
    kept: list[str] = []
    for line in body.split("\n"):
        start = line.lstrip()[:LONGEST]
        if start and any(mark.match(start) for mark in MARKS):
            break
        if not line.lstrip().startswith(">"):
            kept.append(line)
    words = "\n".join(kept).strip()
    return words or body.strip()
