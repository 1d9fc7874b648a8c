from yizhan.kernel import loading


class ChannelsConfig(loading.App):
    name = "yizhan.channels"
    label = "channels"
    registers = ("policies", "outbound", "subscribers", "live", "jobs")
