from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccpin.launching import shellfiles
from ccpin.launching.shellfiles import END, START, with_block, without_block
from ccpin.paths import Home

LINE = '. "$HOME/x/env.sh"'
TEXTS = [
    b"",
    b"\n",
    b"alias ll='ls -l'\n",
    b"no final newline",
    b"blank at the end\n\n\n",
    b"crlf\r\nlines\r\n",
    b"crlf\r\nunfinished",
    b"latin-1 \xe9\xff\xfe\n",
    b"\r",
    b"mixed\r\nends\nhere\n",
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_block_goes_to_the_end_once_and_comes_out_without_a_trace(text: bytes) -> None:
    once = with_block(text, LINE)
    assert once.startswith(text)
    assert once.count(START) == once.count(END) == 1
    assert with_block(once, LINE) == once
    assert without_block(once) == text


others = st.binary().filter(lambda text: START not in text and END not in text)


@given(others)
def test_any_bytes_survive(text: bytes) -> None:
    assert without_block(with_block(text, LINE)) == text


@given(others, others)
def test_what_the_user_writes_around_the_block_stays(before: bytes, after: bytes) -> None:
    whole = with_block(before + b"\n", LINE) + after
    changed = with_block(whole, ". /elsewhere")
    assert without_block(changed) == before + b"\n" + after


def test_the_block_as_it_looks() -> None:
    assert with_block(b"a=1\n", LINE).decode() == (
        "a=1\n\n# >>> ccpin >>>\n# put there by `ccpin setup`; `ccpin setup --undo` takes it away\n"
        '. "$HOME/x/env.sh"\n# <<< ccpin <<<\n'
    )


def test_a_line_behind_an_unfinished_one_is_not_glued_to_it() -> None:
    whole = with_block(b"a=1", LINE) + b"b=2\n"
    assert without_block(whole) == b"a=1\nb=2\n"


@pytest.mark.parametrize("after", [b"", b"\n", b"# b=2\n", b" \t# b\r\n\n"])
def test_only_the_inside_of_a_block_changes(after: bytes) -> None:
    old = with_block(b"a=1\n", ". /old/env.sh") + after
    assert with_block(old, ". /new/env.sh") == old.replace(b"/old/", b"/new/")


def test_a_block_that_code_follows_moves_to_the_end() -> None:
    """What puts another `claude` on PATH there would come before the shim."""
    old = with_block(b"a=1\n", LINE) + b"PATH=/other:$PATH\n"
    new = with_block(old, LINE)
    assert new == with_block(b"a=1\nPATH=/other:$PATH\n", LINE)
    assert with_block(new, LINE) == new


def test_crlf_files_get_crlf_lines_whose_cr_is_in_a_comment() -> None:
    block = with_block(b"a=1\r\n", LINE)
    assert block.count(b"\n") == block.count(b"\r\n")
    assert (LINE + " #\r\n").encode() in block


@pytest.mark.parametrize(
    "text",
    [
        START + b"\n. x\n",
        b". x\n" + END + b"\n",
        END + b"\n. x\n" + START + b"\n",
        (START + b"\n. x\n" + END + b"\n") * 2,
        START + b"\n" + START + b"\n" + END + b"\n",
    ],
)
def test_markers_that_are_not_one_pair_are_not_touched(text: bytes) -> None:
    with pytest.raises(shellfiles.BrokenBlockError):
        with_block(text, LINE)
    with pytest.raises(shellfiles.BrokenBlockError):
        without_block(text)


def test_words_about_ccpin_are_no_markers() -> None:
    text = b"# see `# >>> ccpin >>>`\n  # <<< ccpin <<< indented\n"
    assert without_block(with_block(text, LINE)) == text


def paths(tmp_path: Path, env: dict[str, str]) -> dict[str, bool]:
    found = shellfiles.shell_files(Home("/ccpin"), {"HOME": str(tmp_path), "PATH": "/nowhere", **env})
    return {os.path.relpath(file.path, tmp_path): file.create for file in found}


FISH = {".config/fish/conf.d/ccpin.fish", ".config/fish/config.fish"}


def test_without_other_shells_only_the_profile_is_made(tmp_path: Path) -> None:
    found = paths(tmp_path, {})
    assert {path for path, create in found.items() if create} == {".profile"}
    assert set(found) == {".profile", ".bashrc", ".zprofile", ".zshrc", *FISH}


def test_files_of_shells_that_are_there_are_made(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "zsh").write_text("")
    (tools / "zsh").chmod(0o755)
    found = paths(tmp_path, {"PATH": str(tools), "SHELL": "/opt/fish"})
    made = {path for path, create in found.items() if create}
    assert made == {".profile", ".zprofile", ".zshrc", ".config/fish/conf.d/ccpin.fish"}


def test_bash_reads_the_first_of_its_login_files_and_none_is_made(tmp_path: Path) -> None:
    assert ".bash_profile" not in paths(tmp_path, {"SHELL": "/bin/bash"})
    (tmp_path / ".bash_login").touch()
    assert paths(tmp_path, {"SHELL": "/bin/bash"})[".bash_login"] is False
    (tmp_path / ".bash_profile").touch()
    found = paths(tmp_path, {"SHELL": "/bin/bash"})
    assert ".bash_profile" in found
    assert ".bash_login" not in found
    assert found[".bashrc"] is True


def test_folders_of_the_environment_count_when_they_are_absolute(tmp_path: Path) -> None:
    env = {"ZDOTDIR": f"{tmp_path}/z", "XDG_CONFIG_HOME": f"{tmp_path}/c"}
    assert {"z/.zshrc", "z/.zprofile", "c/fish/config.fish"} < set(paths(tmp_path, env))
    assert {".zshrc", *FISH} < set(paths(tmp_path, {"ZDOTDIR": "z", "XDG_CONFIG_HOME": "c"}))


def test_nobody_logs_in_where_there_is_no_home_folder(tmp_path: Path) -> None:
    assert shellfiles.shell_files(Home("/ccpin"), {"HOME": str(tmp_path / "none")}) == ()


def test_a_home_below_the_users_folder_is_written_by_name(tmp_path: Path) -> None:
    user = str(tmp_path)
    lines = {
        file.line
        for file in shellfiles.shell_files(Home(f'{user}/a "b" $c `d` \\e'), {"HOME": user, "PATH": "/nowhere"})
    }
    assert (
        '[ ! -f "$HOME/a \\"b\\" \\$c \\`d\\` \\\\e/env.sh" ] || . "$HOME/a \\"b\\" \\$c \\`d\\` \\\\e/env.sh"' in lines
    )
    outside = {file.line for file in shellfiles.shell_files(Home("/it's"), {"HOME": user, "PATH": "/nowhere"})}
    assert "[ ! -f '/it'\\''s/env.sh' ] || . '/it'\\''s/env.sh'" in outside
    assert "if test -f '/it\\'s/env.fish'; source '/it\\'s/env.fish'; end" in outside


def test_reading_is_for_plain_files(tmp_path: Path) -> None:
    assert shellfiles.read(str(tmp_path / "none")) is None
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", tmp_path):
        with pytest.raises(OSError, match=r"plain file|Is a directory"):
            shellfiles.read(str(path))


def test_rewriting_keeps_the_inode_the_mode_and_every_link(tmp_path: Path) -> None:
    file, hard, soft = tmp_path / "file", tmp_path / "hard", tmp_path / "soft"
    file.write_bytes(b"one two three")
    file.chmod(0o604)
    os.link(file, hard)
    soft.symlink_to(file)
    before = file.stat()
    shellfiles.rewrite(str(soft), b"one two three", b"one 2")
    assert hard.read_bytes() == b"one 2"
    assert soft.is_symlink()
    assert (file.stat().st_ino, file.stat().st_mode) == (before.st_ino, before.st_mode)


def test_a_file_that_cannot_grow_stays_as_it_was(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    file, old = tmp_path / "file", b"line\n" * 1000
    file.write_bytes(old)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(old) + 50, limits[1]))  # a full disk, for one process
    try:
        with pytest.raises(OSError, match="too large"):
            shellfiles.rewrite(str(file), old, with_block(old, LINE))
        with pytest.raises(OSError, match="too large"):
            shellfiles.rewrite(str(file), old, b"X" + old + with_block(b"", LINE))
        with pytest.raises(OSError, match="too large"):
            shellfiles.create(str(tmp_path / "new"), with_block(old, LINE))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert file.read_bytes() == old
    assert not (tmp_path / "new").exists()


def test_what_others_have_written_meanwhile_stays(tmp_path: Path) -> None:
    """An editor that saves its settings between the reading and the writing."""
    file = tmp_path / "settings.json"
    file.write_bytes(b"{theirs}")
    with pytest.raises(OSError, match="meanwhile"):
        shellfiles.rewrite(str(file), b"{}", b"{ours}")
    assert file.read_bytes() == b"{theirs}"


def test_a_file_is_made_where_a_link_leads(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "a" / "b" / "target")
    shellfiles.create(str(tmp_path / "link"), b"x\n")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "a" / "b" / "target").read_bytes() == b"x\n"
