"""`ccpin init`: what a repository needs so that a team arrives at one Claude Code, and nothing else."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from ccpin.cli.origin import FROM, MIN_AGE, SOURCE, asked, least_age
from ccpin.cli.output import JSON, OFFLINE, REGISTRY, Answer, give
from ccpin.cli.place import current_folder
from ccpin.cli.progress import Shown
from ccpin.errors import BadOption
from ccpin.onboarding.plan import Step, carry_out, plan
from ccpin.onboarding.source import own_source
from ccpin.onboarding.wanted import wanted
from ccpin.paths import LOCK_NAME, find_home
from ccpin.pinning.write import checkout

_SAID = {"write": "written", "add a line to": "line added", "nothing": "unchanged", "by hand": "left alone"}
_WOULD = {**_SAID, "write": "would write", "add a line to": "would add to"}


def init_command(
    spec: Annotated[
        str | None, typer.Argument(metavar="SPEC", help="As for `ccpin use`, where there is no lock yet; else latest.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
    ci: Annotated[bool, typer.Option("--ci", help="Also a GitHub workflow.")] = False,
    pre_commit: Annotated[bool, typer.Option("--pre-commit", help="Also a hook of pre-commit.")] = False,
    devcontainer: Annotated[bool, typer.Option("--devcontainer", help="Also a dev container.")] = False,
    renovate: Annotated[bool, typer.Option("--renovate", help="Also a recipe for Renovate.")] = False,
    install_source: Annotated[
        str | None,
        typer.Option(metavar="PLACE", help="Where the script gets ccpin from: a URL with #sha256=, git+URL."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be written, and do nothing.")] = False,
    min_age: MIN_AGE = None,
    source: SOURCE = None,
    bundle: FROM = None,
    registry: REGISTRY = None,
    offline: OFFLINE = False,
    as_json: JSON = False,
) -> None:
    """Write what a repository needs for a team: the lock, a line for git, a script to arrive with."""
    _require_kept(install_source)
    env = dict(os.environ)
    home = find_home(env)
    sources = asked(env, home, source=source, registry=registry, bundle=bundle, offline=offline)
    top = checkout(current_folder())
    root = top or current_folder()
    lock = os.path.join(root, LOCK_NAME)
    place = own_source() if install_source is None else install_source
    more = {
        "git": top is not None,
        "ci": ci,
        "pre_commit": pre_commit,
        "devcontainer": devcontainer,
        "renovate": renovate,
    }
    steps = plan(root, wanted(place or "", chosen=install_source is not None, **more))
    pinned = os.path.lexists(lock)
    steps = (Step(lock, "nothing" if pinned else "write"), *steps)
    changing = any(step.verb in ("write", "add a line to") for step in steps)
    if changing and not yes and not dry_run:
        _ask(steps, as_json)
    if not dry_run:
        if not pinned:
            from ccpin.launching.repin import use

            use(
                spec or "latest",
                lock,
                home,
                env,
                sources=sources(),
                progress=Shown(),
                age=least_age(env, home, min_age),
            )
        carry_out(steps[1:])
    said = _WOULD if dry_run else _SAID
    rows = [{"path": step.path, "action": said[step.verb]} for step in steps]
    notes = list(_notes(steps, spec if pinned else None))
    text = "\n".join(f"{row['action']:<12} {row['path']}" for row in rows)
    give("init", Answer({"files": rows, "install_source": place, "notes": notes}, text, notes), as_json=as_json)


def _require_kept(source: str | None) -> None:
    """What goes into everybody's script is one line, and comes over no line that others can change."""
    if source is None:
        return
    bare = source.startswith(("http://", "git://", "git+http://", "git+git://"))
    if bare and not (source.startswith("http://") and "#sha256=" in source):
        reason = "`--install-source` names a place that anybody on the way to it can change: take https, or #sha256="
        raise BadOption(reason=reason, command="ccpin init")
    if not source.isprintable():
        raise BadOption(reason="`--install-source` is one line of text", command="ccpin init")


def _ask(steps: Sequence[Step], as_json: bool) -> None:
    """Shows what would be written, and asks once. Raises BadOption where nobody is there to answer."""
    for step in () if as_json else steps:
        typer.echo(f"{_WOULD[step.verb]:<12} {step.path}", err=True)
    if as_json or not sys.stdin.isatty():
        raise BadOption(
            reason="nobody is there to be asked: `--yes` writes it, `--dry-run` does not", command="ccpin init"
        )
    typer.confirm("Write this?", abort=True, err=True)


def _notes(steps: Sequence[Step], not_pinned: str | None) -> Iterator[str]:
    if not_pinned:
        yield f"note: the lock stays as it is; `ccpin use {shlex.quote(not_pinned)}` changes it"
    for step in steps:
        if step.verb == "by hand":
            what = "it differs" if step.text.startswith("--- ") else "add to it, where it fits"
            yield f"note: {step.path} is yours; {what}:\n{_indented(step.text)}"
    for step in steps:
        if step.path.endswith(".sh") and "\nsource=''\n" in step.text.replace("\r\n", "\n"):
            does = "writes it there" if step.verb == "write" else "shows the line to change"
            yield (
                "note: the script does not know where your team gets ccpin from: `ccpin init --install-source PLACE`"
                f" {does}, or CCPIN_INSTALL_SOURCE says so to whoever runs it"
            )


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
