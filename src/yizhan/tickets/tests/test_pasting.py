"""粘贴建单: real shapes of copied messages, picked apart; and whatever else is pasted does no harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yizhan.tickets.pasting import pick_apart

CASES = [
    (
        "张倩 10:22\n三楼302打印机卡纸，取出来还报卡纸 13800005678",
        ("张倩", "13800005678", "三楼302", "三楼302打印机卡纸，取出来还报卡纸"),
    ),
    ("马俊(384756201) 2026/11/22 9:12:33\n收银1号机死机，门店在排队", ("马俊", "", "", "收银1号机死机，门店在排队")),
    ("张倩: 电脑很慢，开个表要一分钟", ("张倩", "", "", "电脑很慢，开个表要一分钟")),
    ("2026-11-22 09:12 李四\n@IT支持 你好，VPN 连不上", ("李四", "", "", "VPN 连不上")),
    ("姓名：王敏 电话：8012 地点：A会议室 问题：投屏没声音", ("王敏", "8012", "A会议室", "投屏没声音")),
    (
        "姓名：王敏\n电话：138-0000-5678\n地点：3号楼 501室\n问题描述：OA 打不开\n很急",
        ("王敏", "13800005678", "3号楼 501室", "OA 打不开\n很急"),
    ),
    ("我是财务部李雪，分机 8012 听不到对方声音", ("李雪", "8012", "", "分机 8012 听不到对方声音")),
    ("打印机没粉了", ("", "", "", "打印机没粉了")),
    ("【采购】赵强 下午 3:05\n座机 0512-66668888 坏了", ("赵强", "0512-66668888", "", "座机 0512-66668888 坏了")),
    ("陈晨\u2005星期五 14:05\nB会议室无线老掉线", ("陈晨", "", "B会议室", "B会议室无线老掉线")),
    ("李娜:\n打印机卡纸", ("李娜", "", "", "打印机卡纸")),
    ("李娜：\n打印机卡纸，13800005678", ("李娜", "13800005678", "", "打印机卡纸")),
    ("李娜 11-25 14:02\n打印机卡纸", ("李娜", "", "", "打印机卡纸")),
    ("李娜 11月25日 14:02\n打印机卡纸", ("李娜", "", "", "打印机卡纸")),
    ("李娜 昨天 14:02\n打印机卡纸", ("李娜", "", "", "打印机卡纸")),
    ("李娜  2026/11/25 14:02:11\n打印机卡纸", ("李娜", "", "", "打印机卡纸")),
    ("[14:02] 李娜：打印机卡纸", ("李娜", "", "", "打印机卡纸")),
    ("[11-25 14:02:11] 李娜: 打印机卡纸\n很急", ("李娜", "", "", "打印机卡纸\n很急")),
    ("【14:02】李娜：打印机卡纸", ("李娜", "", "", "打印机卡纸")),
    ("李娜: 打印机卡纸\n张倩: 我这里也是", ("李娜", "", "", "打印机卡纸\n张倩: 我这里也是")),
    ("[14:02] 李娜：\n打印机卡纸", ("李娜", "", "", "打印机卡纸")),
    ("各位老师：\n打印机卡纸", ("", "", "", "打印机卡纸")),
    ("11-25 14:02\n打印机卡纸", ("", "", "", "11-25 14:02\n打印机卡纸")),
    ("问题：\n打印机卡纸", ("", "", "", "打印机卡纸")),
]


@pytest.mark.parametrize(("text", "wanted"), CASES)
def test_what_a_message_says(text: str, wanted: tuple[str, str, str, str]) -> None:  # S3
    found = pick_apart(text)
    assert (found.name, found.phone, found.place, found.problem) == wanted


def test_the_kind_of_group_is_told_by_the_head_line() -> None:
    assert pick_apart(CASES[1][0]).channel == "qq_group"
    assert pick_apart(CASES[0][0]).channel == "wechat_group"


@given(st.text(max_size=500))
def test_anything_may_be_pasted(text: str) -> None:
    found = pick_apart(text)
    assert len(found.name) <= 80
    assert len(found.phone) <= 30
    assert bool(found.problem) == bool(text[:4000].replace("\r", "\n").replace("\u2005", " ").strip()) or not found.problem
