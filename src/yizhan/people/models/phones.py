"""What can be a telephone number, wherever somebody gives one: form, REST, sheet, registration, invitation."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

FEWEST_DIGITS = 3  # an internal number
BETWEEN = r"[\s+＋\-–—－.·/、,，;；()（）]*"
BEFORE = r"(?:手机号?|座机|固话|电话|短号|总机|办公|家|内线|分机|ext\.?|tel\.?|mobile|cell)"
EXTENSION = r"(?:转|轉|分机|内线|ext\.?|x|#|\*)"
PHONE = re.compile(
    rf"(?:{BEFORE}\s*[:：]?\s*)?(?P<number>[(（]?[+＋]?[(（]?\d(?:{BETWEEN}\d)*[)）]?)"
    rf"(?:\s*{EXTENSION}\s*[:：]?\s*\d{{1,6}})?",
    re.IGNORECASE,
)
WORDS = _("Write a telephone number, such as 13800005678, 010-12345678 ext. 8012, or an internal 8012.")


def check_phone(text: str) -> None:
    """A mobile, a number with or without area code or country, 400 and 800 numbers, an internal one; with its extension.

    Any blanks and dashes are welcome, for nobody is refused for how he groups it; letters that name no extension are not.

    Raises:
        ValidationError: it is no number.
    """
    found = PHONE.fullmatch(text.strip())
    if found is None or sum(sign.isdigit() for sign in found.group()) < FEWEST_DIGITS:
        raise ValidationError(WORDS, code="phone")
