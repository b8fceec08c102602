"""Each rule of the normaliser by itself: what it makes of a body, and the neighbours that it leaves alone."""

from __future__ import annotations

from typing import Any

import pytest

from ccpin.wire.normal import RULES, normalised
from tests.wire.test_normal import ANN, ATTACHED, CONTEXT, SNAPSHOT, Body, Who, environment, history, normal, sent, text


def in_system(said: str) -> Body:
    return {"system": [text(said)]}


def in_environment(line: str, before: str = " - ") -> Body:
    if before:
        return in_system(
            f"# Environment\nYou have been invoked in the following environment: \n - x\n - {line}\n - y\n"
        )
    return in_system(f"x\n<env>\n{line}\n</env>\ny")


def in_metadata(user: str) -> Body:
    return {"metadata": {"user_id": user}}


def in_search(said: str, name: str = "WebSearch") -> Body:
    return {"tools": [{"name": name, "description": said}]}


def in_reminder(said: str, start: str = "<system-reminder>\n") -> Body:
    return {"messages": [{"role": "user", "content": [text(start + said)]}]}


UUID = "2a5dac86-f393-4eba-9d3a-852979ac8431"
BILLING = "x-anthropic-billing-header: cc_version=2.1.330.d01;"
SAID_GIT = f"{SNAPSHOT}\n\nCurrent branch: x\n\nMain branch (you will usually use this for PRs): \n\nStatus:\n(clean)\n"
GIT_TAIL = f"{SAID_GIT}\nRecent commits:\nabcdef0 x"
GIT_CUT = GIT_TAIL.replace("(clean)", "?? a\n... (truncated because it exceeds 2k characters.)")

REMOVED: dict[str, tuple[tuple[Body, Body], ...]] = {
    "user": (
        (
            in_metadata(f"user_{'a' * 64}_account__session_{UUID}"),
            in_metadata("user_<id>_account_<id>_session_<id>"),
        ),
        (
            in_metadata(f"user_{'a' * 64}_account_{UUID}_session_{UUID}"),
            in_metadata("user_<id>_account_<id>_session_<id>"),
        ),
    ),
    "user, as digits": (
        (in_metadata("a" * 64), in_metadata("<id>")),
        (in_metadata(f"{'0' * 64}_{UUID}"), in_metadata("<id>")),
    ),
    "user, as JSON": ((in_metadata('{"device_id":"a0","x":"a0"}'), in_metadata('{"device_id":"<id>","x":"a0"}')),),
    "billing hash": ((in_system(f"{BILLING} cch=0ef03;"), in_system(f"{BILLING} cch=<hash>;")),),
    "billing prompt": ((in_system(f"{BILLING} cc_prompt_id={UUID}; y"), in_system(f"{BILLING} cc_prompt_id=<id>; y")),),
    "git repository": (
        (in_environment("Is a git repository: true"), in_environment("Is a git repository: <git>")),
        (in_environment("Is directory a git repo: No", ""), in_environment("Is directory a git repo: <git>", "")),
    ),
    "git status, first form": (
        (in_system(f"x\n\ngitStatus: {GIT_TAIL.replace('.' + chr(10) * 2, '.' + chr(10))}"), in_system("x\n")),
    ),
    "git status": (
        (in_system(f"x\n\ngitStatus: {GIT_TAIL}"), in_system("x")),
        (in_system(f"x\n\ngitStatus: {SAID_GIT}\nRecent commits:\n"), in_system("x")),
        (in_system(f"x\n\ngitStatus: {GIT_CUT}"), in_system("x")),
        (in_system(f"x\n\ngitStatus: {GIT_TAIL}\n\nAfter."), in_system("x\n\nAfter.")),
    ),
    "git status reminder": (
        (
            {"messages": [{"role": "user", "content": [text(f"{CONTEXT}# gitStatus\n{GIT_TAIL}\n\n{ATTACHED}")]}]},
            {"messages": [{"role": "user", "content": []}]},
        ),
    ),
    "platform": (
        (in_environment("Platform: win32"), in_environment("Platform: <os>")),
        (in_environment("Platform: linux", ""), in_environment("Platform: <os>", "")),
    ),
    "shell": ((in_environment("Shell: zsh (not bash)"), in_environment("Shell: <shell>")),),
    "kernel": ((in_environment("OS Version: Linux 6.1 x"), in_environment("OS Version: <os>")),),
    "date in <env>": (
        (in_environment("Today's date: 2025-01-02", ""), in_environment("Today's date: <date>", "")),
        (in_environment("Today's date: 1/2/2025", ""), in_environment("Today's date: <date>", "")),
    ),
    "date of a search": (
        (
            in_search("x\n  - Today's date is 2025-01-02. You MUST use this year"),
            in_search("x\n  - Today's date is <date>. You MUST use this year"),
        ),
    ),
    "date": (
        (
            in_reminder("# currentDate\nToday's date is 2025-01-02."),
            in_reminder("# currentDate\nToday's date is <date>."),
        ),
        (
            {"messages": [{"role": "system", "content": "x\n\nToday's date is 2025-01-02."}]},
            {"messages": [{"role": "system", "content": "x\n\nToday's date is <date>."}]},
        ),
    ),
    "month": (
        (
            in_search("The current month is May 2026. You MUST use"),
            in_search("The current month is <month>. You MUST use"),
        ),
        (in_search("The current month is May 2026 — use this"), in_search("The current month is <month> — use this")),
    ),
    "project": (
        (in_system("`/x/.claude/projects/-home-a/memory/`"), in_system("`/x/.claude/projects/<project>/memory/`")),
    ),
    "tool call": (
        (
            {"messages": [*history(Who(call="toolu_9")), *history(Who(call="toolu_8"))]},
            {"messages": [*history(Who(call="<call 1>")), *history(Who(call="<call 2>"))]},
        ),
    ),
}
"""What each rule makes of a body."""

LEFT: dict[str, tuple[Body, ...]] = {
    "user": (
        in_metadata(f"user_{'a' * 63}_account__session_{UUID}"),
        in_system(f"user_{'a' * 64}_account__session_{UUID}"),
    ),
    "user, as digits": (in_metadata("a" * 63), in_metadata(f"{'a' * 64}_x"), in_system("a" * 64)),
    "user, as JSON": (
        in_metadata('{"device_name":"a0"}'),
        in_system('{"session_id":"a0"}'),
        {"metadata": {"x": '"session_id":"a"'}},
    ),
    "billing hash": (
        in_system(f"{BILLING} cch=0ef0; cc_entrypoint=cli;"),
        {"system": [text("x"), text(f"{BILLING} cch=0ef03;")]},
        in_system(f"Say {BILLING} cch=0ef03;"),
    ),
    "billing prompt": (in_system(f"{BILLING} cc_project={UUID};"), in_system(f"cc_prompt_id={UUID};")),
    "git repository": (in_environment("Is a git repository: unknown"), in_system(" - Is a git repository: true")),
    "git status, first form": (
        in_system(f"x\n\ngitStatus: {SNAPSHOT}\nCurrent branch: x"),
        in_system("\ngitStatus: clean"),
    ),
    "git status": (in_system(f"x\n\ngitStatus: {SAID_GIT}"), in_system(f"x\n\nstatus: {GIT_TAIL}")),
    "git status reminder": (
        in_reminder(f"# gitStatus\n{GIT_TAIL}\n</system-reminder>"),
        in_reminder(f"{CONTEXT}# claudeMd\nx\n# gitStatus\n{GIT_TAIL}\n\n{ATTACHED}", ""),
    ),
    "platform": (
        in_system("Platform: linux"),
        in_environment("Platforms: all"),
        in_environment("Platform: linux, and never test"),
        in_system("# Environment\n - Platform: x\n"),
    ),
    "shell": (in_environment("Shells: zsh"), in_system(" - Shell: zsh"), in_reminder(" - Shell: zsh")),
    "kernel": (in_system("OS Version: x"), in_environment("OS Versions: x")),
    "date in <env>": (in_system("Today's date: 2025-01-02"), in_search('<env> says "Today\'s date: 2025-07-01"')),
    "date of a search": (
        in_system("  - Today's date is 2025-01-02. You MUST use this year"),
        in_search("Today's date is 2025-01-02. You MUST use this year"),
        in_search("  - Today's date is 2025-01-02. You may use it"),
    ),
    "date": (
        in_reminder("Today's date is 2025-01-02.", ""),
        in_system("It said: Today's date is 2025-01-02."),
        in_system("Today's date is secret."),
        {"messages": [{"role": "assistant", "content": "Today's date is 2025-01-02."}]},
    ),
    "month": (
        in_search("The current month is May 2026. You MUST use", "Search"),
        in_search("The current month is May 2026, so use"),
        in_search("The current month is (provided in the conversation below) — use this"),
    ),
    "project": (
        in_system("/x/.claude/projects/-home-a/"),
        in_system("/x/.claude/plugins/-home-a/memory/"),
        in_search("x"),
    ),
    "tool call": (
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "x", "id": "toolu_1"}]}]},
        {"messages": [{"role": "user", "content": [{"type": "tool_result", "id": "toolu_1"}]}]},
        {"tools": [{"type": "tool_use", "id": "toolu_1"}]},
    ),
}
"""Neighbours that a rule does not touch."""


class TestRules:
    def test_each_is_tested_both_ways_and_says_what_it_is_for(self) -> None:
        names = [rule.name for rule in RULES]
        assert names == [*REMOVED] == [*LEFT]
        assert all(rule.what and rule.read_in for rule in RULES)

    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
    def test_what_one_removes(self, rule: Any) -> None:
        for before, after in REMOVED[rule.name]:
            assert rule.apply(before) == after
            assert normal(before) == normal(after)

    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
    def test_what_one_leaves(self, rule: Any) -> None:
        for body in LEFT[rule.name]:
            assert rule.apply(body) == body

    def test_calls_that_are_not_the_same_stay_different(self) -> None:
        one, other = Who(call="toolu_1"), Who(call="toolu_2")
        twice, apart = ({"messages": [*history(one), *history(who)]} for who in (one, other))
        assert normal(twice) != normal(apart)

    def test_what_the_user_wrote_stays(self) -> None:
        said = f"{environment(ANN)}\nToday's date is 2026-01-01.\n\ngitStatus: {GIT_TAIL}"
        body = {"messages": [{"role": "user", "content": [text(said)]}, {"role": "user", "content": said}]}
        assert normalised(sent(body), {}).messages == body["messages"]

    def test_an_empty_text_that_was_sent_stays(self) -> None:
        assert normal(in_system("")).system == [text("")]
