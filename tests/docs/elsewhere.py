"""What of the documentation another test runs or validates: which, and by which. No page shows a command that none
runs, code that none runs, or data that none reads as its reader does."""

from __future__ import annotations

from collections.abc import Iterator

from tests.docs.pages import ROOT, Page

_FIRST = "tests/live/test_first_command.py"
_SCRIPTS, _SDKS = "tests/cli/test_scripts.py", "tests/live/test_sdks.py"
_EVIDENCE, _LOCKS, _TEAM = "tests/cli/test_evidence.py", "tests/docs/test_lock.py", "tests/onboarding/test_page.py"
_LOCK = '("name", ["node", "native", "own node"])\ndef test_an_example_is_a_canonical_lock('
_EACH = '@pytest.mark.parametrize("name", ["onboarding", "ci"])\ndef test_a_script('

ELSEWHERE = {
    ("README.md", "sh install.sh use 2.0.14"): (_FIRST, "def test_the_first_command_pins_and_new_shells_obey("),
    ("README.md", "sh tests/run"): (".ci/run", "step tests env COVERAGE=95 sh tests/run\n"),
}
"""Page and command -> a file of this repository, and what in it runs the command."""

BLOCKS = {
    ("README.md", "onboarding"): (_SCRIPTS, _EACH),
    ("README.md", "ci"): (_SCRIPTS, _EACH),
    ("docs/editors.md", "sdk-python"): (_SDKS, 'snippet("sdk-python")'),
    ("docs/editors.md", "sdk-typescript"): (_SDKS, 'snippet("sdk-typescript")'),
    ("docs/lock.md", "node"): (_LOCKS, _LOCK),
    ("docs/lock.md", "native"): (_LOCKS, _LOCK),
    ("docs/lock.md", "own node"): (_LOCKS, _LOCK),
    ("docs/run-evidence.md", "hook"): (_EVIDENCE, 'recipe("hook")'),
    ("docs/run-evidence.md", "guard"): (_EVIDENCE, 'recipe("guard")'),
    ("docs/run-evidence.md", "telemetry"): (_EVIDENCE, 'recipe("telemetry")'),
    ("docs/team.md", "action"): (_TEAM, 'PAGE.code("action")'),
    ("docs/team.md", "hook"): (_TEAM, 'PAGE.code("hook")'),
    ("docs/team.md", "feature"): (_TEAM, 'PAGE.code("feature")'),
    ("docs/team.md", "renovate"): (_TEAM, 'PAGE.code("renovate")'),
}
"""Page and the mark `<!-- test: … -->` of a block -> the same. A script, or Python or TypeScript, is run; TOML, YAML
and JSON are read by what reads them in earnest, or by its schema."""

RUN = {"console", "indented", "sh"}
"""The kinds of blocks that test_commands.py runs, but for those above."""


def unchecked(page: Page) -> Iterator[str]:
    """Each block that no test runs or validates, by its line and kind."""
    for block in page.blocks():
        known = block.kind in RUN or (page.name, block.marks.get("test")) in BLOCKS
        if not known:
            yield f"{page.name}:{block.line}: {block.kind}"


def runs(file: str, text: str) -> bool:
    """Whether the file is there, and has that in it."""
    path = ROOT / file
    return path.is_file() and text in path.read_text(encoding="utf-8")
