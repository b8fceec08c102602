"""npm's configuration: read as npm reads it, and credentials for the address that they are written for only."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccpin.errors import BadCredentials, BadRegistryAddress, NoRegistry
from ccpin.releases.npmrc import NpmConfig, Said, absolute_path, places, read_config, registry_address

TABLE = r"""
plain = value
  indented   =   value with blanks
empty =
lone
double = "in quotes"
single = 'in quotes'
escaped = "a\"b\\c\u00e9"
not-json = "a\qb"
one-quote = "
unbalanced = "abc
mixed = 'abc"
comment-hash = value # comment
comment-semicolon = value;comment
kept-hash = a\#b\;c\\d\e
kept-both = a\\;b
trailing = abc\
equals = a=b=c
number = '5'
quoted-comment = "a # b"
variable = ${VALUE}/x
absent = ${ABSENT}/x
optional = ${ABSENT?}/x
empty-variable = ${EMPTY}/x
twice = ${VALUE}${VALUE}
unclosed = ${VALUE
escaped-variable = \${VALUE}
twice-escaped = \\${VALUE}
thrice-escaped = \\\${VALUE}
quoted-variable = "${VALUE}"
single-variable = '${VALUE}'
"quoted-key" = value
key-${VALUE} = value
; comment = value
  # comment2 = value
same = one
same = two
 [not-a-section]
after-that = value
[section]
plain = from a section
in-section = value
[]
in-empty = value
"""

EXPECTED = {
    "plain": "value",
    "indented": "value with blanks",
    "empty": "",
    "double": "in quotes",
    "single": "in quotes",
    "escaped": 'a"b\\cé',
    "not-json": '"a\\qb"',
    "one-quote": '"',
    "unbalanced": '"abc',
    "mixed": "'abc\"",
    "comment-hash": "value",
    "comment-semicolon": "value",
    "kept-hash": "a#b;c\\d\\e",
    "kept-both": "a\\",
    "trailing": "abc\\",
    "equals": "a=b=c",
    "number": "5",
    "quoted-comment": "a # b",
    "variable": "v1/x",
    "absent": "${ABSENT}/x",
    "optional": "/x",
    "empty-variable": "/x",
    "twice": "v1v1",
    "unclosed": "${VALUE",
    "escaped-variable": "${VALUE}",
    "twice-escaped": "${VALUE}",
    "thrice-escaped": "\\v1",
    "quoted-variable": "v1",
    "single-variable": "v1",
    "quoted-key": "value",
    "key-v1": "value",
    "same": "two",
    "after-that": "value",
}
ABSENT = ("comment", "comment2", "in-section", "in-empty", "; comment", "# comment2")
VARIABLES = {"VALUE": "v1", "EMPTY": ""}

TOKEN = "//registry.example/:_authToken"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "home").mkdir()
    return {"HOME": str(tmp_path / "home"), "PATH": "", **VARIABLES}


@pytest.fixture
def user_file(env: dict[str, str]) -> Path:
    return Path(env["HOME"], ".npmrc")


def config(**values: str) -> NpmConfig:
    return NpmConfig({key: Said(value, "a file") for key, value in values.items()}, ("a file",))


class TestFiles:
    def test_table(self, env: dict[str, str], user_file: Path) -> None:
        user_file.write_text(TABLE, encoding="utf-8")
        values = read_config(env).values
        assert {key: values[key].value for key in EXPECTED if key in values} == EXPECTED
        assert values["after-that"].place == f"{user_file}:{TABLE.splitlines().index('after-that = value') + 1}"
        assert not values.keys() & set(ABSENT)
        assert {values[key][1] for key in EXPECTED} == {str(user_file)}

    def test_table_as_npm_says_it(self, env: dict[str, str], user_file: Path) -> None:
        npm = shutil.which("npm", path="/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin")
        if npm is None:
            pytest.skip("no npm on this machine")
        user_file.write_text(TABLE, encoding="utf-8")
        keys = [*EXPECTED, *ABSENT[:4]]
        done = subprocess.run(
            [npm, "config", "get", *keys],
            env={**env, "PATH": f"{os.path.dirname(npm)}:/usr/bin:/bin"},
            cwd=env["HOME"], capture_output=True, encoding="utf-8", timeout=60, check=True,
        )  # fmt: skip
        said = dict(line.split("=", 1) for line in done.stdout.splitlines())
        assert {key: said[key] for key in EXPECTED} == EXPECTED
        assert {said[key] for key in ABSENT[:4]} == {"undefined"}

    @pytest.mark.parametrize("end", ["\r\n", "\r", "\n\n\r\n"])
    def test_line_ends(self, env: dict[str, str], user_file: Path, end: str) -> None:
        user_file.write_bytes(f"a = 1{end}b = 2\x0b\x85{end}".encode())
        values = read_config(env).values
        assert values["a"][0] == "1"
        assert values["b"][0].startswith("2")

    def test_lists(self, env: dict[str, str], user_file: Path) -> None:
        user_file.write_text('ca[] = "one\\nline"\nca[] = two\nother[] = three\n[] = four\n')
        values = read_config(env).values
        assert values["ca"] == Said("one\nline\n\ntwo", str(user_file), 2, rank=1)
        assert values["other"].value == "three"

    def test_bytes_that_are_no_text_and_a_byte_order_mark(self, env: dict[str, str], user_file: Path) -> None:
        user_file.write_bytes(b"\xef\xbb\xbfregistry = http://registry.example\n\xff\xfe\0 = \xff\n[[[=]]]\n=\n")
        assert registry_address(read_config(env), env)[0] == "http://registry.example/"

    def test_a_folder_or_a_name_that_cannot_be(self, env: dict[str, str], user_file: Path) -> None:
        user_file.mkdir()
        assert read_config(env).values == {}
        user_file.rmdir()
        user_file.write_bytes(b"globalconfig = /a\0b\n")
        assert "globalconfig" in read_config(env).values


class TestPlaces:
    def test_environment_then_user_then_global(self, env: dict[str, str], user_file: Path, tmp_path: Path) -> None:
        global_file = tmp_path / "global"
        global_file.write_text("a = global\nb = global\nc = global\n")
        user_file.write_text(f"b = user\nc = user\nglobalconfig = {global_file}\n")
        env["npm_config_c"] = "environment"
        found = read_config(env)
        assert [found.values[key] for key in "abc"] == [
            Said("global", str(global_file), 1, rank=2),
            Said("user", str(user_file), 1, rank=1),
            Said("environment", "npm_config_c"),
        ]
        assert [found.values[key].place for key in "bc"] == [f"{user_file}:1", "npm_config_c"]
        assert found.files == (str(user_file), str(global_file))

    @pytest.mark.parametrize(
        ("name", "key"),
        [
            ("npm_config_registry", "registry"),
            ("NPM_CONFIG_REGISTRY", "registry"),
            ("npm_config_strict_ssl", "strict-ssl"),
            ("npm_config__auth", "_auth"),
            ("npm_config_@anthropic-ai:registry", "@anthropic-ai:registry"),
            ("NPM_CONFIG_@ANTHROPIC_AI:REGISTRY", "@anthropic-ai:registry"),
            (f"npm_config_{TOKEN}", TOKEN),
            ("npm_config_//h/a_b/:_authToken", "//h/a_b/:_authToken"),
        ],
    )
    def test_names_in_the_environment(self, env: dict[str, str], name: str, key: str) -> None:
        env[name] = " x${VALUE} "
        assert read_config(env).values == {key: Said("xv1", name)}

    @pytest.mark.parametrize("name", ["npm_config_", "npm_configregistry", "xnpm_config_registry"])
    def test_other_names(self, env: dict[str, str], name: str) -> None:
        env[name] = "x"
        assert read_config(env).values == {}

    def test_an_empty_variable_says_nothing(self, env: dict[str, str], user_file: Path) -> None:
        user_file.write_text("registry = http://registry.example/a\n")
        env["NPM_CONFIG_REGISTRY"] = ""
        assert registry_address(read_config(env), env)[0] == "http://registry.example/a/"

    @pytest.mark.parametrize("said", ["{home}/other", "~/other", "other", "./x/../other"])
    def test_userconfig(self, env: dict[str, str], said: str) -> None:
        Path(env["HOME"], "other").write_text("a = 1\n")
        env["NPM_CONFIG_USERCONFIG"] = said.format(home=env["HOME"])
        assert read_config(env).values["a"][1] == os.path.join(env["HOME"], "other")

    def test_a_clone_s_file_is_never_read(
        self, env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Neither by itself, nor by a relative name in the environment, nor as what `~` could mean."""
        clone = tmp_path / "clone"
        (clone / "etc").mkdir(parents=True)
        for name in (".npmrc", "etc/npmrc", "npmrc"):
            (clone / name).write_text("registry = http://hostile.example/\n")
        monkeypatch.chdir(clone)
        for name, value in (
            ("NPM_CONFIG_USERCONFIG", ".npmrc"),
            ("NPM_CONFIG_GLOBALCONFIG", "npmrc"),
            ("NPM_CONFIG_PREFIX", "."),
            ("PREFIX", "."),
        ):
            assert "registry" not in read_config({**env, name: value}).values

    def test_prefix(self, env: dict[str, str], user_file: Path, tmp_path: Path) -> None:
        for number, name in enumerate(("one", "two", "three", "four")):
            (tmp_path / name / "etc").mkdir(parents=True)
            (tmp_path / name / "etc/npmrc").write_text(f"a = {number}\n")
        (tmp_path / "four/bin").mkdir()
        node = tmp_path / "four/bin/node"
        node.write_text("")
        node.chmod(0o755)
        links = tmp_path / "links"
        links.mkdir()
        (links / "node").symlink_to(node)
        env["PATH"] = f".:{links}"
        assert read_config(env).values["a"][0] == "3"
        env["PREFIX"] = str(tmp_path / "three")
        assert read_config(env).values["a"][0] == "2"
        user_file.write_text(f"prefix = {tmp_path}/two\n")
        assert read_config(env).values["a"][0] == "1"
        env["npm_config_prefix"] = str(tmp_path / "one")
        assert read_config(env).values["a"][0] == "0"

    def test_npm_s_own_file_says_where_the_global_one_is(self, env: dict[str, str], tmp_path: Path) -> None:
        """As Homebrew installs it: Node's folder is not the prefix."""
        program = tmp_path / "lib/npm/bin/npm-cli.js"
        program.parent.mkdir(parents=True)
        program.write_text("")
        program.chmod(0o755)
        (tmp_path / "lib/npm/npmrc").write_text(f"prefix = {tmp_path}/brew\na = own\nb = own\n")
        (tmp_path / "brew/etc").mkdir(parents=True)
        (tmp_path / "brew/etc/npmrc").write_text("b = global\n")
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin/npm").symlink_to(program)
        env["PATH"] = str(tmp_path / "bin")
        values = read_config(env).values
        assert (values["a"][0], values["b"][0]) == ("own", "global")
        (tmp_path / "bin/npm").unlink()
        shutil.copy(program, tmp_path / "bin/npm")  # a wrapper: what stands beside it is not npm's
        (tmp_path / "npmrc").write_text("a = no\n")
        assert read_config(env).values == {}


class TestAddress:
    def test_order(self, env: dict[str, str]) -> None:
        both = config(**{"registry": "http://a.example", "@anthropic-ai:registry": "http://b.example/x/"})
        assert registry_address(both, env) == ("http://b.example/x/", "@anthropic-ai:registry in a file")
        assert registry_address(config(registry="http://a.example"), env)[0] == "http://a.example/"
        env["CCPIN_NPM_REGISTRY"] = "http://c.example"
        assert registry_address(both, env) == ("http://c.example/", "CCPIN_NPM_REGISTRY")
        assert registry_address(both, env, "http://d.example?x#y") == ("http://d.example/", "--registry")

    @pytest.mark.parametrize(
        "address",
        ["x", "ftp://h/", "file:///etc", "http://", "http:///x", "http://h:x/", "http://[/", "http://h /", "https://h\n",
         "//h/", "http://h:99999/", "http://h/\u202e", "javascript:x"],
    )  # fmt: skip
    def test_refused(self, env: dict[str, str], address: str) -> None:
        with pytest.raises(BadRegistryAddress) as raised:
            registry_address(config(), env, address)
        assert raised.value.where == "--registry"

    def test_none(self, env: dict[str, str], user_file: Path) -> None:
        with pytest.raises(NoRegistry) as raised:
            registry_address(read_config(env), env)
        assert "is not on PATH" in raised.value.message
        assert str(user_file) in raised.value.hint

    @pytest.mark.parametrize(
        ("script", "found"),
        [
            ("echo a warning; echo http://registry.example/npm", "http://registry.example/npm/"),
            ("echo undefined", None),
            ("exit 1", None),
            ("echo http://registry.example; exit 1", None),
            ("printf '\\377\\376'", BadRegistryAddress),
            ("exit 0", None),
            ("not a program", None),
        ],
    )
    def test_npm_is_asked_last(
        self, env: dict[str, str], tmp_path: Path, script: str, found: str | type[Exception] | None
    ) -> None:
        npm = tmp_path / "npm"
        npm.write_text(("" if script.startswith("not") else "#!/bin/sh\n") + script + "\n")
        npm.chmod(0o755)
        env["PATH"] = str(tmp_path)
        if isinstance(found, str):
            assert registry_address(read_config(env), env) == (found, "npm config get registry")
        else:
            with pytest.raises(found or NoRegistry):
                registry_address(read_config(env), env)

    def test_npm_is_asked_from_the_home_folder_and_not_from_the_clone_s_path(
        self, env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clone = tmp_path / "clone"
        (clone / "bin").mkdir(parents=True)
        for place, answer in (
            (tmp_path / "npm", "http://registry.example$PWD"),
            (clone / "bin/npm", "http://no.example"),
        ):
            place.write_text(f"#!/bin/sh\necho {answer}\n")
            place.chmod(0o755)
        monkeypatch.chdir(clone)
        env["PATH"] = f"bin::.:{tmp_path}"
        assert registry_address(read_config(env), env)[0] == f"http://registry.example{env['HOME']}/"
        assert absolute_path({"PATH": "bin::.:/usr/bin:../x"}) == "/usr/bin"


class TestCredentials:
    def test_the_longest_path_counts(self) -> None:
        found = config(
            **{
                "//h.example/:_authToken": "whole",
                "//h.example/team/:_authToken": "team",
                "//h.example/team/npm:_authToken": "npm",
                "//h.example:8443/:_authToken": "port",
            }
        )
        for address, token in (
            ("https://h.example/", "whole"),
            ("https://h.example", "whole"),
            ("https://h.example/other/x.tgz", "whole"),
            ("https://h.example/teams/x", "whole"),
            ("https://h.example/team", "whole"),
            ("https://h.example/team/", "team"),
            ("https://h.example/team/x", "team"),
            ("https://h.example/team/npm", "npm"),
            ("https://h.example/team/npm/@anthropic-ai%2fclaude-code/2.0.14", "npm"),
            ("https://h.example/team/npms", "team"),
            ("https://h.example:8443/team/npm/", "port"),
            ("https://H.Example:443/team/npm/x", "npm"),
            ("http://h.example:80/x", "whole"),
            ("https://h.example/x?y=/team/npm/", "whole"),
        ):
            assert found.authorization(address) == f"Bearer {token}", address

    @pytest.mark.parametrize(
        "address",
        [
            "https://other.example/team/",
            "https://h.example.other.example/",
            "https://xh.example/",
            "https://h.example@other.example/",
            "https://other.example/https://h.example/",
            "https://other.example//h.example/",
            "https://h.example:8443/",
            "http://h.example:443/",
            "https://h.example/team/../other/x",
            "https://h.example/team/%2e%2e/other/x",
            "https://h.example/team/%2E./x",
            "https://h.example/other/",
            "https://h.example/",
        ],
    )
    def test_no_other_address_gets_any(self, address: str) -> None:
        assert config(**{"//h.example/team/:_authToken": "secret"}).authorization(address) is None

    def test_kinds(self) -> None:
        password = base64.b64encode(b"pass:word").decode()
        basic = "Basic " + base64.b64encode(b"me:pass:word").decode()
        for values, header in (
            ({"_auth": "abc="}, "Basic abc="),
            ({"username": "me", "_password": password}, basic),
            ({"username": "me", "_password": password.rstrip("=")}, basic),
            ({"username": "me"}, None),
            ({"_password": password}, None),
            ({"_authToken": "t", "_auth": "abc=", "username": "me", "_password": password}, "Bearer t"),
            ({"_authToken": "", "_auth": "abc="}, "Basic abc="),
            ({"_authToken": "t\n"}, "Bearer t"),
        ):
            found = config(**{f"//h.example/:{key}": value for key, value in values.items()})
            assert found.authorization("https://h.example/x") == header

    def test_a_key_without_an_address_is_for_none(self) -> None:
        assert config(_authToken="secret", _auth="c2VjcmV0").authorization("https://h.example/") is None

    @pytest.mark.parametrize("token", ["sec\nret", "sec\r\nX-Other: ret", "sec\x00ret", "secrét", "sec\tret"])
    def test_what_no_header_can_carry_is_said_without_saying_it(self, token: str) -> None:
        with pytest.raises(BadCredentials) as raised:
            config(**{TOKEN: token}).authorization("https://registry.example/x")
        assert "//registry.example/" in str(raised.value)
        assert "sec" not in f"{raised.value} {raised.value.hint}"

    def test_a_password_that_is_not_base64(self) -> None:
        found = config(**{"//h.example/:username": "me", "//h.example/:_password": "s3cret!"})
        with pytest.raises(BadCredentials) as raised:
            found.authorization("https://h.example/x")
        assert "s3cret" not in str(raised.value)

    def test_from_a_file_with_the_token_in_a_variable(self, env: dict[str, str], user_file: Path) -> None:
        user_file.write_text(f"{TOKEN} = ${{NPM_TOKEN}}\n")
        env["NPM_TOKEN"] = "abc"
        assert read_config(env).authorization("https://registry.example/x") == "Bearer abc"

    def test_an_address_longer_than_any_key_gets_none_and_takes_no_time(self, env: dict[str, str]) -> None:
        """A registry names the addresses of tarballs, and each has as many places as slashes."""
        env["npm_config_//registry.example/:_authToken"] = "abc"
        config = read_config(env)
        began = time.process_time()
        assert config.authorization("https://registry.example/" + "a/" * 1_000_000) is None
        assert config.authorization("https://registry.example/" + "a" * 2_000_000) is None
        assert config.authorization("https://registry.example/" + "a/" * 2_000) == "Bearer abc"
        assert time.process_time() - began < 2


def test_places_are_those_of_npm() -> None:
    def by_npm(place: str) -> Iterator[str]:
        while len(place) > 2:
            yield place
            place = re.sub(r"([^/]+|/)$", "", place)

    for path in ("", "/", "/a", "/a/", "//a//b", "/a/b/c.tgz", "/%2f/x", "///"):
        assert list(places(f"https://h.example{path}")) == list(by_npm(f"//h.example{path or '/'}"))
