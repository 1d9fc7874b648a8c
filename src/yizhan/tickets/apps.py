from yizhan.kernel import loading


class TicketsConfig(loading.App):
    name = "yizhan.tickets"
    label = "tickets"
    registers = (
        "policies",
        "subscribers",
        "staff_news",
        "notices",
        "files",
        "searching",
        "resources",
        "tables",
        "panels",
        "live",
        "evidence",
        "jobs",
    )
