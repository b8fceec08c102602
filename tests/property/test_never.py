"""No lock leads to a launch with a name off the table, however the lock is written.

The names that no lock may set are in tests/pinning/never_names.txt. Each is refused by name and line; and of ten
thousand locks with such names in them, in all the ways that TOML has to write a key, none is launched with one.
FUZZ_NEVER and FUZZ_SEED ask for more of them, or others.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from ccpin.errors import CcpinError, FlagRefused, LockError
from ccpin.paths import Home
from ccpin.pinning import flags, lock
from ccpin.pinning.find import read_pin
from ccpin.pinning.flags import Cleared, Words
from ccpin.pinning.head import Head, read_head
from tests.fakes import pythons
from tests.pinning import locks as usual
from tests.shims.reading import HANDED_OVER, describe, read_in_sh, write_locks
from tests.shims.values import fitting
from tests.shims.world import World, require

TEXTS = int(os.environ.get("FUZZ_NEVER", "10000"))
SEED = int(os.environ.get("FUZZ_SEED", "20"))
SHARES = {"dash": 0.2, "bash": 0.1}
NEVER = (Path(__file__).parents[1] / "pinning" / "never_names.txt").read_text().split()
OFF = (("off",), ("false",))
OFF_THE_TABLE = [name for name in NEVER if name not in flags.TABLE]


def test_the_names_are_many() -> None:
    assert len(OFF_THE_TABLE) > 300
    assert sorted(set(NEVER)) == NEVER
    assert {"ANTHROPIC_BASE_URL", "NODE_OPTIONS", "PATH", "LD_PRELOAD", "CLAUDE_CONFIG_DIR"} <= set(OFF_THE_TABLE)


def test_those_of_the_table_only_turn_something_off_or_are_taken_away() -> None:
    held = [name for name in NEVER if name in flags.TABLE]
    assert len(held) > 10
    for name in held:
        kind = flags.TABLE[name].kind
        off = isinstance(kind, Words) and (kind.words in OFF or (kind.words == ("1",) and "DISABLE" in name))
        assert off or isinstance(kind, Cleared), name


# --- every name, by itself --------------------------------------------------------------------------


def written(name: str, value: str = '"1"') -> tuple[bytes, int]:
    """A lock that sets `name`, and the line where it does."""
    key = name if name.replace("_", "").isalnum() else f'"{name}"'
    text = lock.render(usual.native()).replace("[env]\n", f"[env]\n{key} = {value}\n")
    return text.encode(), text[: text.index("[env]\n")].count("\n") + 2


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox", "mksh", "zsh", "ksh", "yash"])
def test_the_shim_hands_every_one_over(tmp_path: Path, shell: str) -> None:
    texts = [written(name)[0] for name in OFF_THE_TABLE]
    (tmp_path / "locks").mkdir()
    folders = write_locks(tmp_path / "locks", [*texts, lock.render(usual.native()).encode()])
    *answers, valid = read_in_sh(tmp_path / "sh", require(shell), folders)
    assert set(answers) == {HANDED_OVER}
    assert valid != HANDED_OVER


@pytest.mark.parametrize("value", ['"1"', '""', "true", "'opus'"])
def test_python_refuses_every_one_by_name_and_line(tmp_path: Path, value: str) -> None:
    path = tmp_path / ".ccpin.lock"
    for name in OFF_THE_TABLE:
        text, line = written(name, value)
        path.write_bytes(text)
        with pytest.raises(FlagRefused) as raised:
            read_pin(Home(str(tmp_path / "home")), str(path), "lock")
        assert (raised.value.where, raised.value.launch_code) == (f"{path}:{line}", 126)
        assert f"`{name}`" in raised.value.message


@pytest.mark.parametrize("name", ["ANTHROPIC_BASE_URL", "PATH", "NODE_OPTIONS", "PROGRAMFILES(X86)"])
def test_the_launch_ends_with_126_and_says_where(tmp_path: Path, name: str) -> None:
    world = World(tmp_path / "world")
    world.furnish()
    world.render(python=Path(pythons.with_ccpin()))
    text, line = written(name)
    path = world.lock(text)
    run = world.run("-p", "hi")
    assert (run.code, run.out) == (126, b"")
    assert run.err.startswith(f"ccpin: {path}:{line}: `{name}` ".encode())


# --- ten thousand locks -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def texts() -> list[bytes]:
    source = random.Random(SEED)
    return [mutated(source) for _ in range(TEXTS)]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, texts: list[bytes]) -> list[Path]:
    return write_locks(tmp_path_factory.mktemp("locks"), texts[: int(len(texts) * max(SHARES.values()))])


def launched(text: bytes) -> Head | None:
    """What Python launches of it: the way of `read_pin`, without the file."""
    head = read_head(text)
    if head is None:
        try:
            head = lock.parse(text, "lock").head()
        except LockError:
            return None
    return head


def require_harmless(head: Head, text: bytes) -> None:
    for name, value in head.env.items():
        assert name in flags.TABLE, text
        assert not flags.problem(name, value), text
        assert not isinstance(flags.TABLE[name].kind, Cleared), text


def test_python_launches_nothing_off_the_table(texts: list[bytes]) -> None:
    heads = [launched(text) for text in texts]
    for head, text in zip(heads, texts, strict=True):
        if head is not None:
            require_harmless(head, text)
    share = sum(head is not None for head in heads) / len(heads)
    assert 0.1 < share < 0.6  # some of the names end up in comments, in other tables, or in place of a valid value
    assert any(head and read_head(text) is None for head, text in zip(heads, texts, strict=True))  # by TOML alone


@pytest.mark.parametrize("shell", SHARES)
def test_nor_does_the_shim(tmp_path: Path, texts: list[bytes], folders: list[Path], shell: str) -> None:
    count = int(len(texts) * SHARES[shell])
    answers = read_in_sh(tmp_path / "sh", require(shell), folders[:count])
    for answer, text in zip(answers, texts[:count], strict=True):
        head = read_head(text)
        assert answer == describe(head), text
        if answer != HANDED_OVER:
            for flag in answer.split(" ")[6:]:
                assert flag.partition("=")[0] in flags.TABLE, text
    assert sum(answer != HANDED_OVER for answer in answers) > count / 20


def test_every_refusal_names_a_line(texts: list[bytes]) -> None:
    """A lock that is refused for a name says so, and where; `where` was the file's name."""
    refused = 0
    for text in texts[: TEXTS // 5]:
        if read_head(text) is not None:
            continue
        try:
            lock.parse(text, "lock")
        except FlagRefused as error:
            place, _, line = (error.where or "").partition(":")
            assert place == "lock"
            assert 0 < int(line) <= text.count(b"\n") + 1, text
            refused += 1
        except CcpinError:
            pass
    assert refused > TEXTS / 50


def mutated(source: random.Random) -> bytes:
    """A valid lock of some profile, with a name that no lock may set put into it in one way or several."""
    profile = flags.PROFILES[source.choice(("strict", "default", "none"))]
    whole = usual.native()
    made = lock.Lock(whole.version, whole.request, "native", whole.artifacts, profile.env, profile.clean)
    text = lock.render(made)
    for _ in range(source.choice((1, 1, 1, 2, 3))):
        text = source.choice(MUTATIONS)(source, text)
    return text.encode("utf-8", "replace")


def _name(source: random.Random) -> str:
    return source.choice(OFF_THE_TABLE)


def _value(source: random.Random) -> str:
    return source.choice(
        ('"1"', '"0"', '"off"', '"http://x/"', "'1'", "1", "true", '"""1"""', '""', "[]", "{}", '"opus"')
    )


def _key(source: random.Random) -> str:
    """The name as TOML may write a key."""
    name = _name(source)
    place = source.randrange(len(name))
    code = f"\\u{ord(name[place]):04x}" if source.random() < 0.5 else f"\\U{ord(name[place]):08X}"
    escaped = f'"{name[:place]}{code}{name[place + 1 :]}"'
    return source.choice((name, name, f'"{name}"', f"'{name}'", escaped, f'"{name} "', f"{name}\t", name.lower()))


def _in_env(source: random.Random, text: str) -> str:
    """A line in [env], first, in the middle or last."""
    line = f"{_key(source)}{source.choice((' = ', ' = ', '=', ' =', '= ', '  =  '))}{_value(source)}"
    line += source.choice(("", "", " # harmless", "\r", " "))
    head, mark, rest = text.partition("[env]\n")
    lines = rest.split("\n")
    end = lines.index("") if "" in lines else len(lines)
    lines.insert(source.randrange(end + 1), line)
    return head + mark + "\n".join(lines)


def _dotted(source: random.Random, text: str) -> str:
    """The same as a dotted key, or an inline table, before the tables."""
    name, value = _key(source), _value(source)
    line = source.choice(
        (f"env.{name} = {value}", f'"env".{name} = {value}', f"env = {{ {name} = {value} }}", f"env . {name} = {value}")
    )
    if source.random() < 0.5:
        text = text.replace("[env]\n", "")
    return text.replace("lock-version = 1\n", f"lock-version = 1\n{line}\n")


def _within(source: random.Random, text: str) -> str:
    """A table within [env], or another table of that name."""
    table = source.choice(
        ("[env.x]", "[[env]]", "[env]", '["env"]', "[ env ]", "['env']", '["\\u0065nv"]', "[env ]", "[ENV]")
    )
    block = f"{table}\n{_key(source)} = {_value(source)}\n"
    place = source.choice(("[env]\n", "[artifacts]\n", "[claude]\n"))
    if source.random() < 0.4:
        return text.replace("[env]\n", block)
    return text.replace(place, block + place) if source.random() < 0.5 else text + block


def _elsewhere(source: random.Random, text: str) -> str:
    """In a comment, in another table, or behind a value: where it does no harm, or breaks the lock."""
    name, value = _name(source), _value(source)
    return source.choice(
        (
            text.replace("[env]\n", f"[env] # {name} = {value}\n"),
            text.replace("[env]\n", f"# {name} = {value}\n[env]\n"),
            text.replace("\n\n[env]", f"\n{name} = {value}\n\n[env]"),
            text.replace("\n\n[env]", f"\n\n[other]\n{name} = {value}\n\n[env]"),
            text.replace('runtime = "native"', f'runtime = "native" {name} = {value}'),
            text.replace('runtime = "native"', f'runtime = "native"\r{name} = {value}'),
            text.replace("[artifacts]\n", f"[artifacts]\n{name} = {value}\n"),
        )
    )


def _instead(source: random.Random, text: str) -> str:
    """In place of a flag's name, joined to it, or as its value."""
    held = [line for line in text.split("\n") if line.partition(" = ")[0] in flags.TABLE]
    if not held:
        return _in_env(source, text)
    line = source.choice(held)
    flag, _, value = line.partition(" = ")
    name = _name(source)
    return text.replace(
        line,
        source.choice(
            (
                f"{name} = {value}",
                f'{flag} = "{name}"',
                f'{flag} = "1 {name}=1"',
                f'{flag} = "1\\n{name}=1"',
                f'{flag} = """1\n{name} = 1"""',
                f"{flag}={value}\n{name}={value}",
                f"{flag}.{name} = {value}",
                f"{flag} = {value} {name} = {value}",
                f"{line}\r{name} = {value}",
                f"{line}\f{name} = {value}",
                f"{line}\u2028{name} = {value}",
                f"{flag}={name} = {value}",
            )
        ),
        1,
    )


def _harmless(source: random.Random, text: str) -> str:
    """Another flag of the table, so that enough locks stay valid."""
    name = source.choice([name for name, flag in flags.TABLE.items() if fitting(flag) and f"\n{name} =" not in text])
    return text.replace("[env]\n", f'[env]\n{name} = "{source.choice(fitting(flags.TABLE[name]))}"\n')


def _whole(source: random.Random, text: str) -> str:
    return source.choice((text.replace("\n", "\r\n"), "\ufeff" + text, text + text, text.replace(" = ", "=")))


MUTATIONS: list[Callable[[random.Random, str], str]] = [
    _in_env, _in_env, _dotted, _within, _elsewhere, _elsewhere, _instead, _instead, _harmless, _whole,
]  # fmt: skip
