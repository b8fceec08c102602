"""Transcripts as releases of each era write them, made up from a seed, with the truth about each of them.

The layouts were seen in files that 1.0.51, 1.0.100, 2.0.14, 2.0.64, 2.1.0, 2.1.112, 2.1.200 and 2.1.330 wrote. What is
said in them is CANARY and the like: none of it may ever come out. It also names releases, in every way in which a row
that is read carelessly would believe it.
"""

from __future__ import annotations

import json
import random
import re
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ccpin.pinning.head import version_key

CANARY = "canary-5f1d"
LIE = "9.9.9"
RELEASES = ("1.0.51", "1.0.100", "2.0.14", "2.0.64", "2.1.0", "2.1.112", "2.1.200", "2.1.330")
_LIES = (
    f'{CANARY} "version":"{LIE}" ',
    f'{CANARY} ","sessionId":"x","version":"{LIE}","gitBranch":"x"}} ',
    f'{CANARY} \\","version":"{LIE}"}}\n{{"parentUuid":null,"version":"{LIE}"}} ',
    f"{CANARY} \u2028 é 漢 \U0001f600 \\\\ \t",
)
_TOOLS = ("Read", "Read", "Read", "Bash", "Grep", "Edit", "Write", "TodoWrite")


@dataclass
class Told:
    """The truth about one session. `changes` are (before, after, line of the first row by `after`)."""

    id: str
    path: Path
    releases: list[str] = field(default_factory=list)
    changes: list[tuple[str, str, int]] = field(default_factory=list)
    prompts: int = 0
    tools: int = 0
    interruptions: int = 0


class Writer:
    """Writes sessions of one project into a configuration folder, each at its time (`clock`, seconds)."""

    def __init__(
        self, config: Path, cwd: str, seed: int = 0, *, clock: float = 1_760_000_000.0, large: int = 1
    ) -> None:
        self.cwd, self.clock, self.random, self.large = cwd, clock, random.Random(seed), large
        self.folder = config / "projects" / re.sub(r"[^A-Za-z0-9]", "-", cwd)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.told: list[Told] = []
        self.texts = [json.dumps(self._text(), ensure_ascii=number % 2 == 0)[1:-1] for number in range(300)]
        self.version = RELEASES[0]
        self.last: str | None = None

    def session(self, *runs: str, turns: int = 2, parts: Sequence[str] = ()) -> Told:
        """A session that these releases wrote, one after the other, `turns` turns each. `parts` are odd things to put
        in: see `_odd`."""
        name = self.id()
        told = Told(name, self.folder / f"{name}.jsonl")
        rows: list[bytes] = []
        before = 0
        self.last = None
        for version in runs:
            self.version = version
            for kind, row in self._run(told, turns, parts):
                if kind == "own" and (not told.releases or told.releases[-1] != version):
                    if told.releases:
                        told.changes.append((told.releases[-1], version, before + 1))
                    told.releases.append(version)
                rows.append(row)
                before += row.count(b"\n")
        told.path.write_bytes(b"".join(rows) + (self._torn() if "torn" in parts else b""))
        self.told.append(told)
        return told

    def fork(self, parent: Told, version: str, turns: int = 1) -> Told:
        """A session that goes on with a copy of the parent's conversation, as `version` copies."""
        name = self.id()
        told = Told(name, self.folder / f"{name}.jsonl", [version])
        self.version = version
        rows = [self._meta("queue-operation", name, operation="dequeue", timestamp=self.now())] if self.era else []
        for line in parent.path.read_bytes().splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict) and row.get("type") in ("user", "assistant") and "uuid" in row:
                rows.append(_line(self._copy(row, name, version)))
                self.last = row["uuid"]
        rows += [row for _, row in self._run(told, turns, ())]
        told.path.write_bytes(b"".join(rows))
        self.told.append(told)
        return told

    def agent(self, of: Told, version: str, *, beside: bool) -> Path:
        """A subagent's file, in one of its two places."""
        name = f"agent-{self.id()[:8]}.jsonl"
        path = self.folder / name if beside else self.folder / of.id / "subagents" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self.version, self.last = version, None
        rows = [row for _, row in self._turn(Told(of.id, path), sidechain=True)]
        path.write_bytes(b"".join(rows))
        return path

    @property
    def era(self) -> int:
        """0: its own fields first; 1: last (2.1.112 and later); 2: with requests and efforts (2.1.330)."""
        return sum(version_key(self.version) >= version_key(since) for since in ("2.1.112", "2.1.330"))

    def id(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def now(self) -> str:
        self.clock += self.random.random() * 20
        return time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(self.clock)) + f"{int(self.clock * 1000) % 1000:03}Z"

    def text(self) -> str:
        """A JSON string, quotes included."""
        return f'"{self.random.choice(self.texts)}"'

    def _text(self) -> str:
        many = int(self.random.paretovariate(0.9) * 2 * self.large) if self.large > 1 else self.random.randint(1, 3)
        word = self.random.choice(_LIES)
        filler = "def value(self) -> int:\n    return self.total  # what it came to\n" if self.large > 1 else "x "
        return (word + filler * min(many, 900 * self.large)) if many else word

    def _run(self, told: Told, turns: int, parts: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        if not self.era:
            yield "other", _line({"type": "summary", "summary": CANARY, "leafUuid": self.id()})
        else:
            yield (
                "other",
                self._meta("queue-operation", told.id, operation="enqueue", timestamp=self.now(), content=CANARY),
            )
            yield "other", self._meta("mode", told.id, mode="default")
        if self.era == 2:
            yield from self._requests(told)
        for _ in range(turns):
            yield from self._turn(told)
            yield from self._odd(told, parts)
        if self.era:
            yield "other", self._meta("last-prompt", told.id, lastPrompt=CANARY)

    def _turn(self, told: Told, *, sidechain: bool = False) -> Iterator[tuple[str, bytes]]:
        told.prompts += 1
        yield "own", self._row(told, "user", f'"message":{{"role":"user","content":{self.text()}}}', sidechain)
        for _ in range(self.random.randint(1, 3)):
            tool, call = self.random.choice(_TOOLS), f"toolu_{self.id()[:13]}"
            told.tools += 1
            used = (
                f'{{"type":"tool_use","id":"{call}","name":"{tool}","input":{{"version":"{LIE}","x":{self.text()}}}}}'
            )
            yield "own", self._row(told, "assistant", self._said(used), sidechain)
            got = f'[{{"tool_use_id":"{call}","type":"tool_result","content":{self.text()}}}]'
            more = f',"toolUseResult":{{"version":"{LIE}","cwd":"{CANARY}","sessionId":"x","stdout":{self.text()}}}'
            yield "own", self._row(told, "user", f'"message":{{"role":"user","content":{got}}}', sidechain, more)
        said = f'{{"type":"text","text":{self.text()}}}'
        yield "own", self._row(told, "assistant", self._said(said), sidechain)

    def _said(self, block: str) -> str:
        model = "claude-sonnet-4-5-20250929" if self.era < 2 else "claude-opus-5-5"
        thought = ',"output_tokens_details":{"thinking_tokens":40}' if self.era == 2 else ""
        usage = f'{{"input_tokens":9,"output_tokens":4{thought}}}'
        return (
            f'"message":{{"model":"{model}","id":"msg_{self.id()[:13]}","type":"message","role":"assistant",'
            f'"content":[{block}],"stop_reason":null,"stop_sequence":null,"usage":{usage}}},"requestId":"req_{self.id()[:8]}"'
        )

    def _row(self, told: Told, kind: str, body: str, sidechain: bool = False, more: str = "") -> bytes:
        """One row of the conversation, in the order of members that its release gives them."""
        parent = f'"{self.last}"' if self.last else "null"
        self.last = self.id()
        head = f'{{"parentUuid":{parent},"isSidechain":{"true" if sidechain else "false"}'
        own = f'"cwd":{json.dumps(self.cwd)},"sessionId":"{told.id}","version":"{self.version}","gitBranch":"main"'
        identity = f'"uuid":"{self.last}","timestamp":"{self.now()}"'
        if not self.era:
            body = f'"type":"user",{body}' if kind == "user" else f'{body},"type":"{kind}"'
            text = f'{head},"userType":"external",{own},{body},{identity}{more}}}\n'
        else:
            effort = ',"effort":"high","perTurnEffort":null' if self.era == 2 and kind == "assistant" else ""
            body = f'"promptId":"{self.id()}","type":"user",{body}' if kind == "user" else f'{body},"type":"{kind}"'
            text = f'{head},{body},{identity}{effort}{more},"userType":"external","entrypoint":"cli",{own}}}\n'
        return text.encode("utf-8", "surrogatepass")

    def _requests(self, told: Told) -> Iterator[tuple[str, bytes]]:
        common = {"sessionId": told.id, "shapeHash": "ab" * 32, "timestamp": self.now(), "version": self.version}
        shape = {"system": [{"text": f'{CANARY} "version":"{LIE}"'}], "tools": [{"name": "Read", "version": LIE}]}
        yield "own", _line({"type": "api-request-shape", **common, "shape": shape})
        params = {"model": "claude-opus-5-5", "version": LIE, "output_config": {"effort": "high"}}
        request = {"sessionId": told.id, "id": self.id(), "timestamp": self.now(), "version": self.version}
        yield "own", _line({"type": "api-request", **request, "shapeHash": "ab" * 32, "params": params})

    def _odd(self, told: Told, parts: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Lines that are no rows, and rows that are unusual."""
        if "broken" in parts:
            yield "other", b'{"parentUuid":null,"version":"%s",\n' % LIE.encode()
            yield "other", b"\0" * 64 + b"\n"
            yield "other", b'{"type":"user","x":"\xff\xfe"}\n\n[]\nnull\n'
        if "interrupted" in parts:
            told.interruptions += 1
            body = '"message":{"role":"user","content":[{"type":"text","text":"[Request interrupted by user]"}]}'
            yield "own", self._row(told, "user", body)
        if "progress" in parts:
            inner = f'{{"type":"assistant","version":"{LIE}","sessionId":"x","message":{{"model":"{CANARY}"}}}}'
            yield "own", self._row(told, "progress", f'"data":{{"message":{inner},"type":"agent_progress"}}')
        if "snapshot" in parts:
            files = {f"{CANARY}.py": {"backupFileName": None, "version": 2}}
            yield "other", self._meta("file-history-snapshot", told.id, snapshot={"trackedFileBackups": files})
        if "unknown" in parts:
            yield "other", _line({"type": "not-invented-yet", "data": {"version": LIE}, "sessionId": told.id})

    def _torn(self) -> bytes:
        return b'{"parentUuid":null,"isSidechain":false,"cwd":"/x","sessionId":"x","version":"%s","mess' % LIE.encode()

    def _meta(self, kind: str, session: str, **more: Any) -> bytes:
        return _line({"type": kind, **more, "sessionId": session})

    def _copy(self, row: dict[str, Any], session: str, version: str) -> dict[str, Any]:
        """As measured: up to 2.0.14 with the copier's version and time, then with its version, at last with neither."""
        stamped = {"sessionId": session} | ({"version": version} if self.era < 2 else {})
        return row | stamped | ({"timestamp": self.now()} if not self.era else {})


def _line(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass") + b"\n"
