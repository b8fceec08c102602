"""What every fake `claude` does: say what it was given, as one line of JSON on stdout.

The text of this file is the body of the fake executable and of the fake `node` (see claude.py), so it
imports the standard library only and runs under any Python from 3.9. Knobs, all in the environment:

    FAKE_EXIT=3         end with this status
    FAKE_STDIN=1        read stdin to its end and give it back as "stdin"
    FAKE_OUT=file       write the JSON there as well
    FAKE_RUN='sh line'  run it through sh first; what it printed is "ran", its status "ran_status"
    FAKE_SLEEP=20       sleep after the JSON was printed
    FAKE_TRAP=INT,TERM  on such a signal print {"signal": "SIGTERM"} and end with FAKE_EXIT, else 128 + n
    FAKE_KILL=TERM      end by this signal

It is started thousands of times, and importing json, signal or subprocess takes longer than Python itself: so the
parts of them serve that are written in C, and the whole only where a test asks for more.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def behave(version: str, runtime: str, program: str, args: list[str], **more: object) -> "NoReturn":
    import _signal as signal  # type: ignore[import-not-found]
    import time

    env = environment()
    for name in ("SIGINT", "SIGPIPE"):  # Python's own handling of them is not what an executable does
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    for name in filter(None, env.get("FAKE_TRAP", "").split(",")):
        signal.signal(getattr(signal, "SIG" + name), caught)
    if "--version" in args or "-v" in args:
        print(version + " (Claude Code)")
    elif talks(env, args):  # type: ignore[name-defined]  # noqa: F821  talking.py stands behind this text
        talk(version, env, args)  # type: ignore[name-defined]  # noqa: F821
    else:
        say(env, {"argv": args, "version": version, "runtime": runtime, "program": program, **more})
    sys.stdout.flush()
    time.sleep(float(env.get("FAKE_SLEEP", "0")))
    if "FAKE_KILL" in env:
        os.kill(os.getpid(), getattr(signal, "SIG" + env["FAKE_KILL"]))
    sys.exit(int(env.get("FAKE_EXIT", "0")))


def say(env: dict[str, str], known: dict[str, object]) -> None:
    said: dict[str, object] = {
        **known,
        "env": env,
        "cwd": os.getcwd(),
        "pid": os.getpid(),
        "tty": [os.isatty(stream) for stream in (0, 1, 2)],
    }
    if env.get("FAKE_STDIN"):
        said["stdin"] = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    if env.get("FAKE_RUN"):
        import subprocess

        ran = subprocess.run(["sh", "-c", env["FAKE_RUN"]], env=env, stdout=subprocess.PIPE, check=False)
        said.update(ran=ran.stdout.decode("utf-8", "surrogateescape"), ran_status=ran.returncode)
    line = as_json(said)
    print(line)
    if env.get("FAKE_OUT"):
        with open(env["FAKE_OUT"], "w", encoding="ascii") as file:
            file.write(line)


def as_json(value: object) -> str:
    """What `json.dumps` makes of it, with its keys in order."""
    from _json import encode_basestring_ascii

    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_json(name)}: {as_json(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_json, value)) + "]"
    return encode_basestring_ascii(value) if isinstance(value, str) else repr(value).lower()


def environment() -> dict[str, str]:
    """What the process was started with. Python itself adds LC_CTYPE in the C locale, and a measured test
    run adds COVERAGE_*: neither is ccpin's doing."""
    env = dict(os.environ)
    try:
        with open("/proc/self/environ", "rb") as file:
            pairs = (pair.partition(b"=") for pair in file.read().split(b"\0") if pair)
            env = {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}
    except OSError:
        if env.get("LC_CTYPE") == "C.UTF-8":
            del env["LC_CTYPE"]
    return {name: value for name, value in env.items() if not name.startswith("COVERAGE_")}


def caught(number: int, _frame: object) -> None:
    import json
    import signal

    # Not print: the signal may have come in the middle of one.
    os.write(1, json.dumps({"signal": signal.Signals(number).name}).encode() + b"\n")
    os._exit(int(os.environ.get("FAKE_EXIT", 128 + number)))


def node(version: str) -> "NoReturn":
    """The fake Node.js: `--version`, or `[options] script [arguments]`."""
    args = sys.argv[1:]
    if args[:1] in (["--version"], ["-v"]):
        print("v" + version)
        sys.exit(0)
    at = next((at for at, arg in enumerate(args) if not arg.startswith("-")), None)
    if at is None or not os.path.isfile(args[at]):
        sys.stderr.write("node: Cannot find module\n")
        sys.exit(1)
    import json

    script = os.path.abspath(args[at])
    folder = os.path.dirname(os.path.realpath(script))
    with open(os.path.join(folder, "package.json"), encoding="utf-8") as file:
        inside = json.load(file)["version"]
    behave(inside, "node", script, args[at + 1 :], node=version, node_options=args[:at])
