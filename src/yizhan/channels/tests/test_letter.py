"""Mail as it really comes: Chinese labels that lie, robots, broken headers, quotes."""

from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yizhan.channels.drivers.mail.letter import parse, source_key
from yizhan.channels.drivers.mail.quotes import new_words


def mail(**headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = "张倩 <a@demo-a.example>", "desk@yizhan.example"
    message["Subject"], message["Message-ID"] = "打印机坏了", "<1@demo-a.example>"
    for name, value in headers.items():
        del message[name.replace("_", "-")]
        message[name.replace("_", "-")] = value
    message.set_content("二楼复合机卡纸")
    return message


def test_a_plain_letter() -> None:
    letter = parse(bytes(mail()))
    assert (letter.sender, letter.sender_name, letter.subject) == ("a@demo-a.example", "张倩", "打印机坏了")
    assert (letter.body, letter.automatic, letter.message_id) == ("二楼复合机卡纸", "", "<1@demo-a.example>")


@pytest.mark.parametrize("label", ["gb2312", "GBK", "gb_2312-80", "gb18030"])
def test_a_gb2312_label_that_holds_gbk(label: str) -> None:
    text = "堃哥的镕机房：㐂字测试"  # characters beyond GB2312
    raw = (
        f"From: a@b.example\r\nSubject: =?{label}?B?".encode()
        + __import__("base64").b64encode(text.encode("gb18030"))
        + f'?=\r\nContent-Type: text/plain; charset="{label}"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'.encode()
        + text.encode("gb18030")
    )
    letter = parse(raw)
    assert (letter.subject, letter.body) == (text, text)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Auto_Submitted": "auto-replied"}, "Auto-Submitted"), ({"X_Yizhan": "x"}, "X-Yizhan"),
        ({"Return_Path": "<>"}, "bounce"), ({"Precedence": "bulk"}, "Precedence"), ({"X_Autoreply": "yes"}, "X-Autoreply"),
        ({"From": "MAILER-DAEMON@b.example"}, "robot"), ({"From": "no-reply@b.example"}, "robot"), ({"From": ""}, "no sender"),
        ({"Auto_Submitted": "no"}, ""),
    ],
)  # fmt: skip
def test_robots_are_known(headers: dict[str, str], reason: str) -> None:
    assert parse(bytes(mail(**headers))).automatic == reason


def test_files_and_html() -> None:
    message = mail()
    message.clear_content()
    message.set_content("<p>第一行</p><script>alert(1)</script><p>第二行 &lt;3</p>", subtype="html")
    message.add_attachment(b"\x89PNG\r\n\x1a\n", maintype="image", subtype="png", filename="照片.png")
    letter = parse(bytes(message))
    assert "alert" not in letter.body
    assert letter.body.split("\n")[0] == "第一行"
    assert [f.name for f in letter.files] == ["照片.png"]


@settings(max_examples=120, deadline=None)
@given(st.binary(max_size=600))
def test_no_bytes_break_the_parser(raw: bytes) -> None:
    letter = parse(b"From: a@b.example\r\n" + raw)
    assert "\0" not in letter.body + letter.subject
    (letter.body + letter.subject).encode("utf-8")


def test_the_key_ignores_what_transport_adds() -> None:
    raw = bytes(mail())
    assert source_key(1, raw) == source_key(1, b"Received: from x\r\n" + raw)
    assert source_key(1, raw) != source_key(2, raw)
    assert source_key(1, raw) != source_key(1, raw + b"more")


@pytest.mark.parametrize(
    "quoted",
    [
        "好了\n\n------------------ 原始邮件 ------------------\n发件人: x\n旧文", "好了\n> 旧文\n> 旧文",
        "好了\n\n在 2026年11月22日 10:00，林晓雯 写道：\n旧文",
        "好了\n\nOn Mon, Nov 23, 2026 at 10:00 AM Desk <a@b> wrote:\n> old",
        "好了\n\n发件人：desk@yizhan.example\n旧文", "好了\n\n发自我的 iPhone\n旧文", "好了\n\n-----Original Message-----\nold",
    ],
)  # fmt: skip
def test_only_new_words_are_kept(quoted: str) -> None:
    assert new_words(quoted) == "好了"


def test_a_mail_that_is_all_quotation_is_kept_whole() -> None:
    assert new_words("> 全部引用") == "> 全部引用"
