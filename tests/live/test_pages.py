"""The pages of `diff` and `history`, of real releases, and of `sessions`, in a browser: light and dark, wide and
narrow, and on paper."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ccpin.pinning.lock import render
from tests.fakes.transcripts import Writer
from tests.live.machine import Environment, User, require, run
from tests.pinning.locks import native

pytestmark = pytest.mark.live

PACKAGES = ("axe-core@4.14.1", "playwright-core@1.65.1")
SCRIPT = Path(__file__).with_name("pages.mjs")


@pytest.fixture
def browser(env: Environment) -> str:
    return require("chromium", env)


@pytest.fixture
def modules(user: User, env: Environment) -> Path:
    """A folder with what looks at pages."""
    folder = user.root / "modules"
    folder.mkdir()
    (folder / "package.json").write_text("{}")
    words = ("install", "--ignore-scripts", "--no-audit", "--no-fund", *PACKAGES)
    run([require("npm", env), *words], folder, user.env).ok()
    return folder


def test_they_read_well_everywhere(user: User, browser: str, modules: Path, note: Callable[[str], None]) -> None:
    pages = {
        "diff.html": ("diff", "2.1.200", "2.1.330", "--profile", "strict"),
        "history.html": ("history", "--from", "2.1.200", "--profile", "strict"),
        "sessions.html": ("sessions", "--all", "--stats"),
        "sessions of a day.html": ("sessions", "--all", "--since", "1d"),
    }
    work(user.home / ".claude", user.project("worked on"))
    for name, words in pages.items():
        user.ccpin(*words, "--html", name, cwd=user.root).ok()
    files = [user.root / name for name in pages]
    home = user.root / "browser"
    home.mkdir()
    env = {"HOME": str(home), "PATH": user.real_path}

    seen = run(["node", SCRIPT, modules, browser, home, *files], home, env, isolated=True).ok().json
    assert len(seen) == 4 * len(pages)
    for one in seen:
        assert one["faults"] == []
        assert one["said"] == []
        assert one["asked"] == [Path(one["file"]).as_uri()]
        assert one["needed"] <= one["width"], "it would have to be scrolled sideways"
    assert len({(one["scheme"], one["ground"]) for one in seen}) == 2

    for file in files:
        paper = file.with_suffix(".pdf")
        run([browser, *_printing(home, paper), file.as_uri()], home, env, isolated=True).ok()
        assert paper.read_bytes().count(b"/Type /Page\n") > 0
    note(f"pages: {len(seen)} looks in a browser, nothing that it or axe finds fault with")


def work(config: Path, project: Path) -> None:
    """Six weeks of sessions in a project whose lock moves up in the fourth, while some update before that."""
    draw = random.Random(4)
    start = time.time() - 42 * 86_400
    writer = Writer(config, str(project), seed=4)
    (project / ".ccpin.lock").write_text(render(native("2.1.330")))
    os.utime(project / ".ccpin.lock", (start + 24 * 86_400,) * 2)
    for day in range(42):
        for _ in range(draw.randint(0, 9)):
            writer.clock = start + (day + draw.random() / 2) * 86_400
            old = ("2.0.64", "2.1.112", "2.1.200")[min(day // 9, 2)]
            runs = ("2.1.330",) if draw.random() * 14 < day - 17 else (old, "2.1.330")[: 1 + (draw.random() < 0.08)]
            writer.session(*runs, turns=draw.randint(1, 3))


def _printing(home: Path, paper: Path) -> list[str]:
    return [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        f"--user-data-dir={home / 'paper'}",
        f"--print-to-pdf={paper}",
    ]
