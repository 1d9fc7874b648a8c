from yizhan.kernel import loading


class PeopleConfig(loading.App):
    name = "yizhan.people"
    label = "people"
    registers = ("policies", "acting", "resources", "searching", "panels")
