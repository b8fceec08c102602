"""Which part of which page is made of what; and all pages made anew."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from tests.docs.generated import answers, commands, errors, flags
from tests.docs.marked import Generator, filled, names
from tests.docs.pages import ROOT, Page, pages

COMMANDS, ANSWERS = "docs/commands.md", "docs/json.md"


@cache
def static() -> Mapping[str, Generator]:
    """Those that need nothing to be run."""
    return {**flags.generators(), **errors.generators(), **commands.generators()}


def fresh(page: Page, generators: Mapping[str, Generator]) -> str:
    """The text of a page as it should be. Raises KeyError where one of its parts is nobody's."""
    text = commands.with_all_verbs(page.text) if page.name == COMMANDS else page.text
    text = answers.with_all_answers(text, generators) if page.name == ANSWERS else text
    kept = {name: _keep for name in names(text) if name.startswith("answer ")}
    return filled(text, {**kept, **generators})


def _keep(body: str) -> str:
    return body


def all_fresh() -> dict[Page, str]:
    """Every page that is not as it should be, with what it should be. Takes half a minute: it runs what docs/json.md is
    made of."""
    from tests.docs.recording import recorded  # which takes the tests of the commands with it

    generators = {**static(), **answers.generators(recorded())}
    made = {page: fresh(page, generators) for page in pages()}
    return {page: text for page, text in made.items() if text != page.text}


def write(page: Page, text: str) -> None:
    (ROOT / page.name).write_text(text, encoding="utf-8")
