"""Credentials for the registry's server and no other, and what a 401 says."""

from __future__ import annotations

import pytest

from ccpin.releases.access import Access
from ccpin.releases.npmrc import NpmConfig, Said

ADDRESS = "https://h.example/npm/team/"


def access(address: str = ADDRESS, **values: str) -> Access:
    return Access(NpmConfig({key: Said(value, "/home/me/.npmrc", 3, 1) for key, value in values.items()}, ()), address)


@pytest.mark.parametrize(
    ("target", "header"),
    [
        (ADDRESS + "x", "Bearer t"),
        ("https://h.example/files/x.tgz", "Bearer t"),
        ("https://h.example:443/files/x.tgz", "Bearer t"),
        ("https://h.example/public/x", "Bearer other"),
        ("https://h.example/files/../x.tgz", None),
        ("https://h.example/npm/team/%2e%2e/x.tgz", None),
        ("http://h.example/npm/team/x", None),
        ("https://h.example:8443/npm/team/x", None),
        ("https://other.example/npm/team/x", None),
        ("https://h.example@other.example/npm/team/x", None),
    ],
)
def test_where_credentials_go(target: str, header: str | None) -> None:
    keys = {"//h.example/npm/team/:_authToken": "t", "//h.example/public/:_authToken": "other"}
    assert access(**keys).authorization(target) == header


def test_a_registry_over_http_has_them_too() -> None:
    keys = {"//h.example/:_authToken": "t"}
    assert access("http://h.example/", **keys).authorization("http://h.example/x") == "Bearer t"


@pytest.mark.parametrize(
    ("target", "line"),
    [
        (ADDRESS + "x", "//h.example/npm/team/:_authToken=${NPM_TOKEN}"),
        ("https://h.example/files/x.tgz", "//h.example/npm/team/:_authToken=${NPM_TOKEN}"),
        ("https://me:pw@other.example:8443/x/y", "//other.example:8443/:_authToken=${NPM_TOKEN}"),
    ],
)
def test_the_line_to_write(target: str, line: str) -> None:
    refusal = access().refusal(target, sent=False)
    assert refusal.line == line
    assert refusal.reason == "it wants credentials that the npm configuration does not hold"


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"//h.example/:_authToken": "s3cret"}, "it does not accept `//h.example/:_authToken` of /home/me/.npmrc:3"),
        (
            {"//h.example/:_authToken": "${COMPANY_TOKEN}"},
            "it does not accept `//h.example/:_authToken` of /home/me/.npmrc:3, where `${COMPANY_TOKEN}` stands for"
            " nothing: it is not set",
        ),
        (
            {"//h.example/npm:username": "me", "//h.example/npm:_password": "s3cret"},
            "it does not accept `//h.example/npm:_password` of /home/me/.npmrc:3",
        ),
        ({}, "it does not accept the user and password in its address"),
    ],
)
def test_credentials_that_are_refused(keys: dict[str, str], reason: str) -> None:
    assert access(**keys).refusal(ADDRESS + "x", sent=True).reason == reason
