"""The shipped service catalogue: categories as the regulation divides them."""

from yizhan.tickets.models import Category

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
