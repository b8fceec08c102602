"""Which source serves: the first that can, never one that was found to lie, and never without saying so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from ccpin.errors import (
    BadArchive,
    BadKeyFile,
    BadManifest,
    BadSignature,
    BadSource,
    BadVariable,
    CcpinError,
    ChannelRefused,
    ChannelUnreachable,
    IntegrityMismatch,
    NodeMissing,
    NoRegistry,
    NoRoom,
    NotOnChannel,
    NotServed,
    Offline,
    RegistryDenied,
    RegistryUnreachable,
    SignatureMissing,
    TooYoung,
    Truncated,
    UnknownRelease,
    UnknownSigningKey,
    WrongVersionInside,
)
from ccpin.paths import Home
from ccpin.releases.configured import configured
from ccpin.releases.source import Source
from ccpin.releases.sources import Sources, only


class Place:
    """A source that says nothing but its name. `asked` counts how often."""

    def __init__(self, kind: str, error: CcpinError | None = None, notes: tuple[str, ...] = ()) -> None:
        self.kind, self.name, self.notes = kind, f"{kind}.example", notes
        self.error = error
        self.asked = 0

    def answer(self) -> str:
        self.asked += 1
        if self.error:
            raise self.error
        return self.kind


def ask(source: Source) -> str:
    return cast("Place", source).answer()


def sources(*places: Place) -> Sources:
    return Sources({place.kind: _maker(place) for place in places})


def _maker(place: Place) -> Callable[[], Source]:
    return lambda: cast("Source", place)


PASSED_OVER = [
    RegistryUnreachable(address="https://registry.example/", reason="refused"),
    RegistryDenied(address="a", status=401, reason="r", auth_line="l"),
    NoRegistry(files="f", npm="n", user_file="u"),
    Offline(address="a", unknown="u"),
    UnknownRelease(version="2.1.330", registry="r", nearest=""),
    ChannelUnreachable(address="https://channel.example", reason="refused"),
    ChannelRefused(address="a", status=403),
    NotOnChannel(what="Claude Code 2.1.330", address="a"),
    BadManifest(what="2.1.330", reason="r"),
    Truncated(what="it", reason="r"),
]
FATAL = [
    IntegrityMismatch(what="it", kind="sha256", expected="a", found="b"),
    BadArchive(what="it", reason="r"),
    WrongVersionInside(what="it", found="1", version="2"),
    BadSignature(scheme="raw", version="2.1.330", reason="r"),
    SignatureMissing(scheme="raw", version="2.1.330", since="2.1.207"),
    UnknownSigningKey(scheme="raw", version="2.1.330", key="k", path="p", get="g"),
    BadKeyFile(path="p", reason="r"),
    BadVariable(name="n", reason="r", example="e"),
    NodeMissing(version="2.0.14", engines=">=18"),
    TooYoung(version="2.1.330", reason="r"),
    NoRoom(path="p", reason="r"),
]


def by_code(error: CcpinError) -> str:
    return error.code


class TestOrder:
    def test_the_first_that_can(self) -> None:
        one, other = Place("npm"), Place("native")
        asked = sources(one, other)
        assert asked.first(ask) == "npm"
        assert (one.asked, other.asked) == (1, 0)
        assert asked.origin() == "from npm (npm.example)"

    def test_as_they_stand(self) -> None:
        assert sources(Place("native"), Place("npm")).first(ask) == "native"

    @pytest.mark.parametrize("error", PASSED_OVER, ids=by_code)
    def test_what_cannot_serve_is_passed_over_and_named(self, error: CcpinError) -> None:
        asked = sources(Place("npm", error), Place("native"))
        assert asked.first(ask) == "native"
        assert asked.origin() == f"from the native channel (native.example); npm: {error.message}"
        assert asked.failed == {"npm": error}

    def test_what_a_kind_of_source_cannot_have_is_no_news(self) -> None:
        cannot = NotServed(source="the native channel", what="2.0.14", reason="r")
        asked = sources(Place("native", cannot), Place("npm"))
        asked.first(ask)
        assert asked.origin() == "from npm (npm.example)"
        with pytest.raises(RegistryUnreachable) as raised:
            sources(Place("native", cannot), Place("npm", PASSED_OVER[0])).first(ask)
        assert raised.value.besides == ()
        with pytest.raises(NotServed):
            sources(Place("native", cannot)).first(ask)

    @pytest.mark.parametrize("error", FATAL, ids=by_code)
    def test_what_is_a_fault_never_is(self, error: CcpinError) -> None:
        other = Place("native")
        with pytest.raises(type(error)) as raised:
            sources(Place("npm", error), other).first(ask)
        assert raised.value is error
        assert other.asked == 0

    def test_nor_is_what_is_no_failure_that_ccpin_knows(self) -> None:
        def broken(source: Source) -> str:
            raise ZeroDivisionError

        other = Place("native")
        with pytest.raises(ZeroDivisionError):
            sources(Place("npm"), other).first(broken)
        assert other.asked == 0

    def test_all_failed(self) -> None:
        first, second, third = PASSED_OVER[0], PASSED_OVER[5], Truncated(what="it", reason="r")
        asked = sources(Place("npm", first), Place("native", second), Place("bundle", third))
        with pytest.raises(RegistryUnreachable) as raised:
            asked.first(ask)
        assert raised.value is first
        assert raised.value.besides == (second, third)
        assert asked.used is None
        assert asked.origin() == ""

    def test_only_one(self) -> None:
        place = Place("npm", PASSED_OVER[6])
        with pytest.raises(ChannelRefused) as raised:
            only(cast("Source", place)).first(ask)
        assert raised.value.besides == ()


class TestTwoQuestions:
    def test_each_begins_at_the_first(self) -> None:
        """One that lacks a release may still have the artifact of another."""
        one, other = Place("npm", UnknownRelease(version="2.1.330", registry="r", nearest="")), Place("native")
        asked = sources(one, other)
        assert asked.first(ask) == "native"
        one.error = None
        assert asked.first(ask) == "npm"
        assert asked.origin() == "from npm (npm.example)"

    @pytest.mark.parametrize("error", [PASSED_OVER[0], PASSED_OVER[2], PASSED_OVER[5]], ids=by_code)
    def test_one_that_was_not_reached_is_not_waited_for_again(self, error: CcpinError) -> None:
        one, other = Place("npm", error), Place("native")
        asked = sources(one, other)
        assert [asked.first(ask), asked.first(ask)] == ["native", "native"]
        assert (one.asked, other.asked) == (1, 2)
        assert asked.origin().endswith(f"; npm: {error.message}")

    def test_and_stands_among_those_that_failed(self) -> None:
        one, other = Place("npm", PASSED_OVER[0]), Place("native")
        asked = sources(one, other)
        asked.first(ask)
        other.error = PASSED_OVER[6]
        with pytest.raises(RegistryUnreachable) as raised:
            asked.first(ask)
        assert raised.value.besides == (other.error,)


def test_a_sentence_that_names_its_source_itself_is_not_introduced() -> None:
    asked = sources(Place("native", NotOnChannel(what="Claude Code 2.1.330", address="a")), Place("npm"))
    asked.first(ask)
    assert asked.origin() == "from npm (npm.example); the native channel has no Claude Code 2.1.330: a answered 404"


class TestLazily:
    def test_only_what_is_asked_is_made_and_once(self) -> None:
        made: list[str] = []

        def npm() -> Source:
            made.append("npm")
            return cast("Source", Place("npm"))

        def native() -> Source:
            raise AssertionError("nobody asked for this one")

        asked = Sources({"npm": npm, "native": native})
        assert made == []
        assert [asked.first(ask), asked.first(ask)] == ["npm", "npm"]
        assert made == ["npm"]

    def test_one_that_cannot_be_made_is_passed_over_too(self) -> None:
        def npm() -> Source:
            raise NoRegistry(files="f", npm="n", user_file="u")

        asked = Sources({"npm": npm, "native": _maker(Place("native"))})
        assert asked.first(ask) == "native"
        assert "npm: no npm registry is configured" in asked.origin()

    def test_notes_are_of_those_that_were_asked(self) -> None:
        asked = sources(Place("npm", PASSED_OVER[0], ("npm's",)), Place("native", None, ("native's",)), Place("bundle"))
        assert asked.notes() == ()
        asked.first(ask)
        assert asked.notes() == ("npm's", "native's")


class TestConfigured:
    """What a user says, and what is asked then; nothing here is ever reached."""

    @pytest.fixture
    def env(self, tmp_path: Path) -> dict[str, str]:
        channel, registry = "http://127.0.0.1:1/channel", "http://127.0.0.1:1/registry/"
        return {"HOME": str(tmp_path), "PATH": "", "CCPIN_CHANNEL": channel, "CCPIN_NPM_REGISTRY": registry}

    @pytest.fixture
    def home(self, tmp_path: Path) -> Home:
        (tmp_path / "ccpin").mkdir()
        return Home(str(tmp_path / "ccpin"))

    def kinds(
        self, env: dict[str, str], home: Home, source: str | None = None, registry: str | None = None
    ) -> list[str]:
        """In the order in which they are asked."""
        seen: list[str] = []

        def note(source: Source) -> str:
            seen.append(source.kind)
            raise UnknownRelease(version="1.0.0", registry="r", nearest="")

        with pytest.raises(UnknownRelease):
            configured(env, home, source=source, registry=registry).first(note)
        return seen

    @pytest.mark.parametrize(
        ("said", "order"),
        [
            (None, ["npm", "native"]),
            ("auto", ["npm", "native"]),
            ("npm", ["npm"]),
            ("native", ["native"]),
            ("native,npm", ["native", "npm"]),
        ],
    )
    def test_the_order(self, env: dict[str, str], home: Home, said: str | None, order: list[str]) -> None:
        assert self.kinds(env, home, said) == order
        if said:
            assert self.kinds({**env, "CCPIN_SOURCE": said}, home) == order
            Path(home.source).write_text(f"{said}\n")
            assert self.kinds(env, home) == order

    def test_the_option_before_the_variable_before_the_file(self, env: dict[str, str], home: Home) -> None:
        Path(home.source).write_text("native,npm\n")
        env["CCPIN_SOURCE"] = "native"
        assert self.kinds(env, home, "npm") == ["npm"]
        assert self.kinds(env, home) == ["native"]

    def test_a_registry_by_hand_means_npm_alone(self, env: dict[str, str], home: Home) -> None:
        env["CCPIN_SOURCE"] = "native"
        assert self.kinds(env, home, registry="http://127.0.0.1:1/") == ["npm"]
        assert self.kinds(env, home, "auto", registry="http://127.0.0.1:1/") == ["npm", "native"]

    @pytest.mark.parametrize("said", ["", "yarn", "npm,", "npm native", "npm,npm", "auto,npm", "bundle", "NPM"])
    def test_what_is_no_source(self, env: dict[str, str], home: Home, said: str) -> None:
        with pytest.raises(BadSource):
            configured(env, home, source=said)
        if said:
            with pytest.raises(BadVariable, match="CCPIN_SOURCE"):
                configured({**env, "CCPIN_SOURCE": said}, home)

    def test_where_they_are(self, env: dict[str, str], home: Home) -> None:
        for kind in ("npm", "native"):
            found = configured(env, home, source=kind).first(lambda source: source.name)
            assert found == {"npm": "http://127.0.0.1:1/registry/", "native": "http://127.0.0.1:1/channel"}[kind]

    def test_an_address_that_is_none_is_a_fault_when_it_is_needed(self, env: dict[str, str], home: Home) -> None:
        env["CCPIN_CHANNEL"] = "nonsense"
        assert configured(env, home).first(lambda source: source.kind) == "npm"
        with pytest.raises(BadVariable, match="CCPIN_CHANNEL"):
            configured(env, home, source="native").first(lambda source: source.kind)

    def test_a_key_file_that_is_none_is_a_fault_when_it_is_needed(self, env: dict[str, str], home: Home) -> None:
        Path(home.keys).mkdir()
        Path(home.keys, f"{'0' * 64}.pem").write_text("no key")
        assert configured(env, home).first(lambda source: source.kind) == "npm"
        native = configured(env, home, source="native")
        assert native.first(lambda source: source.kind) == "native"
        with pytest.raises(BadKeyFile):
            native.first(lambda source: source.resolve("2.1.330", "linux-x64", None))

    def test_offline_nobody_is_asked(self, env: dict[str, str], home: Home) -> None:
        with pytest.raises(Offline) as raised:
            configured(env, home, offline=True).first(lambda source: source.resolve("2.1.330", "linux-x64", None))
        assert [type(other) for other in raised.value.besides] == [Offline]
