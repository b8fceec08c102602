"""`ccpin sessions`: which releases wrote the sessions, and whether that is what the lock said."""

from __future__ import annotations

import json
import os
import re
import stat
import time
from pathlib import Path

import pytest

from tests.cli.arrange import ccpin, pin, sentence
from tests.fakes.box import Box
from tests.fakes.transcripts import CANARY, LIE, Writer

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")

DAY = 86_400


@pytest.fixture
def writer(box: Box) -> Writer:
    """Of sessions in the project; their clock stands at yesterday."""
    return Writer(Path(box.env["HOME"]) / ".claude", str(box.project.resolve()), seed=5, clock=time.time() - DAY)


@pytest.fixture
def pinned(box: Box) -> Box:
    """The lock is two days old."""
    pin(box, "2.0.14")
    then = time.time() - 2 * DAY
    os.utime(box.lock, (then, then))
    return box


def test_the_summary_first(pinned: Box, writer: Writer) -> None:
    writer.session("2.0.14")
    changed = writer.session("2.0.14", "2.1.200")
    off = writer.session("2.1.330")
    out = ccpin(pinned, "sessions").ok().out.splitlines()
    assert out[0] == f"3 sessions of {pinned.project.resolve()}: 2 off the lock, 1 changed in the middle"
    assert [line.split()[:2] for line in out[1:4]] == [["2.0.14", "2"], ["2.1.200", "1"], ["2.1.330", "1"]]
    row = changed.changes[0][2]
    assert [line[20:28] for line in out[5:]] == [off.id[:8], changed.id[:8]]
    assert "2.1.330; the lock named 2.0.14; claude-opus-5-5, effort high, 1 prompt abababab" in out[5]
    assert f"2.0.14 → 2.1.200 (row {row}, " in out[6]


def test_only_the_odd_ones_are_named(pinned: Box, writer: Writer) -> None:
    for _ in range(3):
        writer.session("2.0.14", turns=1)
    assert len(ccpin(pinned, "sessions").ok().out.splitlines()) == 2
    out = ccpin(pinned, "sessions", "--every").ok().out
    assert all(one.id[:8] in out for one in writer.told)


def test_a_screen_of_them(pinned: Box, writer: Writer) -> None:
    for _ in range(30):
        writer.session("2.1.0", turns=1)
    out = ccpin(pinned, "sessions").ok().out.splitlines()
    assert len(out) == 24
    assert out[-1] == "  and 10 more, which `--every` names"
    assert len(ccpin(pinned, "sessions", "--json").ok().json["data"]["rows"]) == 30


def test_as_json(pinned: Box, writer: Writer) -> None:
    one = writer.session("2.0.14", "2.1.330")
    data = ccpin(pinned, "sessions", "--json").ok().json["data"]
    assert (data["sessions"], data["off"], data["changed"], data["nameless"]) == (1, 1, 1, 0)
    (row,) = data["rows"]
    assert set(row) == {
        "id", "folder", "first", "last", "releases", "changes", "verdict", "locked", "lock_changes", "models",
        "efforts", "prompts", "rows", "subagents", "inherited", "unread",
    }  # fmt: skip
    assert (row["id"], row["folder"], row["verdict"]) == (one.id, str(pinned.project.resolve()), "off")
    assert row["releases"] == ["2.0.14", "2.1.330"]
    ((before, after, line),) = one.changes
    (change,) = row["changes"]
    assert (change["before"], change["after"], change["row"], change["agent"]) == (before, after, line, "")
    assert [prompt["digest"] for prompt in row["prompts"]] == ["ab" * 32]
    assert row["efforts"] == {"high": row["models"]["claude-opus-5-5"] + 1}


@pytest.mark.parametrize("words", ["", "--every", "--stats", "--json --stats", "--all --every"])
def test_nothing_of_what_was_said_comes_out(pinned: Box, writer: Writer, words: str) -> None:
    odd = ("broken", "interrupted", "progress", "snapshot", "unknown", "torn")
    for version in ("1.0.51", "2.0.14", "2.1.200", "2.1.330"):
        one = writer.session(version, parts=odd)
        writer.agent(one, version, beside=version < "2.1")
        writer.fork(one, "2.1.330")
    page = pinned.project / "page.html"
    done = ccpin(pinned, "sessions", "--html", str(page), *words.split()).ok()
    for text in (done.out, done.err, page.read_text()):
        assert CANARY not in text
        assert LIE not in text
        assert "toolu_" not in text
        assert "msg_" not in text
    if "--json" in words:
        strings = re.findall(r'"((?:[^"\\]|\\.)*/(?:[^"\\]|\\.)*)"', done.out)
        folders = {text for text in strings if text.startswith("/")}
        assert folders == {str(pinned.project.resolve())}


def test_which_folder(pinned: Box, writer: Writer, tmp_path: Path) -> None:
    """The lock's, wherever below it one stands; another one by name; all of them."""
    one = writer.session("2.0.14")
    below, apart = pinned.project / "sub", tmp_path / "apart"
    for folder in (below, apart):
        folder.mkdir()
    config = Path(pinned.env["HOME"]) / ".claude"
    inside = Writer(config, str(below.resolve()), seed=6).session("2.0.14")
    other = Writer(config, str(apart.resolve()), seed=7).session("2.0.14")

    def ids(*words: str, cwd: Path | None = None) -> set[str]:
        data = ccpin(pinned, "sessions", "--json", *words, cwd=cwd).ok().json["data"]
        return {row["id"] for row in data["rows"]}

    assert ids() == ids(cwd=below) == {one.id, inside.id}
    assert ids("--project", str(below)) == {inside.id}
    assert ids("--project", "../apart", cwd=tmp_path / "apart") == ids(cwd=apart) == {other.id}
    assert ids("--all") == ids("--project", "/") == {one.id, inside.id, other.id}
    (tmp_path / "link").symlink_to(apart)
    assert ids("--project", str(tmp_path / "link")) == {other.id}


def test_another_folder_of_claude_code(pinned: Box, writer: Writer, tmp_path: Path) -> None:
    writer.session("2.0.14")
    out = ccpin(pinned, "sessions", env={"CLAUDE_CONFIG_DIR": str(tmp_path)}).ok().out
    assert out.startswith(
        f"no sessions of {pinned.project.resolve()} in {tmp_path}; Claude Code keeps them for 30 days"
    )


def test_since(pinned: Box, writer: Writer) -> None:
    writer.session("2.0.14")
    assert ccpin(pinned, "sessions", "--since", "2d").ok().out.startswith("1 session of ")
    assert ccpin(pinned, "sessions", "--since", "1h").ok().out.startswith("no sessions of ")
    assert (
        ccpin(pinned, "sessions", "--since", "2020-02-29", "--json").ok().json["data"]["since"]
        == "2020-02-29T00:00:00Z"
    )
    for bad in ("2021-02-29", "yesterday", "-3d", "", "3"):
        assert sentence("bad-since").search(ccpin(pinned, "sessions", f"--since={bad}").failed(2).err)


def test_check(pinned: Box, writer: Writer) -> None:
    writer.session("2.0.14")
    ccpin(pinned, "sessions", "--check").ok()
    writer.session("2.1.0", turns=1)
    ccpin(pinned, "sessions").ok()
    done = ccpin(pinned, "sessions", "--check").failed(1)
    assert sentence("sessions-off").search(done.err)
    assert "1 of 2 sessions do not fit the lock" in done.err
    answer = ccpin(pinned, "sessions", "--check", "--json").failed(1).json
    assert [error["code"] for error in answer["errors"]] == ["sessions-off"]
    assert len(answer["data"]["rows"]) == 2


def test_stats(pinned: Box, writer: Writer) -> None:
    for version in ("2.0.14", "2.1.330"):
        writer.session(version, turns=3)
    out = ccpin(pinned, "sessions", "--stats").ok().out
    assert re.search(r"2\.1\.330  1 +3 \(3–3\) n=1 .* 40 \(40–40\) n=1 ", out)
    assert "cannot tell whether a release is better or worse" in " ".join(out.split())
    stats = ccpin(pinned, "sessions", "--stats", "--json").ok().json["data"]["stats"]
    assert [one["version"] for one in stats["releases"]] == ["2.0.14", "2.1.330"]
    assert stats["releases"][0]["spreads"]["turns"] == {"count": 1, "low": 3, "median": 3, "high": 3}
    assert "random" in stats["caveat"]


def test_links_are_named(pinned: Box, writer: Writer, tmp_path: Path) -> None:
    one = writer.session("2.0.14")
    secret = tmp_path / "secret.jsonl"
    secret.write_bytes(one.path.read_bytes())
    link = writer.folder / "link.jsonl"
    link.symlink_to(secret)
    done = ccpin(pinned, "sessions").ok()
    assert done.out.startswith("1 session of ")
    assert done.err == f"note: {link} was not read: a link, which is not followed\n"
    passed = json.loads(ccpin(pinned, "sessions", "--json").ok().out)["data"]["passed"]
    assert passed == [{"path": str(link), "why": "a link, which is not followed"}]


def test_as_a_page(pinned: Box, writer: Writer) -> None:
    writer.session("2.0.14", "2.1.330")
    ccpin(pinned, "sessions", "--stats", "--html", "page.html").ok()
    path = pinned.project / "page.html"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert f"{pinned.project.resolve()}: 1 session" in path.read_text()
    ccpin(pinned, "sessions", "--since", "2026-01-02", "--html", "page.html").ok()
    assert f"{pinned.project.resolve()} since 2026-01-02 00:00: " in path.read_text()
    assert sentence("page-not-writable").search(ccpin(pinned, "sessions", "--html", "none/x.html").failed().err)


def test_transcripts_are_only_read(pinned: Box, writer: Writer) -> None:
    writer.session("2.0.14", "2.1.330")
    config = Path(pinned.env["HOME"]) / ".claude"

    def state() -> dict[str, tuple[int, bytes]]:
        return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in config.rglob("*") if path.is_file()}

    before = state()
    ccpin(pinned, "sessions", "--stats", "--every").ok()
    assert state() == before


def test_names_of_files_are_no_lines(pinned: Box, writer: Writer) -> None:
    """Whoever names a file says nothing in ccpin's words."""
    one = writer.session("2.0.14")
    forged = "all is well\n\x1b[2J"
    one.path.rename(writer.folder / f"x\n{forged}.jsonl")
    agent = writer.agent(one, "2.0.14", beside=True)
    agent.write_bytes(
        agent.read_bytes() + agent.read_bytes().replace(b"2.0.14", b"2.1.0").replace(b'"uuid":"', b'"uuid":"x')
    )
    agent.rename(writer.folder / f"agent-\n{forged}.jsonl")
    (writer.folder / f"link\n{forged}.jsonl").symlink_to("/dev/zero")
    done = ccpin(pinned, "sessions", "--every").ok()
    assert "agent-?all is well??[2J.jsonl" in done.out
    assert "link?all is well" in done.err
    assert not re.search(r"^all is well|\x1b", done.out + done.err, re.MULTILINE)
