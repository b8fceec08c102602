"""What a release sends, in parts that can be compared, with a digest each and one of all.

The digests are over the main request (`ccpin.wire.normal`) and its headers, without what belongs to the user, the
machine and the day. What comes with a run besides, times and hosts and files, is told and not part of a digest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from ccpin.pinning.head import is_version
from ccpin.wire.capture import Capture, Mode
from ccpin.wire.headers import normal_headers
from ccpin.wire.normal import NORMALISER, digest, normalised
from ccpin.wire.traces import common, files_below, hosts_of, paths_of

Part = Literal["betas", "headers", "messages", "parameters", "system", "tools"]
PARTS: tuple[Part, ...] = get_args(Part)

PROMPT = "Say ok, and nothing else."
"""What every captured session is asked. Part of the requests, so it never changes without NORMALISER."""


@dataclass(frozen=True)
class Sent:
    """One run. `parts` holds a JSON value by PARTS (`:query`, among the headers, is the address's), `platform` the
    headers that tell the machine; `startup` is the seconds until its main request was there, `seconds` until it had
    ended."""

    parts: Mapping[Part, Any]
    platform: Mapping[str, str]
    isolation: str
    hosts: list[str]
    paths: list[str]
    files: list[str]
    startup: float
    seconds: float

    def digests(self) -> dict[Part, str]:
        return {part: digest(self.parts[part]) for part in PARTS}


def sent(capture: Capture, folders: Mapping[str, str], home: str) -> Sent:
    """What a run in `home` sent and left; `folders` as in `normalised`. Raises NoMainRequest."""
    main = capture.main(PROMPT)
    normal = normalised(main, folders)
    headers = normal_headers(main.headers)
    parts: dict[Part, Any] = {
        "betas": normal.betas,
        "headers": {**({":query": main.query} if main.query else {}), **headers.sent},
        "messages": normal.messages,
        "parameters": normal.parameters,
        "system": normal.system,
        "tools": normal.tools,
    }
    return Sent(
        parts,
        dict(headers.platform),
        capture.isolation,
        hosts_of(capture),
        paths_of(capture),
        files_below(home),
        round(main.arrived - capture.started, 3),
        capture.seconds,
    )


@dataclass(frozen=True)
class About:
    """What was run: `release` is the 64 hex digits of the lock's artifacts, `env` and `clean` the flags, `size` the
    bytes on the disk; `names` the environment variables that the release's files hold."""

    version: str
    release: str
    runtime: str
    mode: Mode
    env: Mapping[str, str]
    clean: bool
    size: int = 0
    names: tuple[str, ...] = ()
    normaliser: int = NORMALISER
    prompt: str = PROMPT


@dataclass(frozen=True)
class Fingerprint:
    """What `runs` runs of one release sent. `parts` are those of the first; `unstable` tells of each part that was not
    the same in all of them how many different ones there were.

    `hosts`, `paths` (of requests) and `files` (below the home) came with every run, `sometimes` holds those that came
    with some; `startup` and `seconds` are those of the fastest run. `isolation` as in `Capture`.
    """

    about: About
    runs: int
    parts: Mapping[Part, Any] = field(repr=False)
    unstable: Mapping[Part, int]
    platform: Mapping[str, str]
    isolation: str
    hosts: tuple[str, ...]
    paths: tuple[str, ...]
    files: tuple[str, ...]
    sometimes: Mapping[str, tuple[str, ...]]
    startup: float
    seconds: float

    @property
    def digests(self) -> dict[Part, str]:
        """`sha256:` and 64 hex digits, by part."""
        return {part: digest(self.parts[part]) for part in PARTS}

    @property
    def all(self) -> str:
        """One digest of all parts."""
        return digest(self.digests)

    @property
    def isolated(self) -> bool:
        """Whether it ran in a namespace without a way out."""
        return self.isolation.endswith("namespace")

    @property
    def how(self) -> str:
        """`in a network namespace`, or `with proxies only (REASON)`."""
        return f"in a {self.isolation}" if self.isolated else f"with {self.isolation}"

    @property
    def model(self) -> str | None:
        """The model that it asks for."""
        found = self.parts["parameters"].get("model")
        return found if isinstance(found, str) else None

    def to_json(self) -> dict[str, Any]:
        """All of it, the vendor's texts included."""
        return asdict(self)


def fingerprint(about: About, runs: Sequence[Sent]) -> Fingerprint:
    """`runs` is not empty."""
    first = runs[0]
    by_run = [run.digests() for run in runs]
    counts = {part: len({digests[part] for digests in by_run}) for part in PARTS}
    traces = {name: common([getattr(run, name) for run in runs]) for name in ("hosts", "paths", "files")}
    (hosts, _), (paths, _), (files, _) = traces.values()
    return Fingerprint(
        about,
        len(runs),
        first.parts,
        {part: count for part, count in counts.items() if count > 1},
        first.platform,
        first.isolation,
        hosts,
        paths,
        files,
        {name: some for name, (_, some) in traces.items() if some},
        min(run.startup for run in runs),
        min(run.seconds for run in runs),
    )


def from_json(value: Any) -> Fingerprint:
    """What `to_json` gave, after a way through JSON. Raises ValueError, TypeError, KeyError, AttributeError for
    anything else."""
    data = dict(value)
    about = dict(data.pop("about"))
    _require_kinds(about, data)
    lists: dict[str, Any] = {name: tuple(data.pop(name)) for name in ("hosts", "paths", "files")}
    sometimes = {name: tuple(some) for name, some in data.pop("sometimes").items()}
    return Fingerprint(About(**{**about, "names": tuple(about["names"])}), sometimes=sometimes, **lists, **data)


def _require_kinds(about: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    """Raises ValueError or KeyError for values that no run gives: a file may have been damaged, or be another's."""
    parts, unstable = data["parts"], data["unstable"]
    fits = (
        is_version(about["version"]),
        _texts([about["release"], about["runtime"], about["prompt"], data["isolation"]], about["names"]),
        about["mode"] in get_args(Mode),
        all(isinstance(each, dict) for each in (about["env"], parts, unstable, data["platform"], data["sometimes"])),
        isinstance(about["clean"], bool),
        _numbers(about["size"], about["normaliser"], data["runs"], data["startup"], data["seconds"]),
        _texts(data["hosts"], data["paths"], data["files"], *data["sometimes"].values()),
        _texts(list(about["env"].values()), list(data["platform"].values())),
        set(parts) == set(PARTS) and set(unstable) <= set(PARTS) and _numbers(*unstable.values()),
        _texts(parts["betas"]) and isinstance(parts["parameters"], dict) and isinstance(parts["headers"], dict),
        _texts(list(parts["headers"].values())),
        parts["tools"] is None or isinstance(parts["tools"], list),
    )
    if not all(fits):
        raise ValueError("it holds values of other kinds")


def _texts(*lists: Any) -> bool:
    return all(isinstance(each, list) and all(isinstance(text, str) for text in each) for each in lists)


def _numbers(*values: Any) -> bool:
    return all(isinstance(each, int | float) and 0 <= each < 1e15 for each in values)
