"""The same shapes in every language."""

DATETIME_FORMAT = "Y-m-d H:i"
SHORT_DATETIME_FORMAT = "m-d H:i"
DATE_FORMAT = "Y-m-d"
SHORT_DATE_FORMAT = "m-d"
TIME_FORMAT = "H:i"
FIRST_DAY_OF_WEEK = 1
