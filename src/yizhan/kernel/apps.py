from yizhan.kernel import loading


class KernelConfig(loading.App):
    name = "yizhan.kernel"
    label = "kernel"
    registers = ("jobs", "listing.export", "resource.import_work", "lifecycle.checks")
