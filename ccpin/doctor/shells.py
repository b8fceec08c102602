"""Checks of the shells: their files are read, never run, for what would come before the shim in a new shell."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator

from ccpin.doctor.context import Context
from ccpin.doctor.finding import Finding, counted, edit
from ccpin.doctor.programs import describe
from ccpin.doctor.reading import names_in, read_text
from ccpin.launching.shellfiles import END, START, shell_files

_MOST = 4 << 20  # bytes
_BEGINS = r"^(?!\s*#)(?:.*?(?:[;&{]|\bthen\b|\bdo\b))?\s*"  # a command of a line, which is no comment
_ALIAS = re.compile(_BEGINS + r"(?:builtin\s+)?alias\s+(?:-\w+\s+)*(?:--\s+)?claude(?:=|\s+)(?P<means>.*)$")
_FUNCTION = re.compile(_BEGINS + r"(?:claude\s*\(\s*\)|function\s+(?:-\S+\s+)*claude(?=[\s({;]|$))")
_FUNCTION_ENDS = re.compile(r"^\s*(?:\}|end\b)|\}\s*$")
_SETS_PATH = re.compile(
    _BEGINS
    + r"(?:(?:export\s+|typeset\s+\S+\s+|set\s+(?:-\S+\s+)+)?(?:PATH|path)(?:=|\s+)(?P<value>[^\s;&][^;&]*)"
    + r"|fish_add_path\s+(?P<fish>[^;&]*))"
)
_OLD_PATH = re.compile(r"\$\{?(?:PATH|path)\b")
_RETURNS_EARLY = re.compile(r"^\s*(?:case \$- in|\[+ .*(?:\$PS1|\$-).*\]+ *(?:&&|\|\|) *(?:return|exit)\b)")


def startup_files(context: Context) -> list[str]:
    """The files that shells of this user may read at their start, those that exist."""
    zdotdir = context.env.get("ZDOTDIR", "")
    zsh = zdotdir if os.path.isabs(zdotdir) else context.user
    config = context.env.get("XDG_CONFIG_HOME", "")
    fish = os.path.join(config if os.path.isabs(config) else os.path.join(context.user, ".config"), "fish")
    conf_d = os.path.join(fish, "conf.d")
    candidates = [
        *(os.path.join(context.user, f".{n}") for n in ("profile", "bash_profile", "bash_login", "bashrc")),
        *(os.path.join(context.user, f".{n}") for n in ("bash_aliases", "aliases", "kshrc", "mkshrc", "yashrc")),
        *(os.path.join(zsh, f".{n}") for n in ("zshenv", "zprofile", "zshrc", "zlogin")),
        *(os.path.join(conf_d, name) for name in names_in(conf_d) if name.endswith(".fish")),
        os.path.join(fish, "config.fish"),
        os.path.join(fish, "functions", "claude.fish"),
    ]
    return [path for path in dict.fromkeys(candidates) if os.path.isfile(path)]


def check_names(context: Context) -> Iterator[Finding]:
    """Aliases and functions called `claude`: in a shell they come before every PATH."""
    found = []
    for path in startup_files(context):
        lines = _lines(path)
        for number, line in enumerate(lines, 1):
            alias = _ALIAS.match(line)
            if alias and not _means_path(alias["means"], context):
                found.append((f"{path}:{number}", "an alias"))
            elif _FUNCTION.match(line) and not _asks_path(lines[number - 1 :], context):
                found.append((f"{path}:{number}", "a function"))
    for where, kind in found:
        line = f"{kind} called `claude` comes before PATH in new shells, so the shim is not asked"
        yield Finding("shell-names", "problem", line, (where,), edit(where))
    if not found:
        yield Finding("shell-names", "ok", "no alias or function called `claude` in the shells' files")


def _asks_path(lines: list[str], context: Context) -> bool:
    """Whether a function that begins here ends in `claude` on PATH, or in the shim."""
    ends = next((at for at, line in enumerate(lines, 1) if _FUNCTION_ENDS.search(line)), len(lines))
    body = "\n".join(lines[:ends])
    return re.search(r"\bcommand\s+claude\b", body) is not None or context.home.shim() in body


def _means_path(means: str, context: Context) -> bool:
    """Whether an alias leads to `claude` on PATH, with options, or to the shim itself."""
    words = re.split(r"\s+", means.strip().strip("\"'").strip())
    while words and (re.fullmatch(r"\w+=\S*", words[0]) or words[0] in ("command", "exec", "env")):
        words.pop(0)
    return words[:1] == ["claude"] or context.home.shim() in means


def check_shell_path(context: Context) -> Iterator[Finding]:
    """ccpin's block stands in the shells' files, and nothing behind it puts another `claude` before the shim."""
    missing = []
    for file in shell_files(context.home, context.env):
        text = read_text(file.path, _MOST)
        if (text is None and file.create) or (text is not None and START.decode() not in text):
            missing.append(file.path)
    if missing:
        line = f"{counted(len(missing), 'file')} that new shells read do not put the shim on PATH"
        yield Finding("shell-path", "warning", line, tuple(missing), "ccpin setup")
    hiding = list(_hiding(context))
    for where, other in hiding:
        line = "this line, behind ccpin's block, puts another `claude` first on PATH in new shells"
        yield Finding("shell-path", "problem", line, (where, other), "ccpin setup")
    if not missing and not hiding:
        yield Finding("shell-path", "ok", "new shells find the shim first")


def _hiding(context: Context) -> Iterator[tuple[str, str]]:
    for path in startup_files(context):
        lines = _lines(path)
        ends = [number for number, line in enumerate(lines, 1) if line == END.decode()]
        for number in range(ends[-1] + 1, len(lines) + 1) if ends else ():
            for folder in _put_first(lines[number - 1], context):
                other = os.path.join(folder, "claude")
                if os.path.isfile(other) and os.access(other, os.X_OK):
                    program = describe(other, context.home)
                    if not program.shim:
                        yield f"{path}:{number}", str(program)


def _put_first(line: str, context: Context) -> list[str]:
    """The folders that a line puts before the PATH that there was."""
    found = _SETS_PATH.match(line)
    if found is None:
        return []
    value = (found["fish"] or found["value"]).strip().strip("()")
    before = _OLD_PATH.split(value)[0] if _OLD_PATH.search(value) else value
    words = [word.strip("\"'") for word in re.split(r"[:\s]+", before) if word and not word.startswith("-")]
    return [folder for word in words if os.path.isabs(folder := _expanded(word, context))]


def check_not_interactive(context: Context) -> Iterator[Finding]:
    """Shells that are not interactive take PATH as they find it; most of them read no file at all."""
    first = f"PATH={shlex.quote(context.home.shims)}:$PATH"
    if context.shim is None or not context.shim.ours:
        line = "scripts that are started from here do not find the shim"
        yield Finding("shell-not-interactive", "warning", line, (), first)
        return
    early = [where for path in startup_files(context) if path.endswith("bashrc") for where in _returns_early(path)]
    line = "scripts started from here find the shim; cron, services and `ssh HOST claude` set a PATH of their own"
    if early:
        evidence = tuple(
            f"{where}: for shells that are not interactive, it ends before ccpin's block" for where in early
        )
        yield Finding("shell-not-interactive", "note", line, evidence, first)
    else:
        yield Finding("shell-not-interactive", "ok", line)


def _returns_early(path: str) -> Iterator[str]:
    lines = _lines(path)
    block = lines.index(START.decode()) if START.decode() in lines else 0
    for number, line in enumerate(lines[:block], 1):
        if _RETURNS_EARLY.match(line):
            yield f"{path}:{number}"
            return


def _lines(path: str) -> list[str]:
    return [line.rstrip("\r") for line in (read_text(path, _MOST) or "").split("\n")]


def _expanded(word: str, context: Context) -> str:
    word = re.sub(r"^~(?=/|$)", lambda _: context.user, word.strip("\"'"))
    return re.sub(r"\$\{?HOME\}?", lambda _: context.user, word).replace("\\", "").rstrip("/")
