"""The words that requesters get: received with number, completed with sign link, chased to sign."""

from django.utils.translation import gettext_lazy as _

from yizhan.kernel.notices import Shipped, ship

RECEIVED = "ticket_received"
COMPLETED = "ticket_completed"
REPLIED = "ticket_replied"
SIGN_REMINDER = "ticket_sign_reminder"
CLOSED = "ticket_closed_unserved"
RESTORED = "fault_restored"

ship(
    Shipped(
        RESTORED,
        ("number", "subject", "requester", "provider", "hotline"),
        {
            "zh-hans": (
                "[{number}] 已恢复：{subject}",
                "{requester}，您好：\n\n您遇到的故障“{subject}”（{number}）已恢复。如果还不正常，请直接回复本邮件或致电 {hotline}。\n\n{provider}\n",
            ),
            "en": (
                "[{number}] Restored: {subject}",
                "Dear {requester},\n\nthe fault “{subject}” ({number}) is mended. If it still does not work for you, answer this mail "
                "or call {hotline}.\n\n{provider}\n",
            ),
        },
        label=_("known fault restored"),
    ),
    Shipped(
        RECEIVED,
        ("number", "subject", "requester", "provider", "hotline"),
        {
            "zh-hans": (
                "[{number}] 已受理：{subject}",
                "{requester}，您好：\n\n您的报修已登记，编号 {number}。\n内容：{subject}\n\n"
                "工程师接单后会与您联系。补充情况请直接回复本邮件，编号请保留在标题里。\n\n{provider} {hotline}\n",
            ),
            "en": (
                "[{number}] Received: {subject}",
                "Dear {requester},\n\nyour request is registered as {number}.\nSubject: {subject}\n\n"
                "An engineer will contact you. To add something, answer this mail and keep the number in its subject."
                "\n\n{provider} {hotline}\n",
            ),
        },
        label=_("request received"),
    ),
    Shipped(
        COMPLETED,
        ("number", "subject", "requester", "provider", "hotline", "link", "engineer", "work"),
        {
            "zh-hans": (
                "[{number}] 已处理，请签字评价：{subject}",
                "{requester}，您好：\n\n{number} 已由 {engineer} 处理完成。\n处理过程：{work}\n\n"
                "请打开下面的链接确认签字并评价；没修好也请在那里告诉我们：\n{link}\n\n"
                "链接只能用一次，8 天内有效。\n\n{provider} {hotline}\n",
            ),
            "en": (
                "[{number}] Done, please sign: {subject}",
                "Dear {requester},\n\n{engineer} has completed {number}.\nWork done: {work}\n\n"
                "Please confirm and rate it here, or tell us there that it is not fixed:\n{link}\n\n"
                "The link works once, within 8 days.\n\n{provider} {hotline}\n",
            ),
        },
        label=_("work done, please sign"),
    ),
    Shipped(
        REPLIED,
        ("number", "subject", "requester", "provider", "engineer", "body"),
        {
            "zh-hans": (
                "[{number}] {subject}",
                "{body}\n\n{engineer}\n{provider}\n\n（直接回复本邮件即可，编号请保留在标题里。）\n",
            ),
            "en": ("[{number}] {subject}", "{body}\n\n{engineer}\n{provider}\n\n(Just answer this mail; keep the number.)\n"),
        },
        label=_("answer of an engineer"),
    ),
    Shipped(
        SIGN_REMINDER,
        ("number", "subject", "requester", "provider", "hotline", "link"),
        {
            "zh-hans": (
                "[{number}] 请签字确认：{subject}",
                "{requester}，您好：\n\n{number} 已处理完成，还没有收到您的确认。请打开链接签字评价：\n{link}\n\n"
                "七天内没有回音将按已确认结案。\n\n{provider} {hotline}\n",
            ),
            "en": (
                "[{number}] Please confirm: {subject}",
                "Dear {requester},\n\n{number} is done and waits for your confirmation:\n{link}\n\n"
                "After seven days of silence it counts as confirmed.\n\n{provider} {hotline}\n",
            ),
        },
        label=_("reminder to sign"),
    ),
    Shipped(
        CLOSED,
        ("number", "subject", "requester", "provider", "hotline", "reason"),
        {
            "zh-hans": (
                "[{number}] 已关闭：{subject}",
                "{requester}，您好：\n\n{number} 未经处理已关闭，原因：{reason}。\n如有疑问请回复本邮件或致电 {hotline}。\n\n{provider}\n",
            ),
            "en": (
                "[{number}] Closed: {subject}",
                "Dear {requester},\n\n{number} was closed without work: {reason}.\n"
                "If that is wrong, answer this mail or call {hotline}.\n\n{provider}\n",
            ),
        },
        label=_("closed without work"),
    ),
)
