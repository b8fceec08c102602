"""README.md and docs/: one screen, links that lead somewhere, commands that exist, errors that can be found."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import pytest

from ccpin.errors import CcpinError
from tests.cli.arrange import all_errors
from tests.docs.elsewhere import RUN, unchecked
from tests.docs.generated.errors import safe
from tests.docs.pages import ROOT, Page, pages, read
from tests.docs.sentences import faults

CHECK = "ccpin/doctor/check.py"
every_page = pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)


class TestReadme:
    page = read("README.md")

    def test_is_one_screen(self) -> None:
        assert len(self.page.lines) <= 70

    def test_begins_with_the_two_commands(self) -> None:
        first = next(block for block in self.page.blocks())
        assert [line.partition("#")[0].strip() for line in first.lines] == ["sh install.sh use 2.0.14", "sh tests/run"]
        assert first.line < 12

    def test_leads_to_every_page(self) -> None:
        linked = {link.partition("#")[0] for link in self.page.links()}
        assert linked >= {page.name for page in pages()} - {"README.md"}


@every_page
class TestEveryPage:
    def test_has_one_title(self, page: Page) -> None:
        assert len(re.findall(r"^# .", page.prose(), re.MULTILINE)) == 1

    def test_says_what_its_blocks_are(self, page: Page) -> None:
        """So that no command hides in a block that is not run."""
        for block in page.blocks():
            assert block.is_transcript or block.kind != "console", f"{page.name}:{block.line}: no line begins with `$ `"
            assert block.kind in ("console", "indented") or not any(line.startswith("$ ") for line in block.lines)

    def test_has_no_block_that_nobody_checks(self, page: Page) -> None:
        assert not list(unchecked(page)), "name the test that runs or validates it in tests/docs/elsewhere.py"

    def test_has_no_blocks_of_other_kinds(self, page: Page) -> None:
        """Within a list, between tildes or tags: those would not be seen."""
        assert not re.search(r"^\s+```|^\s*~~~|^(-|\d+\.) {5}|<pre|<code", page.prose(), re.MULTILINE)

    def test_links_lead_somewhere(self, page: Page) -> None:
        assert not [link for link in page.links() if not _leads(page, link)]

    def test_commands_in_sentences_exist(self, page: Page) -> None:
        wrong = [f"`{span}`: {fault}" for span in page.spans() for fault in faults(span)]
        assert not wrong, page.name

    def test_files_in_sentences_exist(self, page: Page) -> None:
        files = [span for span in page.spans() if re.fullmatch(r"(ccpin|docs|shims|tests|\.ci)/[\w./-]+", span)]
        assert not [file for file in files if not (ROOT / file).exists()]


@pytest.mark.parametrize("kind", [*sorted(RUN - {"indented"}), "", "json", "python", "text", "toml", "yaml"])
def test_a_block_that_nobody_checks(kind: str) -> None:
    page = Page("docs/x.md", f"# x\n\n<!-- test: action -->\n```{kind}\n$ x\n```\n")
    assert list(unchecked(page)) == ([] if kind in RUN else [f"docs/x.md:5: {kind or 'plain'}"])


def _leads(page: Page, link: str) -> bool:
    if link.startswith("https://"):
        return True
    name, _, anchor = link.partition("#")
    target = page if not name else _page(str(PurePosixPath(page.name).parent / name))
    if target is None:
        return not anchor and (ROOT / PurePosixPath(page.name).parent / name).exists()
    return not anchor or anchor in target.anchors()


def _page(name: str) -> Page | None:
    return next((page for page in pages() if page.name == name), None)


class TestErrors:
    page = read("docs/troubleshooting.md")

    @pytest.mark.parametrize("error", all_errors(), ids=lambda error: error.code)
    def test_has_an_entry_under_its_code(self, error: type[CcpinError]) -> None:
        assert error.code in self.page.anchors()
        assert safe(error.text) in self.page.text

    def test_what_people_see_is_found_by_search(self) -> None:
        """The longest piece of each message that is always the same stands on the page as it is printed."""
        for error in all_errors():
            pieces = re.split(r"\{\w+\}", error.text.replace("{{", "{").replace("}}", "}"))
            assert max(pieces, key=len).strip() in self.page.text.replace("\\", ""), error.code

    def test_so_are_those_that_are_all_reason(self) -> None:
        """`not-set-up` says what `ccpin check` found."""
        said = re.findall(r"(the shim is [a-z ]+|not the shim|is not on this PATH)", (ROOT / CHECK).read_text("utf-8"))
        text = " ".join(self.page.text.split())
        assert len(said) == 4
        assert not [one for one in said if one.strip() not in text]


@pytest.mark.parametrize(
    ("span", "fault"),
    [
        ("ccpin use SPEC --profile NAME", ""),
        ("CCPIN_HOME=/elsewhere ccpin verify 2.0.14 --repair", ""),
        ("ccpin upgrade [SPEC] [--min-age 7d] [--wire]", ""),
        ("ccpin bundle -o FILE [--platform P]… [LOCK]…", ""),
        ("ccpin env set NAME[=VALUE]…", ""),
        ("ccpin current > FILE", ""),
        ("ccpin exec -- --anything", ""),
        ("python -m tests.bench shim", ""),
        ("sh tests/run -m live tests/live/test_docs.py", ""),
        ("a ccpin that is no command", ""),
        ("ccpin pin 2.0.14", "no verb pin"),
        ("ccpin use SPEC --fast", "no option --fast"),
        ("ccpin which 2.0.14", "too many words: 2.0.14"),
        ("ccpin env change NAME", "too many words: change NAME"),
        ("python -m tests.bench slowly", "no such module"),
        ("sh tests/run tests/live/test_gone.py", "no file tests/live/test_gone.py"),
    ],
)
def test_a_command_in_a_sentence(span: str, fault: str) -> None:
    assert list(faults(span)) == [fault] * bool(fault)
