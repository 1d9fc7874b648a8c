"""The shipped reverse proxy configuration, read by the real proxy."""

import subprocess
from pathlib import Path

import pytest

from tests.program import ROOT

pytestmark = pytest.mark.server("nginx")


def test_the_shipped_nginx_configuration_is_valid_and_says_what_the_guide_says(tmp_path: Path) -> None:
    own = (ROOT / "deploy/nginx.conf").read_text()
    names = ["-keyout", str(tmp_path / "privkey.pem"), "-out", str(tmp_path / "fullchain.pem"), "-subj", "/CN=localhost"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names]
    subprocess.run(made, check=True, capture_output=True)
    conf = tmp_path / "nginx.conf"
    http = own.replace("/etc/ssl/yizhan/", f"{tmp_path}/")
    conf.write_text(f"pid {tmp_path}/pid; error_log stderr; events {{ }}\nhttp {{ access_log off;\n{http}\n}}\n")
    done = subprocess.run(["nginx", "-t", "-c", str(conf)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr
    assert "proxy_set_header X-Forwarded-For   $remote_addr;" in own  # replaced, never extended: one trusted proxy
