"""What the documentation shows of real releases, above which `<!-- real: releases -->` stands, is what they do."""

from __future__ import annotations

import shlex

import pytest

from tests.docs.pages import Block, Page, pages
from tests.docs.transcripts import difference, steps
from tests.live.machine import User

pytestmark = pytest.mark.live

SHOWN = [(page, block) for page in pages() for block in page.blocks() if "real" in block.marks]


def test_there_are_some() -> None:
    assert SHOWN


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("page", "block"), SHOWN, ids=lambda part: getattr(part, "name", None) or str(part.line))
def test_real_releases_do_what_is_shown(user: User, page: Page, block: Block) -> None:
    project = user.project()
    for step in steps(block):
        words = shlex.split(step.command)
        assert words[0] == "ccpin"
        done = user.ccpin(*words[1:], cwd=project)
        assert (done.code != 0) is step.fails, f"{page.name}:{step.line}\n{done.err}"
        assert not (said := difference(step.shown, done.out + done.err)), f"{page.name}:{step.line}: {said}"
