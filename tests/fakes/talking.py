"""What every fake `claude` does with `-p` where it is given a key and a proxy, as captured releases are: it talks.

The text of this file follows that of program.py in the fake executables. What it sends depends on what a release's
request depends on: its version, the flags, in the environment and in settings, the user's model, CLAUDE.md and cached
feature flags. Three versions are odd:

    2.0.66    sends another system prompt in every run
    2.0.67    says why it will not start, and ends with 1
    2.0.68    never ends
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def talks(env: "dict[str, str]", args: "list[str]") -> bool:
    return "-p" in args and "ANTHROPIC_API_KEY" in env and "HTTPS_PROXY" in env


def talk(version: str, env: "dict[str, str]", args: "list[str]") -> None:
    import json
    import re
    import time
    import uuid

    if version == "2.0.67":
        sys.exit("it needs an update")
    if version == "2.0.68":
        time.sleep(300)
    home, cwd = env["HOME"], os.getcwd()
    settings = {
        **read(os.path.join(home, ".claude", "settings.json")),
        **read(os.path.join(".claude", "settings.json")),
    }
    given = json.loads(args[args.index("--settings") + 1]) if "--settings" in args else {}
    flags = {**env, **settings.get("env", {}), **given.get("env", {})}
    flags = {name: value for name, value in flags.items() if value}
    newer = tuple(map(int, version.split("."))) >= (2, 1, 0)
    betas = ["claude-code-20250219", f"since-{version}"]
    if newer and flag("CLAUDE", "CODE_DISABLE_EXPERIMENTAL_BETAS") not in flags:
        betas.append("experiment-2026-01-01")
    if newer and flag("CLAUDE", "CODE_DISABLE_FEATURE_FLAGS") not in flags:
        cached = read(os.path.join(home, ".claude.json")).get("cachedFeatureFlags", {})
        betas += [f"of-{name}" for name, on in cached.items() if on]
    tools = ["Bash", "Read", "Agent"] if newer else ["Bash", "Read", "Task"]
    denied = settings.get("permissions", {}).get("deny", [])
    tools = [name for name in tools if name not in denied]
    asked = args[args.index("-p") + 1]
    said = [{"type": "text", "text": asked}]
    if told := text_of(os.path.join(home, ".claude", "CLAUDE.md")):
        said.insert(0, {"type": "text", "text": f"<system-reminder>\n{told}\n</system-reminder>"})
    memory = os.path.join(home, ".claude", "projects", re.sub("[^A-Za-z0-9]", "-", cwd), "memory", "MEMORY.md")
    for told in filter(None, map(text_of, (os.path.join(cwd, "CLAUDE.local.md"), memory))):
        said.insert(0, {"type": "text", "text": f"<system-reminder>\n{told}\n</system-reminder>"})
    if "language" in settings:
        asked_for = f"Speak {settings['language']}."
        said.insert(0, {"type": "text", "text": f"<system-reminder>\n{asked_for}\n</system-reminder>"})
    odd = f"\n{uuid.uuid4().hex}" if version == "2.0.66" else ""
    style = settings.get("outputStyle", "plain")
    system = f"You are a fake.\nYour number is {version}.\nSpeak {style}.\n<env>\nWorking directory: {cwd}\n</env>{odd}"
    body = {
        "model": flags.get(flag("ANTHROPIC", "MODEL")) or settings.get("model") or ("new" if newer else "old"),
        "max_tokens": 200 if newer else 100,
        "messages": [{"role": "user", "content": said}],
        "system": [{"type": "text", "text": system}],
        "tools": [describe(name, newer) for name in tools],
        "metadata": {"user_id": uuid.uuid4().hex * 2},
        "stream": True,
    }
    if newer:
        body["output_config"] = {"effort": settings.get("effortLevel", "medium")}
    else:
        body["temperature"] = 1
    if flag("DISABLE", "TELEMETRY") not in flags:
        connect(env["HTTPS_PROXY"]).request("CONNECT", "statsig.anthropic.com:443")
    headers = {
        "x-api-key": env["ANTHROPIC_API_KEY"],
        "anthropic-beta": ",".join(betas),
        "user-agent": f"claude-cli/{version} (external, sdk-cli)",
        "x-client-request-id": str(uuid.uuid4()),
        "x-stainless-os": "Linux",
    }
    answer = send(env, json.dumps(body), headers)
    folder = os.path.join(home, ".claude", "projects", cwd.replace("/", "-"))
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, f"{uuid.uuid4()}.jsonl"), "w") as file:
        file.write("{}\n")
    print("ok" if answer == 200 else answer)


def flag(*words: str) -> str:
    """A name that is not to be found in the text of a fake: there, the names are those that a test chose."""
    return "_".join(words)


def describe(name: str, newer: bool) -> "dict[str, Any]":
    fields = {"input": {"type": "string"}}
    if newer and name == "Read":
        fields["limit"] = {"type": "number"}
    return {"name": name, "description": f"{name} it.", "input_schema": {"type": "object", "properties": fields}}


def send(env: "dict[str, str]", body: str, headers: "dict[str, str]") -> int:
    import http.client
    import ssl

    if base := env.get("ANTHROPIC_BASE_URL"):
        client = connect(base)
    else:
        proxy = connect(env["HTTPS_PROXY"])
        trust = ssl.create_default_context(cafile=env["NODE_EXTRA_CA_CERTS"])
        client = http.client.HTTPSConnection(proxy.host, proxy.port, context=trust, timeout=20)
        client.set_tunnel("api.anthropic.com", 443)
    client.request("POST", "/v1/messages?beta=true", body, headers)
    return int(client.getresponse().status)


def connect(address: str) -> "Any":
    import http.client
    from urllib.parse import urlsplit

    return http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)


def read(path: str) -> "dict[str, Any]":
    import json

    found: dict[str, Any] = json.loads(text_of(path) or "{}")
    return found


def text_of(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""
