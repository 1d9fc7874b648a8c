"""A private Postfix that hands to a private Dovecot: real SMTP in, real IMAP out, nothing of the machine's touched."""

import os
import shutil
import smtplib
import socket
import subprocess
import time
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from tests.oauth_provider import introspection_url

DOMAINS = "yizhan.example, demo-a.example, demo-b.example"
PASSWORD = "mailbox-secret"
# The daemons keep what they are given open for good: a pipe would never end.
SILENT: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
MAIN_CF = """
compatibility_level = 3.6
queue_directory = {place}/spool
data_directory = {place}/data
maillog_file_prefixes = {place}
maillog_file = {place}/postfix.log
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.yizhan.example
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = {domains}
virtual_mailbox_maps = static:here
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
default_transport = error:no mail leaves this test
smtpd_recipient_restrictions = permit_mynetworks, reject
"""
MASTER_CF = """
127.0.0.1:{smtp} inet n - n - - smtpd
127.0.0.1:{submission} inet n - n - - smtpd
  -o smtpd_sasl_auth_enable=yes -o smtpd_sasl_type=dovecot -o smtpd_sasl_path=inet:127.0.0.1:{auth}
  -o mynetworks= -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
retry unix - - n - - error
scache unix - - n - 1 scache
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
"""
DOVECOT = """
base_dir = {place}/run
state_dir = {place}/state
log_path = {place}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
mail_location = maildir:{place}/mail/%u
auth_mechanisms = plain login xoauth2
passdb {{
  driver = static
  args = password={password}
  mechanisms = plain login
}}
passdb {{
  driver = oauth2
  args = {place}/oauth2.conf
  mechanisms = xoauth2
}}
service auth {{
  inet_listener {{
    address = 127.0.0.1
    port = {auth}
  }}
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={place}/mail/%u allow_all_users=yes
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
"""
OAUTH2 = """
introspection_mode = post
introspection_url = {introspection}
username_attribute = username
active_attribute = active
active_value = true
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on {port}")


@dataclass
class MailServers:
    """Both servers, in `place`. Whoever shows them a token is asked about at the provider on port `oauth`.

    `smtp` takes letters from everybody here; `submission` only from who has signed in.
    """

    place: Path
    smtp: int = 0
    submission: int = 0
    imap: int = 0
    oauth: int = 0

    def start(self) -> None:
        self.smtp, self.submission, self.imap, self.oauth = (free_port() for _ in range(4))
        lmtp, auth = free_port(), free_port()
        self.place.chmod(0o755)
        for name in ("spool", "data", "mail", "run", "state"):
            (self.place / name).mkdir()
        shutil.chown(self.place / "data", "postfix")
        shutil.chown(self.place / "mail", "nobody", "nogroup")
        given = {
            "place": self.place,
            "domains": DOMAINS,
            "smtp": self.smtp,
            "imap": self.imap,
            "lmtp": lmtp,
            "auth": auth,
            "submission": self.submission,
            "introspection": introspection_url(self.oauth),
            "password": PASSWORD,
        }
        (self.place / "main.cf").write_text(MAIN_CF.format(**given))
        (self.place / "master.cf").write_text(MASTER_CF.format(**given))
        (self.place / "dovecot.conf").write_text(DOVECOT.format(**given))
        (self.place / "oauth2.conf").write_text(OAUTH2.format(**given))
        env = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}
        subprocess.run(["dovecot", "-c", self.place / "dovecot.conf"], check=True, env=env, timeout=60, **SILENT)
        subprocess.run(["postfix", "-c", self.place, "start"], check=True, env=env, timeout=60, **SILENT)
        for port in (self.smtp, self.submission, self.imap, lmtp):
            wait_for(port)

    def stop(self) -> None:
        env = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}
        subprocess.run(["postfix", "-c", self.place, "stop"], check=False, env=env, timeout=60, **SILENT)
        subprocess.run(["doveadm", "-c", self.place / "dovecot.conf", "stop"], check=False, env=env, timeout=60, **SILENT)

    def send(self, sender: str, subject: str, body: str, *, to: str = "desk@yizhan.example", **headers: str) -> None:
        """Send one mail through the real server, as a mail program does."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, to, subject
        message["Message-ID"] = f"<{time.time_ns()}@client.example>"
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content(body)
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=20) as server:
            server.send_message(message)
