"""What can be a telephone number, wherever somebody gives one: form, REST, sheet, registration, invitation."""

import re
from unicodedata import normalize

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
LIKE_A_MOBILE = re.compile(r"(?:\+86|0086|86(?=\d{10})|0)?(1[3-9]\d{5,})")
MOBILE_DIGITS, LONGEST_EXTENSION = 11, 6
WHOLE_NUMBER = range(7, 13)  # of a line, with its area code or without, or another mobile
OTHER_COUNTRY = re.compile(r"\s*\(?\+(?!86)")
WORDS = _("Write a telephone number, such as 13800005678, 010-12345678 ext. 8012, or an internal 8012.")
MISCOUNTED = _("A mobile number has 11 digits; this one has %(count)d.")


def miscounted(number: str) -> int:
    """How many digits a Chinese mobile has here that has too few or too many; 0 where all is well, or it is no mobile.

    Shorter than any line's number it is an internal one, whatever it begins with. Behind a whole one, parted from it,
    an extension or a second number may follow.
    """
    for part in re.split(r"[/、,;]", number):
        mobile = LIKE_A_MOBILE.fullmatch(re.sub(r"[^\d+]", "", part))
        if mobile is None or OTHER_COUNTRY.match(part):
            continue
        digits, rest = len(mobile[1]), 0
        for group in reversed(re.findall(r"\d+", part)):
            if digits <= MOBILE_DIGITS:
                break
            digits, rest = digits - len(group), rest + len(group)
        if digits != MOBILE_DIGITS or LONGEST_EXTENSION < rest not in WHOLE_NUMBER:
            return len(mobile[1])
    return 0


def check_phone(text: str) -> None:
    """A mobile, a number with or without area code or country, 400 and 800 numbers, an internal one; with its extension.

    Any blanks and dashes are welcome, for nobody is refused for how he groups it; letters that name no extension are not.

    Raises:
        ValidationError: it is no number.
    """
    found = PHONE.fullmatch(text.strip())
    if found is None or sum(sign.isdigit() for sign in found.group()) < FEWEST_DIGITS:
        raise ValidationError(WORDS, code="phone")
    count = miscounted(normalize("NFKC", found["number"]))
    if count:
        raise ValidationError(MISCOUNTED, code="phone", params={"count": count})
