"""Whether a pin is behind: what its request means today, and what `latest` does. Fetches no release, writes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from ccpin.errors import NoSuchChannel, NothingFits
from ccpin.launching.acquire import look_up
from ccpin.pinning.find import Pin
from ccpin.pinning.head import version_key
from ccpin.pinning.lock import Lock
from ccpin.pinning.request import Request, parse_request
from ccpin.releases.choose import Age
from ccpin.releases.release import WITHDRAWN
from ccpin.releases.sources import Sources

_LATEST = Request("latest", "channel")


@dataclass(frozen=True)
class Outdated:
    """What is pinned (`version`, for a `request`), and what that request and `latest` mean today; `latest` is None
    where the sources do not say. `passed` is version -> why neither of them means it; `origin` a sentence about who
    answered, empty where nobody had to; `notes` are sentences for the one who asked."""

    version: str
    request: str
    lock: str
    wanted: str
    latest: str | None
    passed: dict[str, str]
    origin: str
    notes: tuple[str, ...]

    @property
    def newer(self) -> str:
        """What is newer than the pin, as half a sentence; empty where nothing is."""
        said = []
        if _is_newer(self.wanted, self.version) and self.request != _LATEST.text:
            said.append(f"its request `{self.request}` means {self.wanted} today")
        if self.latest is not None and _is_newer(self.latest, self.version):
            said.append(f"`latest` means {self.latest}")
        return ", and ".join(said)

    @property
    def spec(self) -> str | None:
        """What `ccpin upgrade` has to be given to move up: `latest` where the lock's own request leads nowhere."""
        leads = _is_newer(self.wanted, self.version) or parse_request(self.request).kind == "exact"
        return None if leads else _LATEST.text


def outdated(pin: Pin, lock: Lock, sources: Sources, age: Age | None = None) -> Outdated:
    """Compares what `lock`, the one of `pin`, names with what the sources have. Releases younger than `age` do not
    count.

    Raises BadRequest, ReleaseError, RegistryError, ChannelError.
    """
    request = parse_request(lock.request)
    passed: dict[str, str] = {}
    notes: list[str] = []
    wanted = lock.version if request.kind == "exact" else _version(request, lock, sources, age, passed)
    try:
        latest = wanted if request == _LATEST else _version(_LATEST, lock, sources, age, passed)
    except (NoSuchChannel, NothingFits) as error:
        latest = None
        notes.append(f"note: {error.message}")
    if reason := WITHDRAWN.get(lock.version):
        notes.append(f"note: {lock.version} is known for this: {reason}")
    notes += [f"note: {version} was passed over: {reason}" for version, reason in passed.items()]
    return Outdated(
        version=lock.version,
        request=lock.request,
        lock=pin.path,
        wanted=wanted,
        latest=latest,
        passed=passed,
        origin=sources.origin(),
        notes=(*sources.notes(), *notes),
    )


def _version(request: Request, lock: Lock, sources: Sources, age: Age | None, passed: dict[str, str]) -> str:
    chosen = look_up(request, sources, old=lock, age=age).chosen
    passed.update(chosen.passed)
    return chosen.release.version


def _is_newer(one: str, other: str) -> bool:
    return version_key(one) > version_key(other)
