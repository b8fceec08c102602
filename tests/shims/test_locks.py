"""What the shim takes from a lock's head, and what it hands over instead of guessing."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccpin.pinning.head import read_head
from tests.shims.reading import HANDED_OVER, describe, read_in_sh, write_locks
from tests.shims.values import EVERY
from tests.shims.world import DIGEST, STRICT, World, lock_text, two_shells

GOOD = lock_text()


def edit(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


ACCEPTED = {
    "no comments": GOOD.split("\n", 2)[2],
    "spaces": edit('version = "2.0.14"\nrequest', '   version   =   "2.0.14"   \nrequest'),
    "comments behind": edit('runtime = "native"', 'runtime = "native" # not "node"').replace("[env]", "[env] #x = 1"),
    "comment of odd bytes": "#\t\r\x7f\\ `touch pwned` $(touch pwned)\n" + GOOD,
    "another order": edit(f'digest = "sha256:{DIGEST}"\n', "").replace(
        "[claude]\n", f'[claude]\ndigest = "sha256:{DIGEST}"\n'
    ),
    "no flags": lock_text(env={}),
    "every flag": lock_text(env=EVERY),
    "clean": edit("\n[env]", "clean = true\n\n[env]"),
    "clean first": edit("[claude]\n", "[claude]\nclean = true # all of it\n"),
    "clean without flags": lock_text(env={}, clean=True),
    "strict": lock_text(env=STRICT, clean=True),
    "a node": lock_text(runtime="node"),
    "a node of its own": lock_text(runtime="node", node="22.23.2"),
    "a node before the runtime": edit('runtime = "native"', 'node = "22.23.2" # so\nruntime = "node"'),
    "a node at the end": edit('runtime = "native"', 'runtime = "node"').replace("\n[env]", 'node = "22.23.2"\n\n[env]'),
    "an odd request": edit('request = "2.0.14"', 'request = ">=2.0,<3,!=2.0.*,~=2-"'),
    "a request like an option": edit('request = "2.0.14"', 'request = "-n"'),
    "a request like an operator": edit('request = "2.0.14"', 'request = "!"'),
    "an odd tail": GOOD.partition("[artifacts]\n")[0] + "[artifacts]\n<<<<<<< ours\n[artifacts]\nno = toml",
    "no tail": GOOD.partition("[artifacts]\n")[0] + "[artifacts]\n",
    "tail without newline": GOOD.rstrip("\n"),
    "blank lines of spaces": GOOD.replace("\n\n", "\n   \n"),
}

REFUSED = {
    "empty": "",
    "CRLF": GOOD.replace("\n", "\r\n"),
    "one CR": edit('runtime = "native"\n', 'runtime = "native"\r\n'),
    "cut before [artifacts]": GOOD.partition("[artifacts]")[0],
    "cut in [artifacts]": GOOD.partition("[artifacts]")[0] + "[artifacts]",
    "byte order mark": "\N{ZERO WIDTH NO-BREAK SPACE}" + GOOD,
    "conflict": edit("[claude]\n", "[claude]\n<<<<<<< ours\n"),
    "tab": edit('runtime = "native"', 'runtime =\t"native"'),
    "tab before": edit('runtime = "native"', '\truntime = "native"'),
    "no spaces": edit('runtime = "native"', 'runtime="native"'),
    "single quotes": edit('runtime = "native"', "runtime = 'native'"),
    "no quotes": edit('runtime = "native"', "runtime = native"),
    "one quote": edit('runtime = "native"', 'runtime = "native'),
    "quoted twice": edit('runtime = "native"', 'runtime = ""native""'),
    "other runtime": edit('runtime = "native"', 'runtime = "bash"'),
    "no runtime": edit('runtime = "native"\n', ""),
    "no version": edit('version = "2.0.14"\nrequest', "request"),
    "no request": edit('request = "2.0.14"\n', ""),
    "no digest": edit(f'digest = "sha256:{DIGEST}"\n', ""),
    "version twice": edit("[env]", 'version = "2.0.14"\n[env]'),
    "runtime twice": edit("[env]", 'runtime = "native"\n[env]'),
    "request twice": edit("[env]", 'request = "2.0.14"\n[env]'),
    "digest twice": edit("[env]", f'digest = "sha256:{DIGEST}"\n[env]'),
    "lock-version twice": edit("[claude]", "lock-version = 1\n[claude]"),
    "lock-version late": edit("lock-version = 1\n", "").replace("[claude]\n", "[claude]\nlock-version = 1\n"),
    "lock-version 2": edit("lock-version = 1", "lock-version = 2"),
    "lock-version quoted": edit("lock-version = 1", 'lock-version = "1"'),
    "lock-version 01": edit("lock-version = 1", "lock-version = 01"),
    "no lock-version": edit("lock-version = 1\n", ""),
    "lock-ver sion": edit("lock-version = 1", "lock-ver sion = 1"),
    "no [env]": edit("[env]\n", ""),
    "[env] twice": edit("[artifacts]", "[env]\n[artifacts]"),
    "[env] before [claude]": edit("[env]\n", "").replace("[claude]", "[env]\n[claude]"),
    "[artifacts] at once": edit("[claude]\n", "[artifacts]\n[claude]\n"),
    "[ env ]": edit("[env]", "[ env ]"),
    "[ENV]": edit("[env]", "[ENV]"),
    "[whole]": edit("[artifacts]", "[whole]"),
    "a table of ours": edit("[claude]", "lock"),
    "another table": edit("[env]", "[other]\n[env]"),
    "unknown key": edit("[env]", 'channel = "stable"\n[env]'),
    "words behind": edit('runtime = "native"', 'runtime = "native" "node"'),
    "value only": edit('runtime = "native"', 'runtime "native"'),
    "empty request": edit('request = "2.0.14"', 'request = ""'),
    "space in a request": edit('request = "2.0.14"', 'request = "2.0.14 || 1"'),
    "command in a request": edit('request = "2.0.14"', 'request = "$(touch${IFS}pwned)"'),
    "wide request": edit('request = "2.0.14"', 'request = "2.\N{DIGIT ZERO}\N{SUPERSCRIPT TWO}"'),
    "clean false": edit("\n[env]", "clean = false\n\n[env]"),
    "clean quoted": edit("\n[env]", 'clean = "true"\n\n[env]'),
    "clean 1": edit("\n[env]", "clean = 1\n\n[env]"),
    "clean True": edit("\n[env]", "clean = True\n\n[env]"),
    "clean twice": edit("\n[env]", "clean = true\nclean = true\n\n[env]"),
    "clean in [env]": edit("[env]\n", "[env]\nclean = true\n"),
    "clean on top": edit("lock-version = 1\n", "lock-version = 1\nclean = true\n"),
    "clean before all": edit("lock-version = 1\n", "clean = true\nlock-version = 1\n"),
    "clean and more": edit("\n[env]", "clean = true true\n\n[env]"),
    "a node for a native release": edit("\n[env]", 'node = "22.23.2"\n\n[env]'),
    "a node that is no version": lock_text(runtime="node", node="22"),
    "a node that is a path": lock_text(runtime="node", node="../../x"),
    "a node that is empty": lock_text(runtime="node").replace("\n[env]", 'node = ""\n\n[env]'),
    "a node without quotes": lock_text(runtime="node").replace("\n[env]", "node = 22.23.2\n\n[env]"),
    "a node twice": lock_text(runtime="node", node="22.23.2").replace("\n[env]", 'node = "22.23.2"\n\n[env]'),
    "a node in [env]": lock_text(runtime="node").replace("[env]\n", '[env]\nnode = "22.23.2"\n'),
    "a node on top": lock_text(runtime="node").replace("[claude]\n", 'node = "22.23.2"\n[claude]\n'),
    "flag off the list": edit("DISABLE_UPDATES", "NODE_OPTIONS"),
    "flag in small letters": edit("DISABLE_UPDATES", "disable_updates"),
    "two flags in one": edit("DISABLE_UPDATES", "DISABLE_TELEMETRY DISABLE_UPDATES"),
    "part of a flag": edit("DISABLE_UPDATES", "DISABLE_"),
    "pattern for a flag": edit("DISABLE_UPDATES", "DISABLE_*"),
    "flag with =": edit('DISABLE_UPDATES = "1"', 'DISABLE_UPDATES=1 = "1"'),
    "flag 0": edit('DISABLE_UPDATES = "1"', 'DISABLE_UPDATES = "0"'),
    "flag true": edit('DISABLE_UPDATES = "1"', "DISABLE_UPDATES = true"),
    "flag 1 bare": edit('DISABLE_UPDATES = "1"', "DISABLE_UPDATES = 1"),
    "flag empty": edit('DISABLE_UPDATES = "1"', 'DISABLE_UPDATES = ""'),
    "flag 11": edit('DISABLE_UPDATES = "1"', 'DISABLE_UPDATES = "11"'),
    "flag 1 1": edit('DISABLE_UPDATES = "1"', 'DISABLE_UPDATES = "1" "1"'),
    "flag twice": edit("[artifacts]", 'DISABLE_UPDATES = "1"\n[artifacts]'),
    "digest short": edit(f'"sha256:{DIGEST}"', f'"sha256:{DIGEST[1:]}"'),
    "digest long": edit(f'"sha256:{DIGEST}"', f'"sha256:{DIGEST}0"'),
    "digest upper": edit(f'"sha256:{DIGEST}"', f'"sha256:{DIGEST.upper()}"'),
    "digest of no hex": edit(f'"sha256:{DIGEST}"', f'"sha256:g{DIGEST[1:]}"'),
    "digest a path": edit(f'"sha256:{DIGEST}"', f'"sha256:{"../" * 21}."'),
    "digest of another kind": edit(f'"sha256:{DIGEST}"', f'"sha512:{DIGEST}"'),
    "digest without kind": edit(f'"sha256:{DIGEST}"', f'"{DIGEST}"'),
} | {
    f"version {version}": lock_text(version)
    for version in (
        "../../x", "2.0", "2.0.14.1", "2..14", ".0.14", "2.0.", "02.0.14", "2.00.14", "2.0.014", "2.0.14-beta",
        "2.0.x", "v2.0.14", "2.0.-1", "+2.0.14", "2.0.14/..", "*.*.*", "?.?.?", "", "2.0.1\N{SUPERSCRIPT TWO}",
        "12345678901234567.0.0",
    )
}  # fmt: skip


@two_shells
@pytest.mark.parametrize("kind", ACCEPTED)
def test_is_run(world: World, kind: str) -> None:
    text = ACCEPTED[kind].encode()
    head = read_head(text)
    assert head is not None
    world.lock(text)
    if head.runtime == "node":
        (world.use_own_node if head.node else world.use_node)(ACCEPTED[kind])
    expected = "pinned" if head.runtime == "native" else "own node" if head.node else "node"
    assert world.run().who == expected
    assert not list(world.root.rglob("pwned"))


@two_shells
@pytest.mark.parametrize("kind", REFUSED)
def test_is_handed_over(world: World, kind: str) -> None:
    text = REFUSED[kind].encode()
    assert read_head(text) is None
    world.lock(text)
    run = world.run("-p")
    assert (run.who, run.argv[6:], run.err) == ("python", [b"--", b"-p"], b"")
    assert not list(world.root.rglob("pwned"))


def test_all_of_them_at_once(shell: str, interpreter: str, tmp_path: Path) -> None:
    rows = {kind: text.encode() for kind, text in (ACCEPTED | REFUSED).items()}
    if shell == "yash":  # it drops what is not valid in the locale
        rows = {kind: text for kind, text in rows.items() if text.isascii()}
    (tmp_path / "locks").mkdir()
    folders = write_locks(tmp_path / "locks", list(rows.values()))
    answers = dict(zip(rows, read_in_sh(tmp_path / "sh", interpreter, folders), strict=True))
    assert answers == {kind: describe(read_head(text)) for kind, text in rows.items()}
    assert {kind for kind, answer in answers.items() if answer == HANDED_OVER} == rows.keys() & REFUSED.keys()
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.parametrize("version", ["0.0.0", "10.200.3000", "1.2.3", "1234567890123456.0.0"])
def test_versions(world: World, version: str) -> None:
    world.lock(lock_text(version))
    run = world.run()
    assert run.who == "python"  # not installed
    world.install(version)
    assert f"/{version}-" in world.run().call["file"]


@pytest.mark.parametrize("position", ["comment", "value", "tail"])
def test_a_very_long_line(world: World, position: str) -> None:
    long = "x" * (1 << 18)
    text = {
        "comment": f"# {long}\n" + GOOD,
        "value": edit('request = "2.0.14"', f'request = "{long}"'),
        "tail": GOOD + f"{long}\n",
    }[position]
    world.lock(text)
    assert world.run(timeout=30).who == "pinned"


def test_a_million_blank_lines(world: World) -> None:
    """Git packs them into nothing, and a shell reads them for minutes: Python is asked, which refuses by size."""
    world.lock("\n" * 1_000_000 + GOOD)
    run = world.run("-p", timeout=20)
    assert (run.code, run.who) == (0, "python"), run
    world.lock("\n" * 900 + GOOD)
    assert world.run("-p").who == "pinned"


def test_bytes_that_are_no_utf8(world: World, shell: str) -> None:
    if shell == "yash":
        pytest.skip("yash drops what is not valid in the locale")
    world.lock(b"# \xff\xfe\x80\n" + GOOD.encode())
    assert world.run().who == "pinned"
    world.lock(GOOD.encode().replace(b'"native"', b'"native\xff"'))
    assert world.run().who == "python"


@pytest.mark.parametrize("locale", ["C", "en_US.UTF-8", "tr_TR.UTF-8", "broken"])
def test_no_locale_changes_the_answer(world: World, locale: str) -> None:
    world.lock(lock_text(env=EVERY))
    run = world.run(env={"LC_ALL": locale})
    assert {name: run.env.get(name) for name in EVERY} == EVERY == run.flags
    world.lock(edit("DISABLE_UPDATES", "D\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}SABLE_UPDATES"))
    assert world.run(env={"LC_ALL": locale}).who == "python"
