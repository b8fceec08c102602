"""What servers should not say: registries, the manifest in npm's package, the native channel, and HTTP itself."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ccpin import platforms
from tests.fakes import faults
from tests.fakes.packages import sdk_package
from tests.hostile.rude import Bytes, for_ever, once
from tests.hostile.scene import Scene

PACKAGE = "/@anthropic-ai/claude-code"
RELEASE = f"{PACKAGE}/2.0.14"
MANIFEST = "/2.1.330/manifest.json"
HERE = platforms.current()
NPM = ("--source", "npm")

REGISTRY = ("not-a-registry", "registry-unreachable", "registry-failed", "bad-registry-address")
METADATA = ("bad-metadata",)
_UNREACHABLE = ("registry-unreachable",)
_NOT_ONE = ("not-a-registry",)
_FAILED = ("registry-failed",)
CHANNEL = ("not-a-channel", "channel-unreachable", "channel-failed", "bad-manifest")
BODY = ("bad-archive", "truncated", "integrity-mismatch")
SIGNED = ("bad-signature", "unknown-signing-key")


@dataclass(frozen=True)
class Document:
    """`args` is the command, and `put` what goes before it; `names` is what the message must say, as a pattern.
    `rude` is a server in the place of the registry, or of the tarball's."""

    name: str
    codes: tuple[str, ...]
    names: str
    args: tuple[str, ...] = ("use", "2.0.14", *NPM)
    put: Callable[[Scene], None] = lambda scene: None
    rude: Bytes | None = None
    rude_at: str = "registry"


def _registry(path: str, *some: faults.Fault) -> Callable[[Scene], None]:
    return lambda scene: scene.registry.fault(path, *some)


def _channel(path: str, *some: faults.Fault) -> Callable[[Scene], None]:
    return lambda scene: scene.channel.fault(path, *some)


def _says(name: str, body: bytes, names: str, codes: tuple[str, ...] = REGISTRY, path: str = RELEASE) -> Document:
    """The registry's document is this one."""
    return Document(name, codes, names, put=_registry(path, faults.other_bytes(body)))


def _dist(name: str, names: str, codes: tuple[str, ...] = METADATA, **dist: Any) -> Document:
    """The release's document has this `dist`."""
    said = json.dumps({"name": PACKAGE[1:], "version": "2.0.14", "bin": {"claude": "cli.js"}, "dist": dist})
    return _says(name, said.encode(), names, codes)


def _tags(
    name: str, names: str, codes: tuple[str, ...], *, spec: str = "latest", tags: Any = None, **changes: Any
) -> Document:
    """The whole package's document is changed, and it has to say what `spec` means."""

    def put(scene: Scene) -> None:
        said = scene.upstream.packument(PACKAGE[1:], scene.registry.url) or {}
        scene.registry.fault(PACKAGE, faults.json_body({**said, **({"dist-tags": tags} if tags else {}), **changes}))

    return Document(name, codes, names, ("use", spec, *NPM), put)


def _manifest(
    name: str, names: str, said: Callable[[dict[str, Any]], Any], codes: tuple[str, ...] = METADATA
) -> Document:
    """The manifest in npm's package of the SDK is what `said` makes of the right one: JSON, or the bytes."""

    def put(scene: Scene) -> None:
        package = scene.upstream.sdk("2.1.330")
        made = said(json.loads(package.file("package/manifest.json")))
        if isinstance(made, bytes):
            info, _ = package.entries[0]
            info.size = len(made)
            scene.upstream.change(package, entries=((info, made), *package.entries[1:]))
        else:
            scene.upstream.add(sdk_package("2.1.330", made))

    return Document(name, codes, names, ("use", "2.1.330", *NPM), put)


def _platform(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    """A manifest in which the line of this machine is changed."""
    return lambda said: {**said, "platforms": {**said["platforms"], HERE: {**said["platforms"][HERE], **changes}}}


def _native(
    name: str, path: str, names: str, codes: tuple[str, ...], *some: faults.Fault, spec: str = "2.1.330"
) -> Document:
    """The native channel says this."""
    return Document(name, codes, names, ("use", spec, "--source", "native"), _channel(path, *some))


def _sidecar(name: str, names: str, **changes: Any) -> Document:
    """The raw signature's file, with changes."""

    def put(scene: Scene) -> None:
        served = scene.channel._served(MANIFEST)
        assert served is not None
        assert scene.channel.raw is not None
        scene.channel.put(f"{MANIFEST}.raw-sig.json", scene.channel.raw.sidecar(served, **changes))

    return Document(name, SIGNED, names, ("use", "2.1.330", "--source", "native"), put)


def _rude(name: str, say: Bytes, names: str, codes: tuple[str, ...]) -> Document:
    return Document(name, codes, names, rude=say)


def _bomb(kind: str) -> bytes:
    """200 MB of blanks, in the coding of this name."""
    if kind == "zstd":
        import zstandard

        return zstandard.ZstdCompressor(level=1).compress(b" " * (200 << 20))
    packer = zlib.compressobj(9, wbits=31 if kind == "gzip" else 15)
    return packer.compress(b" " * (200 << 20)) + packer.flush()


def _tarball(name: str, say: Bytes, names: str, codes: tuple[str, ...]) -> Document:
    """The tarball's server is rude."""
    return Document(name, codes, names, rude=say, rude_at="tarball")


def _coded(coding: str, body: Callable[[], bytes]) -> Bytes:
    def say() -> tuple[bytes, bytes]:
        data = body()
        return _OK + f"Content-Encoding: {coding}\r\nContent-Length: {len(data)}\r\n\r\n".encode(), data

    return say


def _layers(count: int) -> bytes:
    data = b'{"version": "2.0.14"}'
    for _ in range(count):
        data = gzip.compress(data)
    return data


_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
_GOOD = "sha512-" + base64.b64encode(bytes(64)).decode()
_OTHER = "is not a http|cannot be read|is not http"
_METADATA = "not npm metadata"

DOCUMENTS = (
    # --- JSON that is none, or too much of it
    _says("a body of 12 MB", b'{"version": "' + b"x" * (12 << 20) + b'"}', "a body without end"),
    _says("8 MB of lists", b'{"version": [' + b"[]," * (7 << 18) + b"1]}", "far too many values"),
    _says("8 MB of tables", b'{"version": [' + b'{"":0},' * (1 << 20) + b"1]}", "far too many values"),
    _says("8 MB of numbers", b'{"version": [' + b"1," * (3 << 20) + b"1]}", "far too many values"),
    _says(
        "8 MB of wide text",
        b'{"version": "' + b"x" * (8_000_000) + "\U0001f600".encode() + b'"}',
        "of another version",
        METADATA,
    ),
    _says("100,000 lists in lists", b'{"version": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", _METADATA),
    _says("900 lists in lists", b'{"version": ' + b"[" * 900 + b"]" * 900 + b"}", "of another version", METADATA),
    _says("a number of 100,000 digits", b'{"version": ' + b"9" * 100_000 + b"}", _METADATA),
    _says("NaN", b'{"version": NaN}', "of another version", METADATA),
    _says("a list", b"[]", "a JSON list"),
    _says("a text", b'"2.0.14"', "a JSON str"),
    _says("a number", b"2.014", "a JSON float"),
    _says("nothing", b"", _METADATA),
    _says("half of it", b'{"version": "2.0.14", "dist": {', _METADATA),
    _says("a page", b"<!DOCTYPE html><title>Log in</title>", _METADATA),
    _says("NULs", b'{"version": "2.0.14\0"}', _METADATA),
    _says("bytes that are not UTF-8", b'{"version": "\xff\xfe\xfd"}', _METADATA),
    # --- a release that is none
    _says("another version", b'{"version": "2.0.13"}', "of another version", METADATA),
    _says("a version with a line end", b'{"version": "2.0.14\\n"}', "of another version", METADATA),
    _says("half a character", b'{"version": "2.0.14\\ud800"}', "of another version", METADATA),
    _says("no dist", b'{"version": "2.0.14", "bin": "cli.js"}', "names no tarball", METADATA),
    _says(
        "a key twice",
        b'{"version": "2.0.14", "bin": "cli.js", "dist": {"tarball": "x", "integrity": "%b"}, "dist": []}'
        % _GOOD.encode(),
        "names no tarball",
        METADATA,
    ),
    _dist("a tarball that is a number", "names no tarball", tarball=1, integrity=_GOOD),
    _dist("no integrity", "has no sha512 integrity", tarball="x"),
    _dist("only a sha1", "has no sha512 integrity", tarball="x", integrity="sha1-" + "A" * 27 + "="),
    _dist("a sha512 of hex digits", "has no sha512 integrity", tarball="x", integrity="sha512-" + "ab" * 64),
    _dist("a sha512 that is short", "has no sha512 integrity", tarball="x", integrity="sha512-AAAA"),
    _dist("an integrity that is a list", "has no sha512 integrity", tarball="x", integrity=[_GOOD]),
    _dist(
        "a tarball on this disk",
        "file:///etc/passwd. is not http",
        REGISTRY,
        tarball="file:///etc/passwd",
        integrity=_GOOD,
    ),
    _dist(
        "a tarball without a server", "is not http|cannot be read", REGISTRY, tarball="https:///x.tgz", integrity=_GOOD
    ),
    _dist(
        "a tarball that cannot be read", "cannot be read|is not http", REGISTRY, tarball="http://[::1", integrity=_GOOD
    ),
    _dist("a tarball as data", "is not http", REGISTRY, tarball="data:application/gzip;base64,H4sI", integrity=_GOOD),
    _dist(
        "a tarball at a port that is none",
        "cannot be read|cannot be reached",
        REGISTRY,
        tarball="http://127.0.0.1:99999/x",
        integrity=_GOOD,
    ),
    _dist(
        "an address of 3 MB",
        "not http|cannot be|answered|…",
        REGISTRY,
        tarball="http://127.0.0.1:1/" + "a/" * 1_500_000,
        integrity=_GOOD,
    ),
    _tags("versions that are a list", "it lists no versions", METADATA, versions=["2.0.14"]),
    _tags("no versions", "the newest is none at all|none at all", ("nothing-satisfies",), spec="2.0", versions={}),
    _tags(
        "versions with odd names",
        "latest",
        ("no-such-channel",),
        versions={"../../x": {}, "2.0.14\n": {}},
        tags={"latest": "../../x"},
    ),
    _tags("a tag that is a list", "latest", ("no-such-channel",), tags={"latest": ["2.0.14"]}),
    _tags("tags with a terminal's commands", "latest", ("no-such-channel",), tags={"\x1b[2J": "2.0.14"}),
    # --- the manifest in npm's package
    _manifest("a manifest of another release", "it is of 2.1.329", lambda said: {**said, "version": "2.1.329"}),
    _manifest("a manifest that is a list", "it lists no platforms", lambda said: [said]),
    _manifest("a manifest without platforms", "it lists no platforms", lambda said: {**said, "platforms": {}}),
    _manifest(
        "a manifest with 200 platforms",
        "it lists 20\\d platforms",
        lambda said: {
            **said,
            "platforms": {**said["platforms"], **{f"linux-x{n}": said["platforms"][HERE] for n in range(200)}},
        },
    ),
    _manifest("a deep manifest", "it is not JSON", lambda said: b'{"platforms":' * 50_000),
    _manifest(
        "a manifest of 1 MB of lists",
        "it is of|lists no platforms",
        lambda said: b'{"platforms": {"linux-x64": ' + b"[" + b"[]," * 340_000 + b"1]}}",
    ),
    _manifest(
        "a platform that is a path",
        "names a platform that can be none",
        lambda said: {**said, "platforms": {**said["platforms"], "../../evil": said["platforms"][HERE]}},
    ),
    _manifest(
        "a platform with a line end",
        "names a platform that can be none",
        lambda said: {**said, "platforms": {**said["platforms"], "linux-x64\n": said["platforms"][HERE]}},
    ),
    _manifest(
        "a platform that is a Node.js",
        "names a platform that can be none",
        lambda said: {**said, "platforms": {**said["platforms"], "node-linux-x64": said["platforms"][HERE]}},
    ),
    _manifest("a checksum with a line end", f"`{HERE}` has no sha256", _platform(checksum="ab" * 32 + "\n")),
    _manifest("a checksum in capitals", f"`{HERE}` has no sha256", _platform(checksum="AB" * 32)),
    _manifest("a checksum that is a list", f"`{HERE}` has no sha256", _platform(checksum=["ab" * 32])),
    _manifest("a size below zero", f"`{HERE}` has no size", _platform(size=-1)),
    _manifest("a size that is true", f"`{HERE}` has no size", _platform(size=True)),
    _manifest("a size with a part", f"`{HERE}` has no size", _platform(size=1.5)),
    _manifest("a size of 2^40", f"`{HERE}` has no size", _platform(size=1 << 40)),
    _manifest("another executable", f"`{HERE}` names another executable", _platform(binary="../../bin/sh")),
    _manifest("a line that is a text", f"`{HERE}` is not a table", lambda said: {**said, "platforms": {HERE: "x"}}),
    _manifest(
        "another size than the bytes have", "is not what was locked: size", _platform(size=5), ("integrity-mismatch",)
    ),
    _manifest(
        "another checksum than the bytes have",
        "is not what was locked: sha256",
        _platform(checksum="ab" * 32),
        ("integrity-mismatch",),
    ),
    # --- the native channel
    _native(
        "a pointer that is a path",
        "/latest",
        "`../../etc/passwd`",
        CHANNEL,
        faults.other_bytes(b"../../etc/passwd"),
        spec="latest",
    ),
    _native(
        "a pointer of two lines",
        "/latest",
        "`2.1.330",
        CHANNEL,
        faults.other_bytes(b"2.1.330\n2.1.200\n"),
        spec="latest",
    ),
    _native("a pointer that is a page", "/latest", "a web page", CHANNEL, faults.html(), spec="latest"),
    _native(
        "a pointer of 10 MB",
        "/latest",
        "more than 4,096 bytes",
        CHANNEL,
        faults.other_bytes(b"2" * 10_000_000),
        spec="latest",
    ),
    _native("an empty pointer", "/latest", "nothing", CHANNEL, faults.empty(), spec="latest"),
    _native(
        "a manifest of 2 MB",
        MANIFEST,
        "more than 1,048,576 bytes",
        CHANNEL,
        faults.other_bytes(b'{"x": "' + b"x" * (2 << 20) + b'"}'),
    ),
    _native(
        "a manifest that was changed",
        MANIFEST,
        "raw signature of Claude Code 2.1.330 is not good",
        SIGNED,
        faults.other_bytes(b'{"version": "2.1.330", "platforms": {}}'),
    ),
    _native("a redirect to the disk", MANIFEST, "a redirect", CHANNEL, faults.redirect("file:///etc/passwd")),
    _native(
        "a signature of 1 MB",
        f"{MANIFEST}.raw-sig.json",
        "more than 65,536 bytes",
        CHANNEL,
        faults.other_bytes(b" " * (1 << 20)),
    ),
    _native(
        "a deep signature",
        f"{MANIFEST}.raw-sig.json",
        "is not a JSON object",
        SIGNED,
        faults.other_bytes(b"[" * 60_000),
    ),
    _native(
        "an OpenPGP signature of garbage",
        f"{MANIFEST}.sig",
        "is not an OpenPGP signature",
        SIGNED,
        faults.other_bytes(b"\x88\xff" * 500),
    ),
    _native(
        "an OpenPGP signature in armour of garbage",
        f"{MANIFEST}.sig",
        "is not an OpenPGP signature",
        SIGNED,
        faults.other_bytes(b"-----BEGIN PGP SIGNATURE-----\n\n" + b"A" * 60_000 + b"\n-----END PGP SIGNATURE-----\n"),
    ),
    _sidecar("a schema that is true", "it is of schema True, not 1", schema=True),
    _sidecar("another algorithm", "its algorithm is none", algorithm="none"),
    _sidecar("a key's id with a line end", "it names no key", publicKeySha256="ab" * 32 + "\n"),
    _sidecar("a key's id that is a list", "it names no key", publicKeySha256=["ab" * 32]),
    _sidecar("a key that nobody knows", "a key that ccpin does not know", publicKeySha256="ab" * 32),
    _sidecar("a signature that is no base64", "its signature is not base64", signature="é"),
    _sidecar("an empty signature", "does not fit the manifest", signature=""),
    # --- HTTP
    Document(
        "a redirect to the disk, of npm", REGISTRY, _OTHER, put=_registry("*", faults.redirect("file:///etc/passwd"))
    ),
    Document(
        "a redirect to another scheme", REGISTRY, _OTHER, put=_registry("*", faults.redirect("gopher://127.0.0.1/x"))
    ),
    Document("a redirect in a circle", REGISTRY, "in a circle", put=_registry("*", faults.redirect(RELEASE))),
    Document("a redirect to what cannot be read", REGISTRY, _OTHER, put=_registry("*", faults.redirect("http://[::1"))),
    Document("a redirect to nowhere", REGISTRY, "answered 302", put=_registry("*", faults.status(302))),
    Document("a status that is none", REGISTRY, "answered 999", put=_registry("*", faults.status(999))),
    Document("no content", REGISTRY, "answered 204", put=_registry("*", faults.status(204))),
    Document("a part that nobody asked for", REGISTRY, "answered 206", put=_registry("*", faults.status(206))),
    Document("not modified, and never seen", REGISTRY, "answered 304", put=_registry("*", faults.status(304))),
    _rude(
        "redirects without end",
        once(b"HTTP/1.1 302 Found\r\nLocation: ?x\r\nContent-Length: 0\r\n\r\n"),
        "in a circle",
        _NOT_ONE,
    ),
    _rude(
        "a redirect with a body without end",
        for_ever(b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", b"x"),
        "in a circle",
        _NOT_ONE,
    ),
    _rude(
        "a redirect with 200 MB of chunks",
        for_ever(
            b"HTTP/1.1 302 Found\r\nLocation: /x\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"1000\r\n" + b"x" * 4096 + b"\r\n",
        ),
        "in a circle",
        _NOT_ONE,
    ),
    _rude("a body without end", for_ever(_OK + b"\r\n", b" "), "a body without end", _NOT_ONE),
    _rude("chunks without end", for_ever(_CHUNKED, b"1\r\n \r\n"), "in far too many pieces", _UNREACHABLE),
    _rude(
        "large chunks without end",
        for_ever(_CHUNKED, b"1000\r\n" + b" " * 4096 + b"\r\n"),
        "a body without end",
        _NOT_ONE,
    ),
    _rude("a failure with a body without end", for_ever(b"HTTP/1.1 503 No\r\n\r\n", b"x"), "answered 503", _FAILED),
    _rude(
        "a failure with chunks without end",
        for_ever(b"HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b" " * 4096 + b"\r\n"),
        "answered 503",
        _FAILED,
    ),
    _rude(
        "a failure of 1 TB",
        for_ever(b"HTTP/1.1 503 No\r\nContent-Length: 1000000000000\r\n\r\n", b"x"),
        "answered 503",
        _FAILED,
    ),
    _rude(
        "a chunk of all there is", for_ever(_CHUNKED + b"-1\r\n", b"x"), "it does not say where it ends", _UNREACHABLE
    ),
    _rude(
        "10,000 headers",
        once(_OK + b"X: y\r\n" * 10_000 + b"Content-Length: 2\r\n\r\n{}"),
        "got more than 100 headers",
        _UNREACHABLE,
    ),
    _rude("headers without end", for_ever(_OK, b"X: y\r\n"), "got more than 100 headers", _UNREACHABLE),
    _rude(
        "a header without end", for_ever(_OK + b"X: ", b"y"), "what stands around its body does not end", _UNREACHABLE
    ),
    _rude(
        "folded headers without end", for_ever(_OK + b"X: y\r\n", b" y\r\n"), "got more than 100 headers", _UNREACHABLE
    ),
    _rude(
        "a status line without end",
        for_ever(b"HTTP/1.1 200 ", b"O"),
        "what stands around its body does not end",
        _UNREACHABLE,
    ),
    _rude("no HTTP", once(b"220 mail.example ESMTP\r\n"), "220 mail.example ESMTP", _UNREACHABLE),
    _rude("nothing at all", once(b""), "closed connection without response", _UNREACHABLE),
    _rude(
        "answers that go on, without end",
        for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        "in far too many pieces",
        _UNREACHABLE,
    ),
    _rude(
        "a chunk's size without end", for_ever(_CHUNKED, b"0"), "what stands around its body does not end", _UNREACHABLE
    ),
    _rude(
        "an extension of a chunk without end",
        for_ever(_CHUNKED + b"2;", b"x=y;"),
        "what stands around its body does not end",
        _UNREACHABLE,
    ),
    _rude(
        "trailers without end",
        for_ever(_CHUNKED + b"2\r\n{}\r\n0\r\n", b"X: y\r\n"),
        "in far too many pieces",
        _UNREACHABLE,
    ),
    _rude(
        "a chunk's size that is none", once(_CHUNKED + b"many\r\n{}\r\n0\r\n\r\n"), "InvalidChunkLength", _UNREACHABLE
    ),
    _rude(
        "a chunk's size below zero",
        once(_CHUNKED + b"-5\r\n{}\r\n0\r\n\r\n"),
        "it does not say where it ends",
        _UNREACHABLE,
    ),
    _rude("a chunk of 2^64 bytes", once(_CHUNKED + b"ffffffffffffffff\r\n{}"), "IncompleteRead", _UNREACHABLE),
    _rude("a length below zero", once(_OK + b"Content-Length: -1\r\n\r\n"), "not npm metadata", _NOT_ONE),
    _rude(
        "a length of 5,000 digits", once(_OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{]"), _METADATA, _NOT_ONE
    ),
    _rude("a length that is none", once(_OK + b"Content-Length: many\r\n\r\n{]"), "not npm metadata", _NOT_ONE),
    _rude(
        "two lengths",
        once(_OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
        "cannot be read",
        ("bad-registry-address",),
    ),
    _rude("200 MB in gzip", _coded("gzip", lambda: _bomb("gzip")), "a body without end", _NOT_ONE),
    _rude("200 MB in deflate", _coded("deflate", lambda: _bomb("deflate")), "a body without end", _NOT_ONE),
    _rude("200 MB in zstd", _coded("zstd", lambda: _bomb("zstd")), "a body without end|" + _METADATA, _NOT_ONE),
    _rude("gzip that is none", _coded("gzip", lambda: b"{}"), "incorrect header check", _UNREACHABLE),
    _rude(
        "gzip in gzip in gzip, 50 times",
        _coded(", ".join(["gzip"] * 50), lambda: _layers(50)),
        "Too many content encodings",
        _UNREACHABLE,
    ),
    # --- HTTP, where the tarball is
    _tarball(
        "a tarball of 5,000 digits",
        once(_OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nx"),
        "not gzip|ended early",
        BODY,
    ),
    _tarball("a tarball below zero", once(_OK + b"Content-Length: -5\r\n\r\nx"), "not gzip|ended early", BODY),
    _tarball(
        "a tarball in chunks below zero",
        once(_CHUNKED + b"-5\r\nx"),
        "ended early: 0 bytes came, then it does not say",
        BODY,
    ),
    _tarball(
        "a tarball in chunks of one byte",
        for_ever(_CHUNKED + b"a\r\n\x1f\x8b\x08" + bytes(7) + b"\r\n", b"1\r\n\0\r\n"),
        "ended early|not gzip",
        BODY,
    ),
    _tarball("a tarball with an extension without end", for_ever(_CHUNKED + b"2;", b"x=y;"), "ended early", BODY),
    _tarball(
        "a tarball in gzip twice, without end",
        for_ever(_OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b""), b"\0"),
        "behind its end|not a tar",
        BODY,
    ),
    _tarball("a tarball without end", for_ever(_OK + b"\r\n", b"\0"), "not gzip", BODY),
    _tarball(
        "a tarball's redirect without end",
        for_ever(b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", b"x"),
        "in a circle",
        REGISTRY,
    ),
    _tarball(
        "a tarball's redirect to the disk",
        once(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n"),
        "cannot be read",
        REGISTRY,
    ),
    _tarball(
        "a part of a tarball",
        once(b"HTTP/1.1 206 Partial\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\nxxxxx"),
        "answered 206",
        REGISTRY,
    ),
    _rude("a coding that nobody knows", _coded("rot13", lambda: b"\xff\xfe"), _METADATA, _NOT_ONE),
)
