"""What people report in the demonstration, by level, with category, cause, and what was done about it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One believable fault: its words, its branch of the catalogue, how it ends."""

    level: int
    subject: str
    category: str
    cause: str
    diagnosis: str
    work: str
    mode: str
    minutes: int
    kind: str = "incident"


def cases(level: int, rows: str, kind: str = "incident") -> list[Case]:
    found = []
    for row in rows.strip().splitlines():
        subject, category, cause, diagnosis, work, mode, minutes = (part.strip() for part in row.split("|"))
        found.append(Case(level, subject, category, cause, diagnosis, work, mode, int(minutes), kind))
    return found


CASES = [
    *cases(1, """
财务张倩电脑按电源没反应，今天要报税 | desktop | hardware | 电源无输出，万用表测 12V 为 0 | 更换 300W 电源，开机与报税客户端正常 | on_site | 40
开机蓝屏 0x7B，重启三次进不去 | desktop | hardware | 硬盘模式被改成 IDE | 改回 AHCI，进系统检查磁盘无坏道 | on_site | 35
办公楼三楼整层断网，交换机灯全灭 | wired | environment | 弱电间空开跳闸，交换机断电 | 隔离短路支路，恢复供电，逐口测试 | on_site | 75
收银1号机死机，门店在排队 | pos | hardware | 固态盘掉盘，开机卡 LOGO | 更换固态盘，还原收银镜像，试收一单正常 | on_site | 50
仓库无线全断，PDA 没法出库 | wireless | network | 无线控制器升级后配置丢失 | 导入备份配置，AP 全部上线 | remote | 45
笔记本摔了屏碎，下午要给客户演示 | laptop | hardware | 屏幕总成碎裂 | 借出备机并迁移资料，原机送修 | on_site | 30
机房 UPS 报警后掉电，ERP 全员打不开 | server | environment | UPS 电池老化，市电波动时掉电 | 旁路供电，启动服务器和数据库，核对数据 | on_site | 120
开机提示找不到硬盘 | laptop | hardware | SATA 排线松动 | 重插排线，检测硬盘健康正常 | on_site | 25
文件后缀全变了打不开，疑似勒索病毒 | security | external | 邮件附件触发勒索程序，仅本机受影响 | 断网隔离，重装系统，从备份恢复文件 | on_site | 150
"""),
    *cases(2, """
电脑一直弹广告，主页被改，怀疑中毒 | security | software | 捆绑软件篡改主页 | 卸载捆绑软件，全盘查杀，恢复主页 | remote | 30
杀毒报木马，隔离后又出来 | security | software | 启动项残留下载器 | 清理计划任务和启动项，复查正常 | remote | 40
Outlook 收不到外部邮件，内部正常 | mail | configuration | 外部收信规则误拦 | 调整网关规则，补投被拦邮件 | remote | 25
发给客户的邮件全被退信 550 | mail | external | 出口地址进入黑名单 | 申请移出黑名单，改走备用出口 | remote | 60
U8 登录提示无法连接应用服务器 | erp | software | 应用服务未随系统启动 | 启动服务并改为自动启动 | remote | 20
OA 提交流程报错，采购部都一样 | oa | configuration | 流程节点引用了停用角色 | 改节点角色，重新提交成功 | remote | 35
财务共享盘打不开，提示没有权限 | account | configuration | 安全组被误删 | 重建安全组并授权 | remote | 15
VPN 连上几分钟就掉，好几个人 | vpn | network | MTU 过大导致分片丢包 | 网关侧调小 MTU，观察一小时稳定 | remote | 50
月结过账卡住不动 | erp | software | 长事务锁表 | 终止僵死会话，过账完成 | remote | 30
门店收银能开单但不能刷会员 | pos | external | 会员接口证书过期 | 更新证书，试刷成功 | remote | 30
"""),
    *cases(3, """
二楼复合机卡纸，取出后还报卡纸 | print | hardware | 传感器拨片卡住 | 清理碎纸，复位拨片 | on_site | 20
针打送货单打偏半行 | print | configuration | 纸张高度设置不对 | 自定义纸张 9.3 厘米，试打对齐 | remote | 15
打印机显示脱机，重启没用 | print | configuration | 打印机地址变更 | 改端口地址，设保留地址 | remote | 12
打出来中间一条黑线 | print | hardware | 感光鼓划伤 | 更换感光鼓，试打清晰 | on_site | 20
8012 分机听不到对方声音 | telephony | hardware | 话筒线接触不良 | 更换手柄线 | on_site | 10
电脑很慢，开个表要一分钟 | desktop | hardware | 内存不足，机械盘占满 | 加装固态盘并迁移系统 | on_site | 60
ERP 查库存报表要等三分钟 | erp | software | 报表缺索引 | 建索引，查询 4 秒 | remote | 40
扫描到文件夹失败，昨天刚改密码 | print | operation | 复合机里存的是旧密码 | 更新扫描账号密码 | remote | 10
B会议室无线老掉线 | wireless | network | 信道干扰 | 换信道并降低功率 | on_site | 30
投屏有画面没声音 | telephony | operation | 音频输出选错 | 切到 HDMI 输出并教使用 | on_site | 8
外接显示器时不时闪 | peripheral | hardware | 转接线老化 | 更换转接线 | on_site | 12
考勤机时间慢了十分钟 | peripheral | configuration | 未同步时间服务器 | 配置时间同步 | remote | 10
"""),
    *cases(4, """
下周一新入职3人，配电脑、邮箱、域账号 | imac | operation | 入职准备 | 装机三台，开通账号与邮箱 | on_site | 120
离职：市场部王磊，笔记本及配件交还 | imac | operation | 离职清退 | 验收笔记本，停用账号 | on_site | 30
行政部6人搬工位，3楼到5楼 | imac | operation | 搬迁 | 迁移六台终端与电话 | on_site | 150
申请加内存到16G，画图卡 | desktop | hardware | 内存 8G 不够 | 加装 8G 内存 | on_site | 20
88A 硒鼓只剩1支，申请采购 | consumable | operation | 库存不足 | 登记采购 5 支 | remote | 5
前台打印机没粉了，换硒鼓 | consumable | hardware | 碳粉耗尽 | 更换硒鼓 | on_site | 8
域账号锁了，帮忙解一下 | account | operation | 连续输错密码 | 解锁并核对本人 | remote | 5
VLOOKUP 跨表怎么用 | office | operation | 使用咨询 | 远程演示并留下示例 | remote | 10
申请装 AutoCAD（先查授权） | office | operation | 有空闲授权 | 安装并登记授权 | remote | 40
出差一周，申请开 VPN | vpn | operation | 权限申请 | 开通一周并发送说明 | remote | 8
明早十点视频会议保障 | telephony | operation | 会议保障 | 提前试音试投，全程在场 | on_site | 60
质检文件夹给两位同事加读写权限 | account | operation | 权限申请 | 主管确认后授权 | remote | 6
""", "request"),
]  # fmt: skip
COMMENTS = {
    5: ["很快就好了，谢谢", "师傅很耐心，讲得清楚", "", "来得快", "解决得很彻底", ""],
    4: ["修好了，就是会员刷卡要自己再登一次", "可以", "", "等了一会儿，处理不错"],
    3: ["能用了，但有点慢", "一般"],
    2: ["跑了两趟才好", "说好上午来，下午才到"],
    1: ["第三次坏了，还是没修好"],
}
TAGS = ["来得快", "讲得清楚", "态度好", "收拾干净"]
