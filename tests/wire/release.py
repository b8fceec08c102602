"""A program in the place of a release: `python -I release.py VERB …`. It has only what the runner gives it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

BODY = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}], "tools": [{"name": "T"}]}


def ask() -> None:
    """One request to the API, in whichever mode this is, and one to another host."""
    tunnel = urlsplit(os.environ["HTTPS_PROXY"])
    base = os.environ.get("ANTHROPIC_BASE_URL")
    if base:
        client = http.client.HTTPConnection(urlsplit(base).netloc, timeout=10)
    else:
        trust = ssl.create_default_context(cafile=os.environ["NODE_EXTRA_CA_CERTS"])
        client = http.client.HTTPSConnection(str(tunnel.hostname), tunnel.port, context=trust, timeout=10)
        client.set_tunnel("api.anthropic.com", 443)
    client.request("POST", "/v1/messages?beta=true", json.dumps(BODY), {"x-api-key": os.environ["ANTHROPIC_API_KEY"]})
    print(client.getresponse().status)
    other = http.client.HTTPConnection(str(tunnel.hostname), tunnel.port, timeout=10)
    other.request("CONNECT", "statsig.anthropic.com:443")
    print(other.getresponse().status)


def show() -> None:
    Path(os.environ["HOME"], "was-here").write_text("x")
    said = {"env": dict(os.environ), "cwd": os.getcwd(), "uid": os.geteuid(), "argv": sys.argv[2:]}
    print(json.dumps(said), sys.stdin.read(), end="")
    print("err", file=sys.stderr)


def reach(port: str) -> None:
    """Whether a port of the machine's own loopback can be reached."""
    try:
        socket.create_connection(("127.0.0.1", int(port)), 5).close()
        print("reached")
    except OSError as error:
        print(type(error).__name__)


def linger(pids: str, stay: bool) -> None:
    """With a child in the group and, on Linux, an orphan in a session of its own; their pids go to a file."""
    sleep = [sys.executable, "-I", "-c", "import time; time.sleep(300)"]
    child = subprocess.Popen(sleep)
    lost = ""
    if sys.platform.startswith("linux"):  # elsewhere nobody can find it again
        orphan = "import subprocess as s, sys; print(s.Popen(sys.argv[1:], start_new_session=True, stdout=2).pid)"
        argv = [sys.executable, "-I", "-c", orphan, *sleep]
        lost = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    text = f"{os.getpid()} {child.pid} {lost}"
    Path(pids + ".part").write_text(text)
    os.rename(pids + ".part", pids)
    if stay:
        time.sleep(300)


if __name__ == "__main__":
    verb, rest = sys.argv[1], sys.argv[2:]
    if verb == "ask":
        ask()
    elif verb == "show":
        show()
        sys.exit(7)
    elif verb == "reach":
        reach(rest[0])
    elif verb == "linger":
        linger(rest[0], stay="stay" in rest)
    elif verb == "die":
        os.kill(os.getpid(), signal.SIGTERM)
