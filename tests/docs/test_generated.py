"""The generated parts of the documentation are what `python -m tests.docs` makes."""

from __future__ import annotations

import pytest

from ccpin.cli.app import VERBS
from tests.cli.test_json import SUCCESSES
from tests.docs.generated.answers import generators, section
from tests.docs.generated.tables import rows
from tests.docs.making import ANSWERS, COMMANDS, fresh, static
from tests.docs.marked import filled, names, part
from tests.docs.pages import Page, pages, read


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_fresh(page: Page) -> None:
    """All but docs/json.md, whose tables tests/cli/test_json.py holds against each answer."""
    assert page.text == fresh(page, static()), "`python -m tests.docs` makes it anew"


def test_every_part_stands_on_one_page() -> None:
    there = [name for page in pages() for name in names(page.text) if not name.startswith("answer ")]
    missing = sorted(set(static()) - set(there))
    assert not missing, "write `<!-- generated: NAME -->` and `<!-- end -->` where they belong, and make them"
    assert sorted(there) == sorted(static())


def test_every_answer_is_on_the_page() -> None:
    there = set(names(read(ANSWERS).text))
    assert {f"answer {section(command)}" for command in SUCCESSES} <= there


def test_every_key_of_an_answer_is_explained() -> None:
    page = read(ANSWERS)
    bare = [(name, row[0]) for name in names(page.text) for row in rows(part(page.text, name)) if not row[2]]
    assert not bare, f"write into {ANSWERS} what they are"


def test_a_new_verb_finds_its_place() -> None:
    page = read(COMMANDS)
    without = page.text.replace("<!-- generated: command sync -->", "<!-- gone -->", 1)
    again = names(fresh(Page(COMMANDS, without), static()))
    assert [name for name in again if name != "command sync"] == [f"command {verb}" for verb in VERBS if verb != "sync"]
    assert again.index("command sync") == list(VERBS).index("sync")


def test_a_new_answer_finds_its_place() -> None:
    made = generators({"new thing": [{"x": 1}]})
    text = fresh(read(ANSWERS), made)
    assert text.endswith("<!-- end -->\n")
    assert rows(part(text, "answer new")) == [["`x`", "number", ""]]
    assert text.startswith(read(ANSWERS).text)


def test_words_in_the_last_column_stay() -> None:
    page = "<!-- generated: answer which -->\n<!-- end -->"
    made = generators({"which": [{"path": "/x", "old": 1}]})
    first = filled(page, made).replace("| `path` | text |  |", "| `path` | text | a \\| path |")
    second = filled(first, generators({"which": [{"path": None, "new": [1]}, {"path": "/x"}]}))
    assert rows(part(second, "answer which")) == [
        ["`path`", "text or null", "a | path"],
        ["`new`", "list of number", ""],
    ]
