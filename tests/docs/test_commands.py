"""Every command that the documentation shows is run, page by page, in the order of the page, and prints what is shown.

A page is one session of Ann's, in her project, with `claude` being ccpin's shim and a fake registry. What a page needs
to have happened before stands in it, as a comment: `<!-- run: git init -q -->`.

`<!-- real: releases -->` above a transcript: what is shown is of real releases (tests/live/test_docs.py compares it);
here the same commands run on fakes, and only their exit codes count.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest

from tests.docs.elsewhere import BLOCKS, ELSEWHERE, runs
from tests.docs.pages import Block, Page, pages
from tests.docs.session import Session
from tests.docs.transcripts import Step, difference, steps
from tests.fakes.box import Box
from tests.fakes.upstream import Upstream

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")

_HIDDEN = re.compile(r"^<!-- run: (.*) -->$")


def acts(page: Page) -> list[tuple[int, Block | str]]:
    """What a page does, from its top: hidden commands and blocks with commands, each with its line."""
    blocks = [(block.line, block) for block in page.blocks() if block.is_transcript or block.is_script]
    hidden = [(at, found[1]) for at, line in enumerate(page.lines, 1) if (found := _HIDDEN.match(line))]
    return sorted([*blocks, *hidden], key=lambda act: act[0])


def is_run_elsewhere(page: Page, block: Block, step: Step) -> bool:
    return (page.name, step.command) in ELSEWHERE or (page.name, block.marks.get("test")) in BLOCKS


@pytest.fixture
def ann(box: Box, upstream: Upstream) -> Session:
    """In front of her shell. The newest release is three days old, whatever day it is."""
    built = datetime.now(timezone.utc) - timedelta(days=3)
    upstream.add_native("2.1.330", built=built.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return Session(box)


with_commands = [page for page in pages() if acts(page)]


@pytest.mark.parametrize("page", with_commands, ids=lambda page: page.name)
def test_a_page_does_what_it_shows(ann: Session, page: Page) -> None:
    for line, act in acts(page):
        if isinstance(act, str):
            code, out = ann.run(act)
            assert code == 0, f"{page.name}:{line}: `{act}` ends with {code}\n{out}"
        elif act.is_script:
            _follow(ann, page, act)
        else:
            _replay(ann, page, act)


def _replay(session: Session, page: Page, block: Block) -> None:
    for step in steps(block):
        where = f"{page.name}:{step.line}: `{step.command}`"
        code, out = session.run(step.command)
        assert (code != 0) is step.fails, f"{where} ends with {code}\n{out}"
        if "real" not in block.marks:
            assert not (said := difference(step.shown, out)), f"{where}: {said}"


def _follow(session: Session, page: Page, block: Block) -> None:
    mine = [step for step in steps(block) if not is_run_elsewhere(page, block, step)]
    if mine:
        code, out = session.script("\n".join(step.command for step in mine))
        assert code == 0, f"{page.name}:{block.line}: the script ends with {code}\n{out}"


@pytest.mark.parametrize("name", [*ELSEWHERE, *BLOCKS], ids=lambda name: name[1])
def test_what_is_run_elsewhere_is(name: tuple[str, str]) -> None:
    """It stands on that page, and the test that is named runs it."""
    page = next(page for page in pages() if page.name == name[0])
    if name in BLOCKS:
        assert page.code(name[1])
    else:
        scripts = [block for block in page.blocks() if block.is_script]
        assert name[1] in [step.command for block in scripts for step in steps(block)]
    assert runs(*(ELSEWHERE | BLOCKS)[name])


def every_step() -> Iterator[tuple[Page, Block, Step]]:
    for page in pages():
        for _, act in acts(page):
            if isinstance(act, Block):
                yield from ((page, act, step) for step in steps(act))


def test_there_are_commands() -> None:
    assert len(list(every_step())) > 60


def test_nothing_of_this_machine_is_shown() -> None:
    """A transcript is of Ann's, and of nobody else's."""
    shown = [line for _, _, step in every_step() for line in step.shown]
    assert not [line for line in shown if re.search(r"/(root|tmp|work|Users)/|127\.0\.0\.1|localhost:", line)]
