"""The shipped service catalogue: categories as the regulation divides them."""

from yizhan.tickets.models import CannedReply, Category, Phrase

# code, name, half, usual level, children
CATALOGUE: tuple[tuple[str, str, str, int | None, tuple[tuple[str, str], ...]], ...] = (
    ("hardware", "硬件", "hardware", None,
     (("desktop", "台式机"), ("laptop", "笔记本"), ("print", "打印"), ("peripheral", "外设"), ("server", "服务器"))),
    ("system", "系统", "software", 2, ()),
    ("office", "办公软件", "software", 3, ()),
    ("business", "业务系统", "software", 2, (("erp", "ERP"), ("oa", "OA"), ("pos", "收银"))),
    ("mail", "邮件", "software", 2, ()),
    ("network", "网络", "hardware", None, (("wired", "有线"), ("wireless", "无线"), ("vpn", "VPN"))),
    ("telephony", "电话与会议", "hardware", 3, ()),
    ("account", "账号权限", "software", 4, ()),
    ("security", "安全病毒", "software", 2, ()),
    ("imac", "IMAC", "hardware", 4, ()),
    ("consumable", "耗材", "hardware", 4, ()),
    ("inspection", "巡检", "hardware", 4, ()),
)  # fmt: skip


def seed_categories() -> None:
    """Make what is missing of the shipped catalogue; what was renamed or ended stays so."""
    if Category.objects.exists():
        return
    position = 0
    for code, name, half, level, children in CATALOGUE:
        position += 10
        parent = Category.objects.create(code=code, name=name, half=half, level=level, position=position)
        for child, child_name in children:
            position += 1
            Category.objects.create(code=child, name=child_name, half=half, level=level, parent=parent, position=position)


PHRASES: tuple[tuple[str, str], ...] = (
    ("actions_taken", "重启后正常"), ("actions_taken", "更换配件"), ("actions_taken", "重新配置"), ("actions_taken", "清理并测试"),
    ("actions_taken", "已教使用方法"), ("actions_taken", "重装驱动"), ("diagnosis", "配置被改动"), ("diagnosis", "配件老化"),
    ("diagnosis", "操作不熟"), ("diagnosis", "线路接触不良"),
)  # fmt: skip
REPLIES: tuple[tuple[str, str], ...] = (
    ("正在处理", "{requester}，您好：您报的“{subject}”正在处理，有进展马上告诉您。"),
    ("请补充情况", "{requester}，您好：为尽快处理 {number}，请补充：出现时间、提示内容（可拍照）、同事是否也有。"),
    ("约时间上门", "{requester}，您好：工程师 {engineer} 准备上门处理，请回复方便的时间和地点。"),
    ("请重试", "{requester}，您好：已处理，请再试一次；还有问题直接回复，或打 {hotline}。"),
)


def seed_texts() -> None:
    """The shipped phrases and replies, once; what was changed or ended stays so."""
    if not Phrase.objects.exists():
        Phrase.objects.bulk_create(Phrase(place=place, text=text, position=10 * i) for i, (place, text) in enumerate(PHRASES))
    if not CannedReply.objects.exists():
        CannedReply.objects.bulk_create(
            CannedReply(title=title, body=body, position=10 * i) for i, (title, body) in enumerate(REPLIES)
        )
