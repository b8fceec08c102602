"""Which flags a release's files name, and whether it takes `--settings`: whole words, wherever they stand."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccpin.pinning.flags import TABLE
from ccpin.store import scan as scanning
from ccpin.store.scan import Reads, scan, variables
from tests.store.installing import posix

NAMES = sorted(TABLE)
ANCHOR = "DISABLE_AUTOUPDATER"
OPTION = "--settings <"
BOUNDARY = scanning._PIECE


def script(folder: Path, text: str | bytes) -> Reads:
    """What is found in a JavaScript release whose entry point is `text`."""
    return _written(folder, "package/cli.js", text)


def native(folder: Path, text: str | bytes) -> Reads:
    """What is found in a native executable that is `text`."""
    return _written(folder, "claude", text)


def _written(folder: Path, path: str, text: str | bytes) -> Reads:
    full = folder / path
    full.parent.mkdir(exist_ok=True)
    full.write_bytes(text.encode() if isinstance(text, str) else text)
    return scan(str(folder), path)


def names(reads: Reads) -> set[str]:
    return {name for name, found in reads.flags.items() if found}


class TestWords:
    @pytest.mark.parametrize("name", NAMES)
    def test_every_name_of_the_table(self, tmp_path: Path, name: str) -> None:
        """Alone in a file, which leaves the others out, those that are a part of it included."""
        assert names(script(tmp_path, name)) == names(native(tmp_path, name)) == {name}

    def test_all_of_them(self, tmp_path: Path) -> None:
        text = ",".join(NAMES)
        assert names(script(tmp_path, text)) == names(native(tmp_path, " " * len(text) + " " + text)) == set(NAMES)
        assert list(script(tmp_path, text).flags) == list(TABLE)

    def test_none_of_them(self, tmp_path: Path) -> None:
        for text in ("", "\0", "claude", "_", "DISABLE_", "CLAUDE_CODE"):
            for found in (script(tmp_path, text), native(tmp_path, text)):
                assert found == Reads(dict.fromkeys(TABLE, False), settings=False)

    @pytest.mark.parametrize("before", ["", " ", '"', ".", "${", "$", "\n", "\0", "-", "\x7f", "é"])
    @pytest.mark.parametrize("after", ["", " ", '"', ")", "}", "=", "\n", "\0", "-", "é"])
    def test_a_whole_word(self, tmp_path: Path, before: str, after: str) -> None:
        text = f"{before}DISABLE_COMPACT{after}"
        assert names(script(tmp_path, text)) == names(native(tmp_path, text)) == {"DISABLE_COMPACT"}

    @pytest.mark.parametrize(
        "text",
        [
            "XDISABLE_COMPACT",
            "nDISABLE_COMPACT",
            "0DISABLE_COMPACT",
            "_DISABLE_COMPACT",
            "CLAUDE_DISABLE_COMPACT",
            "MAX_DISABLE_COMPACT",
            "DISABLE_DISABLE_COMPACT",
            "DISABLE_COMPACTX",
            "DISABLE_COMPACTx",
            "DISABLE_COMPACT0",
            "DISABLE_COMPACT_",
            "DISABLE_COMPACT_HARD",
            "DISABLE__COMPACT",
            "disable_compact",
            "DISABLE COMPACT",
            "DISABLE_",
            "_COMPACT",
        ],
    )
    def test_a_part_of_a_longer_one(self, tmp_path: Path, text: str) -> None:
        assert names(script(tmp_path, text)) == names(native(tmp_path, text)) == set()

    @given(
        st.lists(st.sampled_from([*NAMES[::9], "DISABLE", "_", "X", "x", "7", " ", "\0", "$", '"', "é"]), max_size=9)
    )
    def test_as_a_plain_search_would_find_them(self, parts: list[str]) -> None:
        text = "".join(parts).encode()
        expected = {word.decode() for word in re.findall(rb"\w+", text)} & set(NAMES)
        with tempfile.TemporaryDirectory() as folder:
            assert names(script(Path(folder), text)) == expected


class TestOption:
    @pytest.mark.parametrize("text", ['.option("--settings <file-or-json>","Path")', "--settings <file>", OPTION])
    def test_declared(self, tmp_path: Path, text: str) -> None:
        assert script(tmp_path, text).settings
        assert native(tmp_path, text).settings
        assert names(script(tmp_path, text)) == set()

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "--settings",
            'x==="--settings"',
            "pass it to --settings (a file)",
            "--setting-sources <s>",
            "settings <f>",
        ],
    )
    def test_only_spoken_of(self, tmp_path: Path, text: str) -> None:
        assert not script(tmp_path, text).settings
        assert not native(tmp_path, text).settings


class TestPieces:
    """A file is read in pieces, and a word may stand across the end of one."""

    OFFSETS = range(BOUNDARY - scanning._OVERLAP - 3, BOUNDARY + 4)

    @pytest.mark.parametrize("name", [max(NAMES, key=len), min(NAMES, key=len)])
    def test_a_word_at_any_offset(self, tmp_path: Path, name: str) -> None:
        for offset in self.OFFSETS:
            for rest in (b"", b" " * 200):
                assert names(script(tmp_path, b" " * offset + name.encode() + rest)) == {name}, (offset, len(rest))

    @pytest.mark.parametrize("word", ["X{}", "{}X", "{}_URLS", "CLAUDE_{}"])
    @pytest.mark.parametrize("name", ["CLAUDE_CODE_MODEL_CATALOG", max(NAMES, key=len)])
    def test_a_longer_word_at_any_offset(self, tmp_path: Path, name: str, word: str) -> None:
        """At the end of one piece after the other, each time one byte further."""
        (tmp_path / "package").mkdir()
        with (tmp_path / "package/cli.js").open("wb") as file:
            for turn, offset in enumerate(self.OFFSETS):
                file.seek(turn * BOUNDARY + offset)
                file.write(word.format(name).encode())
        assert names(scan(str(tmp_path), "package/cli.js")) == set()

    def test_the_option_at_any_offset(self, tmp_path: Path) -> None:
        for offset in self.OFFSETS:
            for rest in (b"", b" " * 200):
                assert script(tmp_path, b" " * offset + OPTION.encode() + rest).settings, (offset, len(rest))

    def test_a_second_and_a_third_one(self, tmp_path: Path) -> None:
        offsets = [0, BOUNDARY - 5, 2 * BOUNDARY - 9, 3 * BOUNDARY - 1]
        text = bytearray(b" " * (3 * BOUNDARY + 100))
        for offset, name in zip(offsets, NAMES, strict=False):
            text[offset : offset + len(name)] = name.encode()
        assert names(script(tmp_path, bytes(text))) == set(NAMES[: len(offsets)])


class TestScripts:
    def test_those_beside_the_entry_point_count(self, tmp_path: Path) -> None:
        package = tmp_path / "package"
        (package / "vendor").mkdir(parents=True)
        for number, name in enumerate(("sdk.mjs", "lib.cjs", "more.js", "vendor/x.js", "README.md", "cli.js.map")):
            (package / name).write_text(f"{NAMES[number]} {OPTION if name == 'sdk.mjs' else ''}")
        (package / "empty.js").touch()
        (package / "folder.js").mkdir()
        found = script(tmp_path, ANCHOR)
        assert names(found) == {ANCHOR, *NAMES[:3]}
        assert found.settings

    def test_the_whole_of_it_counts(self, tmp_path: Path) -> None:
        """The first half of a script too, whatever its second half holds."""
        assert names(script(tmp_path, f"DISABLE_COMPACT {' ' * 99} {ANCHOR}")) == {"DISABLE_COMPACT", ANCHOR}
        assert _written(tmp_path, "package/cli.mjs", OPTION + " " * 99 + ANCHOR).settings

    def test_an_entry_point_that_has_gone(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            scan(str(tmp_path), "claude")
        with pytest.raises(FileNotFoundError):
            scan(str(tmp_path), "package/cli.js")


class TestExecutables:
    def test_the_second_half_is_enough(self, tmp_path: Path) -> None:
        text = f"{ANCHOR} DISABLE_COMPACT {OPTION}"
        found = native(tmp_path, "\0" * len(text) + text)
        assert (names(found), found.settings) == ({ANCHOR, "DISABLE_COMPACT"}, True)

    def test_the_first_half_is_not_read_then(self, tmp_path: Path) -> None:
        found = native(tmp_path, f"DISABLE_COMPACT {OPTION} {'.' * 99} {ANCHOR}")
        assert (names(found), found.settings) == ({ANCHOR}, False)

    @pytest.mark.parametrize("anchor", ["", f"X{ANCHOR}", f"{ANCHOR}S"])
    def test_all_of_it_is_where_a_name_is_not_there_that_must_be(self, tmp_path: Path, anchor: str) -> None:
        found = native(tmp_path, f"DISABLE_COMPACT {OPTION} {'.' * 99} {anchor} DO_NOT_TRACK")
        assert (names(found), found.settings) == ({"DISABLE_COMPACT", "DO_NOT_TRACK"}, True)

    def test_the_middle_may_cut_a_word(self, tmp_path: Path) -> None:
        """What is left of it in the second half is no word."""
        longer = "CLAUDE_DISABLE_COMPACT"
        for cut in range(len(longer) + 1):
            rest = f"{longer[cut:]} {ANCHOR}"
            assert names(native(tmp_path, "." * (len(rest) - cut) + longer[:cut] + rest)) == {ANCHOR}

    @posix
    @pytest.mark.parametrize("anchor", [ANCHOR, ""])
    def test_the_memory_stays_small(self, tmp_path: Path, anchor: str) -> None:
        with (tmp_path / "claude").open("wb") as file:
            file.truncate(300 << 20)
            file.seek(0, 2)
            file.write(f" {anchor} DISABLE_COMPACT".encode())
        done = subprocess.run(
            [sys.executable, "-c", _GROWTH, str(tmp_path)], capture_output=True, text=True, check=True
        )
        flag, growth = done.stdout.split()
        assert flag == "True"
        assert int(growth) < 16 << 20


_GROWTH = """
import resource, sys
from ccpin.store.scan import scan, variables
unit = 1 if sys.platform == "darwin" else 1024
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
before = peak()
found = scan(sys.argv[1], "claude")
print(found.flags["DISABLE_COMPACT"], peak() - before)
"""


def test_the_names_that_the_search_relies_on() -> None:
    assert ANCHOR.encode() == scanning._EVERYWHERE
    assert ANCHOR in TABLE
    assert TABLE[ANCHOR].last is None


class TestVariables:
    NAMES = ("ANTHROPIC_X", "CLAUDE_CODE_Y2", "DISABLE_Z", "ENABLE_" + "W" * 90)

    def test_of_a_script(self, tmp_path: Path) -> None:
        text = " ".join(f"process.env.{name}" for name in self.NAMES)
        (tmp_path / "cli.js").write_text(f"{text} MY_DISABLE_A xDISABLE_B DISABLE_c DISABLE_D_ CLAUDE CLAUDE_")
        (tmp_path / "sdk.mjs").write_text("'DISABLE_SDK'")
        (tmp_path / "other.txt").write_text("DISABLE_OTHER")
        assert variables(str(tmp_path), "cli.js") == sorted([*self.NAMES, "DISABLE_SDK"])

    def test_across_two_pieces(self, tmp_path: Path) -> None:
        for shift in range(0, 60, 7):
            text = b"." * ((1 << 20) - shift) + b'"ENABLE_' + b"W" * 50 + b'" DISABLE_Z'
            (tmp_path / "cli.js").write_bytes(text)
            assert variables(str(tmp_path), "cli.js") == ["DISABLE_Z", "ENABLE_" + "W" * 50]

    def test_of_an_executable_its_second_half(self, tmp_path: Path) -> None:
        (tmp_path / "claude").write_bytes(b" DISABLE_FIRST " + b"\0" * 3000 + b" DISABLE_SECOND ")
        assert variables(str(tmp_path), "claude") == ["DISABLE_SECOND"]
