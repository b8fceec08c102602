"""`ccpin list`: what is installed and who uses it; with `--remote` what there is."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Annotated, Any

import typer

from ccpin.cli.output import JSON, OFFLINE, REGISTRY, Answer, give
from ccpin.paths import Home, find_home


def list_command(
    remote: Annotated[bool, typer.Option("--remote", help="Ask the registry what there is.")] = False,
    registry: REGISTRY = None,
    offline: OFFLINE = False,
    as_json: JSON = False,
) -> None:
    """List what is installed and who uses it; or all there is."""
    env = dict(os.environ)
    home = find_home(env)
    answer = _remote(env, home, registry, offline=offline) if remote or registry else _local(home)
    give("list", answer, as_json=as_json)


def _local(home: Home) -> Answer:
    from ccpin.store.projects import known, users
    from ccpin.store.receipt import all_installs

    projects = known(home)
    rows: list[dict[str, Any]] = [
        {
            "version": i.receipt.version,
            "runtime": i.receipt.runtime,
            "platform": i.receipt.platform,
            "bytes": i.size,
            "executable": i.executable,
            "node": i.receipt.node,
            "store": store.root,
            "used_by": users(projects, i.receipt.version, i.receipt.digest),
        }
        for store, i in all_installs(home)
    ]
    lines = [
        f"{row['version']:<10} {row['runtime']:<7} {row['bytes'] / 1e6:>6,.0f} MB  "
        + (", ".join(row["used_by"]) or "no known project")
        + (f"  (with Node.js {row['node']})" if row["node"] else "")
        + ("" if row["store"] == home.root else f"  (shared store {row['store']})")
        for row in rows
    ]
    notes = () if rows else ("nothing is installed; `ccpin use 2.0.14` pins this project to a release",)
    return Answer({"home": home.root, "installed": rows}, "\n".join(lines), notes)


def _remote(env: dict[str, str], home: Home, address: str | None, *, offline: bool) -> Answer:
    from ccpin.releases.catalog import offered
    from ccpin.releases.registry import Registry

    registry = Registry.configured(env, address, home=home, offline=offline)
    found = offered(registry)
    lines = []
    for release in found:
        tags = f"  [{', '.join(release.tags)}]" if release.tags else ""
        missing = f"  not for {', '.join(release.missing)}" if release.missing else ""
        withdrawn = "  withdrawn" if release.withdrawn else ""
        lines.append(f"{release.version:<10} {release.era}{tags}{missing}{withdrawn}")
    notes = filter(None, [registry.offline_note])
    data = {"registry": registry.name, "as_of": registry.http.as_of, "releases": [asdict(r) for r in found]}
    return Answer(data, "\n".join(lines), tuple(notes))
