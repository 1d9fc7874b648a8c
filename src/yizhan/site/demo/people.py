"""The demonstration's customers, places and people (invented), by the fixed accounts."""

from yizhan.kernel.actor import system_actor
from yizhan.kernel.search.tokens import pinyin_key
from yizhan.people.models import Assignment, Contact, Customer, Department, Role, Site, Skill, Team, User
from yizhan.people.searching import index_contacts

ACTOR = system_actor("demo")
CUSTOMERS = {
    "demo-a": ("澄岭精密制造有限公司", "澄岭精密", ["总部办公楼", "一号厂房", "苏州工厂"],
               ["财务部", "人事部", "采购部", "生产部", "品质部", "仓储部", "研发部", "行政部"]),
    "demo-b": ("禾屿商贸连锁有限公司", "禾屿商贸",
               ["总部", "配送中心", "人民路店", "中山店", "新街口店", "大学城店", "城东店", "西湖店", "滨江店", "万象店"],
               ["门店运营", "财务部", "采购部", "配送部"]),
    "mingqiao": ("明桥会计师事务所", "明桥", ["办公室"], ["审计一组", "审计二组"]),
    "boan": ("博岸设计工作室", "博岸设计", ["工作室"], ["设计部", "商务"]),
    "kangmu": ("康沐门诊部", "康沐门诊", ["门诊楼"], ["前台", "药房"]),
}  # fmt: skip
STAFF = [
    ("admin", "系统管理员", None, [Role.ADMINISTRATOR]),
    ("manager", "周海宁", None, [Role.SERVICE_MANAGER]),
    ("desk", "林晓雯", None, [Role.DESK]),
    ("assets", "何静", None, [Role.ASSET_ADMIN]),
    ("auditor", "方敏", None, [Role.AUDITOR]),
    ("engineer1", "陈立", 1, [Role.TECHNICIAN]),
    ("engineer2", "吴建国", 2, [Role.TECHNICIAN]),
    ("engineer3", "刘洋", 1, [Role.TECHNICIAN]),
]
SKILLS = {"desktop": "台式机", "network": "网络", "server": "服务器", "print": "打印", "pos": "收银"}
KNOWS = {"engineer1": ["desktop", "print"], "engineer2": ["network", "server"], "engineer3": ["desktop", "pos"]}
ACCOUNTS = [
    ("customer1", "沈岚", "demo-a", "行政部", "总部办公楼", "行政主管", "13800002201", Role.CUSTOMER_CONTACT),
    ("requester1", "张倩", "demo-a", "财务部", "总部办公楼", "会计", "13800005678", Role.REQUESTER),
    ("requester2", "马俊", "demo-b", "门店运营", "人民路店", "店长", "13800006690", Role.REQUESTER),
]
CONTACTS = {
    "demo-a": ["高磊|采购部", "钱伟|仓储部", "许静|人事部", "李敏|人事部", "孙浩|研发部", "曾庆华|生产部", "郭敏|品质部", "唐婷|财务部",
               "韩冰|研发部", "解文博|生产部"],
    "demo-b": ["孙师傅|配送部", "赵丽|门店运营", "周涛|门店运营", "吴娜|财务部", "单志强|采购部", "冯雪|门店运营", "董凯|配送部"],
    "mingqiao": ["郑涛|审计二组", "王蕾|审计一组"],
    "boan": ["江悦|商务", "周敏|设计部"],
    "kangmu": ["门卫老赵|", "陈护士|前台"],
}  # fmt: skip


def make_user(username: str, name: str, password: str, *, email: str, tier: int | None = None, phone: str = "") -> User:
    user = User(username=username, display_name=name, email=email, tier=tier, phone=phone, sort_key=pinyin_key(name))
    user.set_password(password)
    user.save()
    return user


def make_staff(password: str) -> None:
    teams = {
        1: Team.objects.create(code="tier1", name="一线支持", tier=1),
        2: Team.objects.create(code="tier2", name="二线支持", tier=2),
    }
    skills = {code: Skill.objects.create(code=code, name=name) for code, name in SKILLS.items()}
    for number, (username, name, tier, roles) in enumerate(STAFF):
        email = f"{username}@yizhan.example"
        user = make_user(username, name, password, email=email, tier=tier, phone=f"1390000{1100 + number}")
        Assignment.objects.bulk_create(Assignment(user=user, role=role) for role in roles)
        if tier:
            teams[tier].members.add(user)
        user.skills.set(skills[code] for code in KNOWS.get(username, []))


def make_customers() -> dict[str, Customer]:
    made = {}
    for code, (name, short, sites, departments) in CUSTOMERS.items():
        customer = Customer.objects.create(code=code, name=name, short_name=short, sort_key=pinyin_key(name))
        Site.objects.bulk_create(Site(customer=customer, name=s, sort_key=pinyin_key(s)) for s in sites)
        Department.objects.bulk_create(Department(customer=customer, name=d, sort_key=pinyin_key(d)) for d in departments)
        made[code] = customer
    return made


def make_contact(customer: Customer, name: str, department: str, site: str, **more: object) -> Contact:
    contact = Contact(
        customer=customer, name=name, department=Department.objects.filter(customer=customer, name=department).first(),
        site=Site.objects.filter(customer=customer, name=site).first(), sort_key=pinyin_key(name), **more,
    )  # fmt: skip
    contact.save()
    index_contacts([contact])
    return contact


def make_people(password: str) -> dict[str, Customer]:
    """Everybody, with the fixed accounts."""
    make_staff(password)
    customers = make_customers()
    for username, name, code, department, site, title, phone, role in ACCOUNTS:
        user = make_user(username, name, password, email=f"{username}@{code}.example", phone=phone)
        Assignment.objects.create(user=user, role=role, customer=customers[code])
        make_contact(
            customers[code], name, department, site, title=title, phone=phone, email=user.email, user=user,
            place="312" if username == "requester1" else "",
        )  # fmt: skip
    number = 0
    for code, rows in CONTACTS.items():
        sites = CUSTOMERS[code][2]
        for row in rows:
            number += 1
            name, department = row.split("|")
            reachable = name != "门卫老赵"
            phone = f"1370000{3000 + number * 37}" if reachable else ""
            email = f"user{number}@{code}.example" if reachable and number % 3 else ""
            make_contact(customers[code], name, department, sites[number % len(sites)], phone=phone, email=email)
    return customers
