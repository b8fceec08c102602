"""Every failure that ccpin knows: one code each, a sentence that can be made, and a way out."""

from __future__ import annotations

import re
import shlex
import string
from pathlib import Path

import pytest

import ccpin
from ccpin import errors
from ccpin.cli.app import VERBS
from ccpin.errors import CcpinError, UsageError

SOURCE = Path(ccpin.__file__).parent
ENDINGS: dict[type[CcpinError], int] = {errors.Interrupted: 130, errors.Terminated: 143, errors.Bug: 3}


def leaves(kind: type[CcpinError] = CcpinError) -> list[type[CcpinError]]:
    below = kind.__subclasses__()
    return [leaf for child in below for leaf in leaves(child)] if below else [kind]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


every_error = pytest.mark.parametrize("error", leaves(), ids=lambda error: error.code)


@every_error
class TestEveryError:
    def made(self, error: type[CcpinError]) -> CcpinError:
        names = placeholders(error.text) | placeholders(error.hint)
        return error(where="file:3", **{name: f"<{name}>" for name in names})

    def test_says_what_happened(self, error: type[CcpinError]) -> None:
        made = self.made(error)
        assert str(made) == f"file:3: {made.message}"
        for name in placeholders(error.text):
            assert f"<{name}>" in made.message
        assert "\n" not in made.message + made.hint
        assert not made.message.endswith((".", "!"))

    def test_names_what_mends_it(self, error: type[CcpinError]) -> None:
        """A command or a line to write, between backticks; ccpin's own commands exist."""
        hint = self.made(error).hint
        assert re.search(r"`[^`]+`", hint), hint
        for verb in re.findall(r"`ccpin ([a-z]+)", hint):
            assert verb in VERBS, hint

    def test_has_a_code_of_its_own(self, error: type[CcpinError]) -> None:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", error.code)
        assert [other.__name__ for other in leaves() if other.code == error.code] == [error.__name__]

    def test_ends_the_process_in_one_of_the_known_ways(self, error: type[CcpinError]) -> None:
        if error in ENDINGS:
            assert error.exit_code == error.launch_code == ENDINGS[error]
            return
        assert error.exit_code == (2 if issubclass(error, UsageError) else 1)
        assert error.launch_code in ({2, 126} if issubclass(error, UsageError) else {126, 127})

    def test_is_raised_somewhere(self, error: type[CcpinError]) -> None:
        uses = [
            path.name
            for path in SOURCE.rglob("*.py")
            if path != Path(errors.__file__) and re.search(rf"\b{error.__name__}\(", path.read_text())
        ]
        assert uses, f"{error.__name__} is raised nowhere"


def test_only_leaves_are_raised() -> None:
    inner = {cls.__name__ for cls in vars(errors).values() if isinstance(cls, type) and cls.__subclasses__()}
    for path in SOURCE.rglob("*.py"):
        for name in re.findall(r"\braise (\w+)\(", path.read_text()):
            assert name not in inner, f"{path.name} raises {name}"


def test_the_tree_in_the_docstring() -> None:
    drawn = re.findall(r"[├└]── (\w+)", errors.__doc__ or "")
    assert drawn == [child.__name__ for child in CcpinError.__subclasses__()]


def test_without_a_place_the_sentence_stands_alone() -> None:
    error = errors.NoLock()
    assert str(error) == error.message
    assert error.where is None


def test_what_others_wrote_does_not_fill_the_terminal() -> None:
    error = errors.BadMetadata(what="x" * 1_000_000, reason="it is far too long")
    assert len(error.message) < 5_000
    assert error.message.startswith("what the registry says of xxx")
    assert error.message.endswith("it is far too long")


@pytest.mark.parametrize(
    "error", [e for e in leaves() if "quoted" in placeholders(e.hint)], ids=lambda error: error.code
)
def test_a_path_in_a_command_is_one_word_of_it(error: type[CcpinError]) -> None:
    names = placeholders(error.text) | placeholders(error.hint) - {"quoted"}
    made = error(**{name: f"<{name}>" for name in names} | {"path": "/it's; here"})
    assert any("/it's; here" in word for part in made.hint.split("`")[1::2] for word in shlex.split(part))


def test_no_path_is_put_into_quotes_by_hand() -> None:
    assert not [error.code for error in leaves() if "'{path}'" in error.hint]
