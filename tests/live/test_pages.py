"""The pages of `diff` and `history`, of real releases, in a browser: light and dark, wide and narrow, and on paper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live.machine import Environment, User, require, run

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
        "diff.html": ("diff", "2.1.200", "2.1.330"),
        "history.html": ("history", "--from", "2.1.200"),
    }
    for name, words in pages.items():
        user.ccpin(*words, "--profile", "strict", "--html", name, cwd=user.root).ok()
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
