"""Commands of the documentation that are run by another test: which, and by which. No page shows one that none runs."""

from __future__ import annotations

from tests.docs.pages import ROOT

_FIRST = "tests/live/test_first_command.py"
_SCRIPTS = "tests/cli/test_scripts.py"
_EACH = '@pytest.mark.parametrize("name", ["onboarding", "ci"])\ndef test_a_script('

ELSEWHERE = {
    ("README.md", "sh install.sh use 2.0.14"): (_FIRST, "def test_the_first_command_pins_and_new_shells_obey("),
    ("README.md", "sh tests/run"): (".ci/run", "step tests env COVERAGE=95 sh tests/run\n"),
}
"""Page and command -> a file of this repository, and what in it runs the command."""

SCRIPTS = {
    ("README.md", "onboarding"): (_SCRIPTS, _EACH),
    ("README.md", "ci"): (_SCRIPTS, _EACH),
}
"""Page and the mark `<!-- test: … -->` of a script -> the same."""


def runs(file: str, text: str) -> bool:
    """Whether the file is there, and has that in it."""
    path = ROOT / file
    return path.is_file() and text in path.read_text(encoding="utf-8")
