"""粘贴建单: what a message from a WeChat or QQ group says, picked apart for a person to correct.

No official interface reads ordinary group messages (DOMAIN 4), so people copy them. The head
line of a copied message names the sender; the rest is searched for a phone, a place and the problem.
"""

import re
from dataclasses import dataclass

TIME = (
    r"(?:(?:\d{4}[-/年.])?\d{1,2}[-/月.]\d{1,2}日?|昨天|前天|今天)?\s*(?:星期[一二三四五六日天])?\s*"
    r"(?:[上下]午|晚上|凌晨|中午)?\s*\d{1,2}[:：]\d{2}(?:[:：]\d{2})?"
)
HEADS = (
    re.compile(
        rf"^\s*(?:【[^】]*】)?\s*(?P<name>[^\s:：()（）<]{{1,20}})\s*[(（<]\s*\d{{5,12}}\s*[)）>]\s*{TIME}\s*$"
    ),  # QQ: name(number) time
    re.compile(rf"^(?!\s*{TIME}\s*$)\s*(?:【[^】]*】)?\s*(?P<name>[^\s:：]{{1,20}})\s+{TIME}\s*[:：]?\s*$"),
    re.compile(rf"^\s*{TIME}\s+(?P<name>[^\s:：]{{1,20}})\s*[:：]?\s*$"),
)
ALONE = re.compile(rf"^\s*{TIME}\s*$")
TITLE = re.compile(r"^[【\[][^】\]]{1,30}[】\]]$")
DIVIDER = re.compile(r"^[-—–─－_=*~]{3,}$")
INLINE = re.compile(
    rf"^\s*(?:[\[【(（]\s*{TIME}\s*[\]】)）]\s*|[\[【][^\]】]{{1,20}}[\]】]\s*)?"
    r"(?:(?P<firm>[\u4e00-\u9fffA-Za-z0-9]{1,12})[-—_·])?"
    r"(?P<name>[\u4e00-\u9fff]{2,4}|[A-Za-z][A-Za-z .]{1,19})(?:\s*[(（][^)）]{1,20}[)）])?\s*[:：]\s*(?P<rest>.*)$"
)  # [time or group] firm-name(department): words
FAMILY = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范"
    "方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文欧上司诸端肖"
)
PERSON = re.compile(rf"[{FAMILY}][\u4e00-\u9fff]{{1,3}}")
HEARD = re.compile(r"(?:收到|好的?|嗯+|OK|ok|知道了|谢谢)[，,。.!！~]*")
LABELS = {
    "name": "姓名|报修人|联系人|名字", "phone": "电话|手机号?|联系电话|联系方式|分机", "place": "地点|位置|地址|房间|办公室|工位|门店",
    "problem": "问题|故障|描述|情况|故障描述|问题描述|报修内容|内容",
}  # fmt: skip
ANY = "|".join(LABELS.values())
VALUE = rf"[^\n,，;；]+?(?=\s+(?:{ANY})\s*[:：]|[\n,，;；]|$)"
LABELLED = {
    key: re.compile(rf"(?:^|[\s,，;；。])(?:{words})\s*[:：]\s*(?P<value>{VALUE})") for key, words in LABELS.items()
}  # fmt: skip
MOBILE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(1[3-9]\d)[- ]?(\d{4})[- ]?(\d{4})(?!\d)")
SPOKEN = re.compile(
    rf"(?:[,，、;；]\s?)?(?:(?:我的)?(?:{LABELS['phone']})\s?(?:号码)?\s?(?:是|为)?\s?[:：]?\s?)?{MOBILE.pattern}"
)  # a mobile number with the words that lead to it
EXTENSION = re.compile(r"(?:分机|内线|座机|电话)\s*[:：]?\s*(\d{3,8}(?:-\d{1,6})?)(?!\d)")
LANDLINE = re.compile(r"(?<!\d)(0\d{2,3}-?\d{7,8}(?:-\d{1,6})?)(?!\d)")
PLACE = re.compile(
    r"((?:[\u4e00-\u9fffA-Za-z]{0,6}?(?:[A-Za-z0-9一二三四五六七八九十]{1,4})\s*(?:号?楼|栋|座|层|厂房|车间|园区))"
    r"(?:\s*[A-Za-z0-9一二三四五六七八九十]{1,5}\s*(?:楼|层|室|房间?|工位|办公室|会议室|机房))*(?:\s*\d{3,4})?"
    r"|[A-Za-z]?\d{2,4}\s*(?:室|房间|办公室|会议室|工位)|[A-Z]\s*会议室|[\u4e00-\u9fff]{2,4}(?:店|门店|仓库|前台|会议室|机房))"
)
ME = re.compile(
    r"(?:我是|这里是|我这边是)\s*(?:[\u4e00-\u9fff]{2,6}?(?:部|科|室|处|店|中心)的?\s*)?(?P<name>[\u4e00-\u9fff]{2,3})(?=[,，。!！\s]|$)"
)
CALLS = re.compile(r"@\S+\s?|^(?:(?:你好|您好|在吗|老师好?|各位|麻烦|请问|hi|hello)[,，:：!！。~\s]*)+", re.IGNORECASE)
BLANKS = re.compile(r"[^\S\n]+")
LONGEST, LONGEST_HEAD = 4000, 100


@dataclass(frozen=True)
class Pasted:
    """What was found; empty where nothing was. `channel` is the kind of group that the head line looks like."""

    name: str = ""
    phone: str = ""
    place: str = ""
    problem: str = ""
    channel: str = "wechat_group"


def head_of(line: str) -> tuple[int, re.Match[str]] | None:
    """The kind of head that a line is; a longer one is none (its pattern takes the square of a line's length)."""
    if len(line) <= LONGEST_HEAD:
        for number, pattern in enumerate(HEADS):
            found = pattern.match(line)
            if found:
                return number, found
    return None


def inline(line: str) -> re.Match[str] | None:
    """The line that carries its speaker before a colon; what stands after a dash is no name unless it looks like one."""
    found = INLINE.match(line)
    if found is None or not without_greeting(found["name"]) or re.fullmatch(ANY, found["name"]):
        return None
    return found if not found["firm"] or PERSON.fullmatch(found["name"]) else None


def spread(lines: list[str]) -> list[str]:
    """Without the group's title and dividers; a time and a name on two lines become the head line that they are."""
    kept = [line for line in lines if not DIVIDER.match(line)]
    if len(kept) > 1 and TITLE.match(kept[0]):
        kept = kept[1:]
    joined: list[str] = []
    for index, line in enumerate(kept):
        if joined and ALONE.match(joined[-1][:LONGEST_HEAD]) and PERSON.fullmatch(line) and index + 1 < len(kept):
            joined[-1] = f"{line} {joined[-1]}"
        else:
            joined.append(line)
    return joined


def read_head(lines: list[str]) -> tuple[str, str, list[str]]:
    """(sender, kind of group, what was written): another speaker's name stands before his words, his “收到” goes."""
    heads = [head_of(line) for line in lines]
    first = next((head for head in heads if head), None)
    if first:
        sender, at = first[1]["name"], heads.index(first)
        rest, speaker, told = [], sender, True
        for line, head in zip(lines[at + 1 :], heads[at + 1 :], strict=True):
            if head:
                told, speaker = told and head[1]["name"] == speaker, head[1]["name"]
            elif speaker == sender or not HEARD.fullmatch(line):
                rest.append(line if told else f"{speaker}：{line}")
                told = True
        return sender, "qq_group" if first[0] == 0 else "wechat_group", rest
    found = inline(lines[0]) if lines else None
    if found is None:
        return "", "wechat_group", lines
    rest, speaker = [found["rest"]], found["name"]
    for line in lines[1:]:
        said = inline(line)
        rest.append(said["rest"] if said and said["name"] == speaker else line)
        speaker = said["name"] if said else speaker
    return found["name"], "wechat_group", [line for line in rest if line]


def labelled(text: str, key: str) -> str:
    found = LABELLED[key].search(text)
    return found["value"].strip() if found else ""


def phone_in(text: str) -> str:
    mobile = MOBILE.search(text)
    if mobile:
        return "".join(mobile.groups())
    other = LANDLINE.search(text) or EXTENSION.search(text)
    return other.group(1) if other else labelled(text, "phone")


def without_greeting(text: str) -> str:
    """Without calls to others and what one says first: twice, since a greeting may stand behind a call."""
    return CALLS.sub("", CALLS.sub("", text).strip()).strip()


def problem_of(lines: list[str], taken: list[str]) -> str:
    """What is left when greetings, the phone and labelled entries are gone."""
    kept = []
    for line in lines:
        text = without_greeting(line.strip())
        for words in (LABELS["name"], LABELS["phone"], LABELS["place"]):
            text = re.sub(rf"(?:{words})\s*[:：]\s*{VALUE}[,，;；]?", "", text)
        text = re.sub(rf"^(?:{LABELS['problem']})\s*[:：]\s*", "", text)
        text = ME.sub("", SPOKEN.sub("", text)).strip(" ,，;；、")
        if text and text not in taken:
            kept.append(text)
    return "\n".join(kept)


def pick_apart(text: str) -> Pasted:
    """A copied message's sender, phone, place and problem; nothing is ever invented."""
    plain = BLANKS.sub(" ", text[:LONGEST].replace("\r", "\n"))
    lines = [line.strip() for line in plain.split("\n") if line.strip()]
    if not lines:
        return Pasted()
    sender, channel, body = read_head(spread(lines))
    words = "\n".join(body)
    own = ME.search(words)
    name = labelled(words, "name") or (own["name"] if own else "") or sender
    place = labelled(words, "place")
    if not place:
        found = PLACE.search(words)
        place = found.group(1).strip() if found else ""
    problem = labelled(words, "problem") if len(body) == 1 else ""
    return Pasted(name[:80], phone_in(words)[:30], place[:80], problem or problem_of(body, [sender]) or words, channel)
