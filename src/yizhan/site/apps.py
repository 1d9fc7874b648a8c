from yizhan.kernel import loading


class SiteConfig(loading.App):
    name = "yizhan.site"
    label = "site"
    registers = ("gate", "account_acts", "audit_words")
