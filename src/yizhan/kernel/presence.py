"""Who looks at a record right now: passed on, never stored."""

import json

from django.db import connection

from yizhan.kernel.actor import Actor

CHANNEL = "yizhan_presence"


def tell_presence(number: str, actor: Actor, *, typing: bool, gone: bool = False) -> None:
    news = {"number": number, "user": actor.user_id, "name": actor.name[:40], "typing": typing, "gone": gone}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, json.dumps(news, ensure_ascii=False)])
