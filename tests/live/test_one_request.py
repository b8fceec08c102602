"""The pin holds: twelve users who differ in all that can differ send one and the same request under `strict`.

And under `none` they do not: else the test would show nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ccpin.wire.capture import Capture, Mode
from ccpin.wire.loopback import FLAGS, Api
from ccpin.wire.normal import Normal, normalised
from ccpin.wire.run import run
from tests.live.machine import User
from tests.live.people import Person, twelve
from tests.live.releases import feature_names, lock_of, pinned

pytestmark = pytest.mark.live

RELEASES = ("2.0.14", "2.1.112", "2.1.200", "2.1.330")
UNMOVED = {"2.0.14": {"raw.githubusercontent.com:443"}}  # no flag keeps 2.0.14 from fetching its release notes
SOME = (0, 4, 6, 8, 9, 10, 11)
"""One of each kind, and (the last two) users who differ in feature flags alone."""


@pytest.mark.parametrize("mode", ["first-party", "gateway"])
@pytest.mark.parametrize("version", RELEASES)
def test_twelve_users_send_one_request_under_strict(
    user: User, tmp_path: Path, version: str, mode: Mode, note: Callable[[str], None]
) -> None:
    project = pinned(user, version, "strict")
    people = twelve(tmp_path / "people", project / ".ccpin.lock", feature_names(user, lock_of(project)))
    captures = list(launched(user, people, mode))
    for capture in captures:
        assert (capture.exit_code, capture.stdout) == (0, "ok\n"), capture.stderr
        assert set(capture.refused_hosts) <= expected_hosts(version, mode)
        assert not [request.path for request in capture.requests if FLAGS.fullmatch(request.path)]
    assert len({frozenset(capture.main("hi").headers) for capture in captures}) == 1
    distinct = set(mains(people, captures))
    assert len(distinct) == 1, [normal and normal.as_json() for normal in distinct]
    (normal,) = distinct
    assert normal is not None
    note(f"{version:<7} strict, {mode:<11} 12 users, 1 request: {len(normal.betas)} betas, {len(normal.tools)} tools")


@pytest.mark.parametrize("version", RELEASES)
def test_under_none_they_do_not(user: User, tmp_path: Path, version: str, note: Callable[[str], None]) -> None:
    project = pinned(user, version, "none")
    everybody = twelve(tmp_path / "people", project / ".ccpin.lock", feature_names(user, lock_of(project)))
    people = [everybody[number] for number in SOME]
    sent = list(mains(people, launched(user, people, "first-party")))
    note(f"{version:<7} none, first-party: {len(people)} users, {len(set(sent))} different requests")
    assert len(set(sent)) > 1
    assert version == "2.0.14" or sent[-1] != sent[-2]


def launched(user: User, people: Iterable[Person], mode: Mode) -> Iterator[Capture]:
    """Each of them types `claude -p hi`, through the shim, in their own clone."""

    def launch(person: Person) -> Capture:
        return run(
            [user.layout.shim()],
            ["-p", "hi"],
            mode=mode,
            api=Api(flags=person.served),
            env={**person.exports, "PATH": user.bare["PATH"]},
            home=str(person.home),
            cwd=str(person.project),
        )

    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(launch, people)


def mains(people: Iterable[Person], captures: Iterable[Capture]) -> Iterator[Normal | None]:
    """Their main requests, normalised; None for one whose release ended before it asked anything."""
    for person, capture in zip(people, captures, strict=True):
        asked = any(request.said == "hi" or request.tools for request in capture.requests)
        folders = {str(person.home): "home", str(person.project): "project"}
        yield normalised(capture.main("hi"), folders) if asked else None


def expected_hosts(version: str, mode: Mode) -> set[str]:
    return UNMOVED.get(version, set()) | ({"api.anthropic.com:443"} if mode == "gateway" else set())
