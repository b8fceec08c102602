"""A program for a terminal in the place of a release: `python -I typist.py VERB …`. Gateway mode."""

from __future__ import annotations

import http.client
import json
import os
import select
import subprocess
import sys
import termios
import time
import tty
from pathlib import Path
from urllib.parse import urlsplit


def talk() -> None:
    """Sends each line that is typed to the API and shows what it is answered; busy before, like a real one."""
    print("ready", flush=True)
    before = termios.tcgetattr(0)
    time.sleep(0.1)
    tty.setraw(0)
    time.sleep(0.2)
    line = ""
    while True:
        keys = os.read(0, 1000).decode()
        os.write(1, f"\x1b[1Gread {keys!r}\x1b[2Cso\r\n".encode())
        if keys == "\x03":
            sys.exit(3)
        if keys != "\r":
            line += keys
        elif line == "/exit":
            termios.tcsetattr(0, termios.TCSADRAIN, before)
            print("bye")
            return
        else:
            os.write(1, f"answer: {_ask(line)}\r\n".encode())
            line = ""


def _ask(said: str) -> str:
    content = [{"role": "user", "content": said}]
    body = {"model": "m", "stream": True, "messages": content, "tools": [{"name": "T"}]}
    client = http.client.HTTPConnection(urlsplit(os.environ["ANTHROPIC_BASE_URL"]).netloc, timeout=10)
    client.request("POST", "/v1/messages", json.dumps(body))
    events = [json.loads(line[6:]) for line in client.getresponse().read().splitlines() if line.startswith(b"data: ")]
    return "".join(event["delta"]["text"] for event in events if event["type"] == "content_block_delta")


def ask(asked: str) -> None:
    """What the terminal answers, as JSON; the question is written in two parts. Answers come in order, so what comes
    before the answer to another question, which every terminal knows, is all that there is."""
    question = asked.encode()
    then, known = (b"\x1b[5n", b"\x1b[0n") if b"5n" not in question else (b"\x1b[6n", b"\x1b[1;1R")
    tty.setraw(0)
    os.write(1, question[:3])
    time.sleep(0.1)
    os.write(1, question[3:])
    os.write(1, then)
    answer = b""
    while not answer.endswith(known) and select.select([0], [], [], 10)[0]:
        answer += os.read(0, 1000)
    if select.select([0], [], [], 0.05)[0]:
        answer += os.read(0, 1000)  # more than there should be
    answer = answer[: -len(known)] if answer.endswith(known) else answer + b" and no end"
    os.write(1, f"\r\nanswer: {json.dumps(answer.decode())} end\r\n".encode())


def show() -> None:
    """What it was given, as JSON: the size, the streams, the environment, and whether the terminal is its own."""
    with open("/dev/tty", "rb") as own:
        said = {
            "size": list(os.get_terminal_size()),
            "terminals": [os.isatty(fd) for fd in range(3)],
            "foreground": os.tcgetpgrp(own.fileno()) == os.getpgrp(),
            "term": os.environ["TERM"],
            "home": os.environ["HOME"],
            "cwd": os.getcwd(),
        }
    print("said", json.dumps(said))


def deaf(pids: str) -> None:
    """Never reads, with a child; their pids go to a file."""
    tty.setraw(0)
    child = subprocess.Popen([sys.executable, "-I", "-c", "import time; time.sleep(300)"])
    Path(pids + ".part").write_text(f"{os.getpid()} {child.pid}")
    os.rename(pids + ".part", pids)
    time.sleep(300)


if __name__ == "__main__":
    verb, rest = sys.argv[1], sys.argv[2:]
    if verb == "talk":
        talk()
    elif verb == "ask":
        ask(rest[0])
    elif verb == "show":
        show()
    elif verb == "deaf":
        deaf(rest[0])
    elif verb == "line":
        print("name?", flush=True)
        print("hello", input())
        time.sleep(300)
