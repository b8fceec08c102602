"""A settings file that changes in mid-session: what the lock holds stays as it is, from one turn to the next.

Two users, one with settings against the lock from the start, type two turns each; between the turns the user's and
the project's settings are edited against it. All their requests are the same. Somebody who sets the same flags in
their settings, without a lock, sends another request after the edit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ccpin.pinning import flags
from ccpin.wire.answers import Turn
from ccpin.wire.loopback import Api
from ccpin.wire.normal import PARTS, Normal, canonical, normalised
from ccpin.wire.terminal import Awaited, interactive, ready_home
from tests.live.machine import User
from tests.live.people import CONTRARY, UNLOCKED, Person, twelve
from tests.live.releases import conversation, feature_names, lock_of, pinned

pytestmark = pytest.mark.live

VERSION = "2.1.330"
HOSTILE, PLAIN = 0, 11
"""Their numbers among the twelve."""

MARKS = ("first-edit", "SECOND+ONE")  # no letter in its place is the same: what is on the screen is not written again
TURNS = ("hello there", "a second word")


def test_an_edit_between_two_turns(user: User, tmp_path: Path) -> None:
    project = pinned(user, VERSION, "strict")
    people = twelve(tmp_path / "strict", project / ".ccpin.lock", feature_names(user, lock_of(project)))
    by_hand = twelve(tmp_path / "none", pinned(user, VERSION, "none") / ".ccpin.lock", [])[PLAIN]
    write_settings(by_hand.home, {"env": dict(flags.PROFILES["strict"].env)})
    with ThreadPoolExecutor(2) as pool:
        hostile, plain, loose = pool.map(converse, [user] * 3, (people[HOSTILE], people[PLAIN], by_hand))
    assert hostile == plain
    assert settled(plain[0]) == settled(plain[1])
    assert (hostile[0].betas, plain[0].betas) == (loose[0].betas, loose[0].betas)
    assert set(loose[0].betas) < set(loose[1].betas)  # the edit was taken up, and nothing but ccpin keeps it out


def converse(user: User, person: Person) -> list[Normal]:
    """The main requests of both turns."""
    ready_home(str(person.home), str(person.project))
    with interactive(
        [user.layout.shim()],
        mode="first-party",
        api=Api([Turn("the first answer"), Turn("the second answer")], flags=person.served),
        env={**person.exports, "PATH": user.bare["PATH"]},
        home=str(person.home),
        cwd=str(person.project),
    ) as session:
        session.wait_until_raw()
        session.wait_for("❯")
        session.type(f"{TURNS[0]}\r")
        session.wait_for(answered(1))
        session.wait_for("the first answer")
        for folder, mark in zip((person.home, person.project), MARKS, strict=True):
            write_settings(folder, edited(mark))
            session.wait_for(mark)
        session.type(f"{TURNS[1]}\r")
        session.wait_for(answered(2))
        session.wait_for("the second answer")
        capture = session.end("/exit\r")
    assert capture.exit_code == 0
    folders = {str(person.home): "home", str(person.project): "project"}
    return [normalised(capture.main(said), folders) for said in TURNS]


def edited(mark: str) -> dict[str, object]:
    """Settings that contradict the lock. The status line shows `mark` as soon as the release has read them."""
    status = {"type": "command", "command": f"echo '{mark}'"}
    return {"env": {**CONTRARY, **UNLOCKED}, "statusLine": status}


def write_settings(folder: Path, settings: Mapping[str, object]) -> None:
    (folder / ".claude").mkdir(exist_ok=True)
    (folder / ".claude" / "settings.json").write_text(json.dumps(settings))


def answered(count: int) -> Awaited:
    return lambda requests: len(conversation(requests)) == count


def settled(normal: Normal) -> str:
    """Without what grows from turn to turn: the conversation, and the numbers of its prompts in the billing line."""
    text = canonical({part: normal.part(part) for part in PARTS if part != "messages"})
    return re.sub(r"cc_(prompt|turn)_index=\d+", "", text)
