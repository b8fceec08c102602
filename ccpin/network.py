"""How a server is reached: whose certificates are believed, which one vouches for us, and which proxy stands between.

Values only; `ccpin.net` does the asking. Without other orders these are believed, all of them together:

- the system's authorities, as Python's OpenSSL finds them (SSL_CERT_FILE, SSL_CERT_DIR, or its own places);
- those in REQUESTS_CA_BUNDLE, else in CURL_CA_BUNDLE, else those that come with requests;
- those in NODE_EXTRA_CA_CERTS, which a company that has Claude Code behind its proxy has set already.

A file among them that is not there is passed over, as OpenSSL and Node.js do, and named when a certificate is refused.
"""

from __future__ import annotations

import contextlib
import os
import re
import ssl
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_CERTIFICATE = re.compile(
    r"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----"
)


@dataclass(frozen=True)
class Trust:
    """What a certificate is checked against.

    `only` is PEM text: these authorities and no others. Without it the system's count, and those in `files`, each with
    the variable that names it. `checked` is False where any certificate will do. `source` tells who said so.
    """

    only: str | None = None
    files: tuple[tuple[str, str], ...] = ()
    checked: bool = True
    source: str = "this system"

    def unreadable(self) -> str:
        """The variables whose file cannot be read, as the end of a sentence; mostly empty."""
        broken = [f"{name} names {path}, which cannot be read" for name, path in self.files if not _readable(path)]
        return "".join(f"; {each}" for each in broken)


@dataclass(frozen=True)
class Identity:
    """A certificate of our own and its key, as PEM text; what names it, where, and the command that takes it away."""

    certificate: str
    key: str = field(repr=False)
    name: str = ""
    place: str = ""
    delete: str = ""


class Proxy(NamedTuple):
    """A proxy's address, which may hold a password, and who named it."""

    address: str
    source: str


@dataclass(frozen=True)
class Network:
    """`proxy` gives the proxy for an address or None; where it is None itself, the environment says. `identity` gives
    the certificate to show to an address, or None."""

    trust: Trust = Trust()
    proxy: Callable[[str], Proxy | None] | None = None
    identity: Callable[[str], Identity | None] = lambda address: None


def environment_trust(env: Mapping[str, str]) -> Trust:
    """What is believed where nobody said otherwise."""
    return Trust(files=tuple((name, env[name]) for name in _VARIABLES if env.get(name)))


def certificates(text: str) -> str | None:
    """The certificates of a PEM file, without what stands around them; None where it holds none that can be read."""
    found = "\n".join(_CERTIFICATE.findall(text))
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=found)
    except (ssl.SSLError, ValueError, TypeError):  # the last for what is no ASCII
        return None
    return found


def context(trust: Trust, bundle: str, identity: Identity | None = None) -> ssl.SSLContext:
    """TLS as `trust` wants it. `bundle` is the file of authorities to take where no variable names one.

    Raises ValueError for an identity that is not one: no PEM, a key with a password, or of another certificate.
    """
    made = ssl.create_default_context(cadata=trust.only)
    # Python 3.13 began to refuse the authorities that many companies have; Node.js and older Pythons do not.
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if trust.only is None:
        files = dict(trust.files)
        for name in _VARIABLES:
            if name in files and not (name == "CURL_CA_BUNDLE" and "REQUESTS_CA_BUNDLE" in files):
                _add(made, files[name])
        if not any(name in files for name in _BUNDLES):
            _add(made, bundle)
    if not trust.checked:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    if identity:
        _show(made, identity)
    return made


def _add(context: ssl.SSLContext, path: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # ssl.SSLError is an OSError
        if os.path.isdir(path):
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(path)


def _show(context: ssl.SSLContext, identity: Identity) -> None:
    """OpenSSL's Python side reads certificates of our own from files alone: one that only we can read, for a moment."""
    descriptor, path = tempfile.mkstemp(prefix="ccpin-", suffix=".pem")  # mode 0600
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{identity.certificate}\n{identity.key}\n")
        context.load_cert_chain(path, password="")  # the empty one: OpenSSL would ask at the terminal
    except OSError as error:
        raise ValueError(getattr(error, "reason", None) or error.strerror or "it cannot be read") from None
    finally:
        os.unlink(path)


def _readable(path: str) -> bool:
    return os.access(path, os.R_OK)
