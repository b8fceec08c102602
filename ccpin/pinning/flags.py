"""The behaviour flags that a lock may hold: the whole table. What is not here is refused, whoever asks.

A lock comes with a clone, so nothing here can redirect traffic, carry a secret, run code or weaken a permission, and
every flag takes its own kind of value and no other. Switches take "1" alone: several releases read any non-empty
value, even "0", as on, so "0" in a lock would say the contrary of what it does.

Each row says what the flag does, which mechanisms it answers, what it costs, and the earliest and latest release in
which it was found, of the eleven that were read (0.2.9, 0.2.35, 1.0.51, 1.0.100, 2.0.14, 2.0.64, 2.1.0, 2.1.112,
2.1.113, 2.1.200, 2.1.330; a live test reads them again). What a release really reads is looked up at its install
(`ccpin.store.scan`). The rows of kind `Cleared` are for no lock to set: a launch with a clean slate takes them away.

On the launch path: no imports. `ccpin setup` writes the table into the shim, each kind by its `sign`.
"""

from __future__ import annotations

ON = "1"

MECHANISMS = {
    1: "traffic slicing per experiment",
    2: "state that sticks to a session",
    3: "system-prompt experiments",
    4: "updates that land in mid-work",
    5: "beta headers decided per request",
    6: "prompt churn from release to release",
    7: "drift of model and effort",
}
"""Why sessions of one release differ; 6 is answered by the pinned version itself."""

_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_MODEL = _LETTERS | frozenset("._:@/-[]")
_WORD = _LETTERS | frozenset("._-")


class Words:
    """One of a few words."""

    __slots__ = ("words",)

    def __init__(self, *words: str) -> None:
        self.words = words

    @property
    def sign(self) -> str:
        return "|".join(self.words)

    def problem(self, value: str) -> str | None:
        if value in self.words:
            return None
        return f"its only value is {_quoted(self.words)}" if len(self.words) == 1 else f"it takes {self}"

    def __str__(self) -> str:
        return _quoted(self.words)


class Number:
    """A whole number from `low` to `high`, in decimal digits without leading zeros; at most nine of them, for some
    shells count in 32 bits."""

    __slots__ = ("high", "low")

    def __init__(self, low: int, high: int) -> None:
        self.low = low
        self.high = high

    @property
    def sign(self) -> str:
        return f"#{self.low}-{self.high}"

    def problem(self, value: str) -> str | None:
        digits = value.isascii() and value.isdecimal() and len(value) <= 9 and (value[0] != "0" or value == "0")
        return None if digits and self.low <= int(value) <= self.high else f"it takes {self}"

    def __str__(self) -> str:
        return f"a number from {self.low} to {self.high}"


class Model:
    """The id of a model, or one of its short names: what the API takes, and no address or path of a file."""

    __slots__ = ()
    sign = "@"

    def problem(self, value: str) -> str | None:
        fits = 0 < len(value) <= 128 and value[0] in _LETTERS and _MODEL.issuperset(value)
        return None if fits else f"it takes {self}"

    def __str__(self) -> str:
        return "the id of a model"


class Cleared:
    """For no lock to set: a clean slate takes it away from the launch, and that is all."""

    __slots__ = ()
    sign = "!"

    def problem(self, value: str) -> str | None:
        return "no lock may set it; `clean = true` takes it away"

    def __str__(self) -> str:
        return "nothing: a clean slate takes it away"


class Flag:
    """One row. `first` and `last` are releases (`last` None: still there in the newest one read), `instead` the flags
    that do its job in releases that do not read it."""

    __slots__ = ("effect", "first", "instead", "kind", "last", "mechanisms", "name", "price")

    def __init__(
        self,
        name: str,
        kind: Words | Number | Model | Cleared,
        mechanisms: tuple[int, ...],
        first: str,
        effect: str,
        price: str,
        instead: tuple[str, ...] = (),
        last: str | None = None,
    ) -> None:
        self.name = name
        self.kind = kind
        self.mechanisms = mechanisms
        self.first = first
        self.effect = effect
        self.price = price
        self.instead = instead
        self.last = last


class Profile:
    """A named set of flags; `clean` says that a launch starts from a clean slate."""

    __slots__ = ("clean", "env", "meaning")

    def __init__(self, meaning: str, env: dict[str, str], *, clean: bool = False) -> None:
        self.meaning = meaning
        self.env = env
        self.clean = clean


_SWITCH = Words(ON)
_YES_NO = Words("1", "0")
_TTL = Words("5m", "1h")
_MODEL_ID = Model()
_CLEARED = Cleared()
_MS = Number(1, 86_400_000)
_TOKENS = Number(1, 10_000_000)

_NONE = "none known"
_CACHE_PRICE = "requests cost more and answer later"
_OWN = "what a user set for it does not count"

# fmt: off
_ROWS = (
    # --- updates
    Flag("DISABLE_AUTOUPDATER", _SWITCH, (4, 6), "1.0.51",
         "no update in the background", "plugins are not updated by themselves either"),
    Flag("DISABLE_UPDATES", _SWITCH, (4, 6), "2.1.200",
         "no update at all, not even by hand", "plugins are not updated by themselves either",
         ("DISABLE_AUTOUPDATER",)),
    Flag("DISABLE_INSTALLATION_CHECKS", _SWITCH, (), "2.0.14",
         "no warning that the installation is not where the installer puts it", "a broken native install is not named"),
    Flag("CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL", _SWITCH, (3,), "2.1.112",
         "the official plugin marketplace is not added by itself", "its plugins are not offered until it is added"),
    Flag("CLAUDE_CODE_DISABLE_BG_STABLE_PATH", _SWITCH, (4,), "2.1.330",
         "background work on macOS runs this very executable, not a copy in an application folder",
         "macOS may ask again for permissions that were given to the copy"),
    Flag("FORCE_AUTOUPDATE_PLUGINS", _CLEARED, (3, 4), "2.1.112",
         "plugins are updated although updates are off", _OWN),
    Flag("CLAUDE_CODE_PACKAGE_MANAGER_AUTO_UPDATE", _CLEARED, (4,), "2.1.200",
         "the updater runs a package manager's upgrade", _OWN),
    # --- experiments and telemetry
    Flag("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", _SWITCH, (1, 3, 4, 7), "1.0.51",
         "no updater, telemetry, feature flags, client data, model catalog or connectors",
         "no remote control, no feedback, no plugin fetches, no cloud sessions"),
    Flag("DISABLE_TELEMETRY", _SWITCH, (1, 2, 3, 5), "1.0.51",
         "no telemetry, and in all releases read also no feature flags: compiled defaults",
         "features that are switched on by a flag are off",
         ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",)),
    Flag("DISABLE_GROWTHBOOK", _SWITCH, (1, 2, 3, 5), "2.1.200",
         "compiled defaults for every feature flag", "features that are switched on by a flag are off",
         ("CLAUDE_CODE_DISABLE_FEATURE_FLAGS", "DISABLE_TELEMETRY")),
    Flag("CLAUDE_CODE_DISABLE_FEATURE_FLAGS", _SWITCH, (1, 2, 3, 5), "2.1.330",
         "compiled defaults for every feature flag", "features that are switched on by a flag are off",
         ("DISABLE_GROWTHBOOK", "DISABLE_TELEMETRY")),
    Flag("DO_NOT_TRACK", _SWITCH, (1,), "2.1.112",
         "no telemetry", "as DISABLE_TELEMETRY; other programs that are started read it too", ("DISABLE_TELEMETRY",)),
    Flag("DISABLE_ERROR_REPORTING", _SWITCH, (), "1.0.51", "no error reports", "upstream does not hear of crashes"),
    Flag("CLAUDE_CODE_DISABLE_FEEDBACK_SURVEY", _SWITCH, (1,), "2.0.64", "no survey in a session", _NONE),
    Flag("CLAUDE_CODE_DISABLE_RESPONSE_COMPARISON", _SWITCH, (1,), "2.1.330",
         "no two answers to choose from", _NONE),
    Flag("CLAUDE_CODE_FEATURE_FLAGS_REFRESH_INTERVAL_MS", Number(60_000, 604_800_000), (1, 2), "2.1.330",
         "how often feature flags are fetched again, in milliseconds", "a flag switched off upstream stays on longer"),
    Flag("CLAUDE_CODE_GB_DISK_CACHE_WHEN_TELEMETRY_OFF", _CLEARED, (1,), "2.1.330",
         "feature flags cached on the disk count although telemetry is off", _OWN),
    Flag("CLAUDE_INTERNAL_FC_OVERRIDES", _CLEARED, (1,), "2.1.200", "overrides single feature flags", _OWN),
    Flag("CLAUDE_CODE_CLIENT_DATA_URL", _CLEARED, (3, 7), "2.1.330", "where client data is fetched", _OWN),
    # --- system prompt and what is put into the conversation
    Flag("CLAUDE_CODE_SIMPLE_SYSTEM_PROMPT", _YES_NO, (3,), "2.1.200",
         '"0" refuses and "1" forces the experiment with a short system prompt', "the experiment's gains, if any"),
    Flag("CLAUDE_CODE_TODO_REMINDER_MODE", Words("baseline", "off"), (3,), "2.1.200",
         "the text that reminds of the todo list", "the experiment's gains, if any"),
    Flag("CLAUDE_CODE_ATTRIBUTION_HEADER", Words("false"), (3, 6), "2.1.112",
         "no billing line, which holds a hash of the conversation, at the head of the system prompt",
         "upstream cannot attribute usage by it"),
    Flag("CLAUDE_CODE_DISABLE_GIT_INSTRUCTIONS", _SWITCH, (3,), "2.1.112",
         "no git and pull-request section in the system prompt", "commits and pull requests follow no house rules"),
    Flag("CLAUDE_CODE_DISABLE_CLAUDE_MDS", _SWITCH, (3,), "2.0.14",
         "no CLAUDE.md in the context, the project's own neither", "the project's instructions are not read"),
    Flag("CLAUDE_CODE_DISABLE_AUTO_MEMORY", _SWITCH, (3,), "2.1.112",
         "no memory that was written in earlier sessions", "nothing is remembered from one session to the next"),
    Flag("CLAUDE_CODE_DISABLE_BUNDLED_SKILLS", _SWITCH, (3,), "2.1.200",
         "no bundled skills in the prompt", "they cannot be used"),
    Flag("CLAUDE_CODE_DISABLE_WORKFLOWS", _SWITCH, (3,), "2.1.200",
         "no workflows in the prompt", "they cannot be used"),
    Flag("CLAUDE_CODE_DISABLE_ARTIFACT", _SWITCH, (3,), "2.1.200", "no artifacts tool", "it cannot be used"),
    Flag("CLAUDE_CODE_REMOVE_PROMPT_STRINGS", Words("false"), (3,), "2.1.330",
         "nothing is taken out of the system prompt, whatever the server lists", "the experiment's gains, if any"),
    Flag("CLAUDE_CODE_TOASTY_THIMBLE", _CLEARED, (3,), "2.1.330", "the text of a reminder in tool results", _OWN),
    Flag("CLAUDE_CODE_GENTLE_PARASOL", _CLEARED, (3,), "2.1.330", "the text of a reminder in tool results", _OWN),
    Flag("CLAUDE_CODE_SIMPLE", _CLEARED, (3,), "2.1.112", "a minimal mode, with a short prompt and few tools", _OWN),
    Flag("CLAUDE_CODE_SAFE_MODE", _CLEARED, (3,), "2.1.200", "a mode without a user's own settings", _OWN),
    Flag("CLAUDE_CODE_DISABLE_ATTACHMENTS", _CLEARED, (3,), "2.0.14", "no attachments in the context", _OWN),
    Flag("CLAUDE_CODE_ENABLE_TOKEN_USAGE_ATTACHMENT", _CLEARED, (3,), "2.0.14",
         "the tokens used so far stand in the context", _OWN),
    Flag("SLASH_COMMAND_TOOL_CHAR_BUDGET", Number(1, 1_000_000), (3,), "2.0.14",
         "how many characters of commands and skills the prompt lists", "more are listed, or fewer"),
    # --- betas and the shape of a request
    Flag("CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS", _SWITCH, (5,), "2.0.64",
         "no experimental beta headers, nor the tools and fields behind them",
         "a shorter context, and some caching, are lost: slower and dearer",
         ("DISABLE_INTERLEAVED_THINKING", "CLAUDE_CODE_DISABLE_FINE_GRAINED_TOOL_STREAMING")),
    Flag("DISABLE_INTERLEAVED_THINKING", _SWITCH, (5,), "1.0.51",
         "no interleaved-thinking beta", "no thinking between two uses of tools"),
    Flag("CLAUDE_CODE_DISABLE_FINE_GRAINED_TOOL_STREAMING", _SWITCH, (5,), "1.0.51",
         "no beta for streaming a tool's input in pieces", "long tool inputs arrive at once",
         ("CLAUDE_CODE_ENABLE_FINE_GRAINED_TOOL_STREAMING",), last="2.0.14"),
    Flag("CLAUDE_CODE_ENABLE_FINE_GRAINED_TOOL_STREAMING", _YES_NO, (5,), "2.1.112",
         "whether a tool's input is streamed in pieces", '"0": long tool inputs arrive at once',
         ("CLAUDE_CODE_DISABLE_FINE_GRAINED_TOOL_STREAMING",)),
    Flag("ENABLE_TOOL_SEARCH", Words("true", "false", "auto"), (5,), "2.1.0",
         "whether tools are looked for as they are needed", '"false": every tool stands in every request'),
    Flag("CLAUDE_CODE_DISABLE_1M_CONTEXT", _SWITCH, (5,), "2.1.112",
         "no beta for a context of a million tokens", "long sessions are compacted sooner"),
    Flag("CLAUDE_CODE_DISABLE_ADVISOR_TOOL", _SWITCH, (5, 7), "2.1.112", "no advisor", "it cannot be used"),
    Flag("CLAUDE_CODE_DISABLE_FAST_MODE", _SWITCH, (5, 7), "2.1.112", "no fast mode", "it cannot be used"),
    Flag("ANTHROPIC_BETAS", _CLEARED, (5,), "1.0.51", "adds beta headers", _OWN),
    Flag("USE_API_CONTEXT_MANAGEMENT", _CLEARED, (5,), "1.0.100", "lets the server manage the context", _OWN),
    # --- model, thinking, effort
    Flag("ANTHROPIC_MODEL", _MODEL_ID, (7,), "0.2.9",
         "the model of a session, below `--model` and `/model`", "no newer model by itself"),
    Flag("ANTHROPIC_DEFAULT_MODEL", _MODEL_ID, (7,), "2.1.330",
         "the model where none is named", "no newer model by itself", ("ANTHROPIC_MODEL",)),
    Flag("ANTHROPIC_DEFAULT_OPUS_MODEL", _MODEL_ID, (7,), "1.0.100", "what `opus` means", "no newer model by itself"),
    Flag("ANTHROPIC_DEFAULT_SONNET_MODEL", _MODEL_ID, (7,), "1.0.100",
         "what `sonnet` means", "no newer model by itself"),
    Flag("ANTHROPIC_DEFAULT_HAIKU_MODEL", _MODEL_ID, (7,), "2.0.14",
         "what `haiku` means, and the model of background work", "no newer model by itself",
         ("ANTHROPIC_SMALL_FAST_MODEL",)),
    Flag("ANTHROPIC_DEFAULT_FABLE_MODEL", _MODEL_ID, (7,), "2.1.200", "what `fable` means", "no newer model by itself"),
    Flag("ANTHROPIC_SMALL_FAST_MODEL", _MODEL_ID, (7,), "1.0.51",
         "the model of background work, by its old name", "no newer model by itself",
         ("ANTHROPIC_DEFAULT_HAIKU_MODEL",)),
    Flag("CLAUDE_CODE_SUBAGENT_MODEL", _MODEL_ID, (7,), "1.0.100",
         "the model of subagents", "no newer model by itself"),
    Flag("CLAUDE_CODE_SUBAGENT_EFFORT", Words("low", "medium", "high", "xhigh", "max"), (7,), "2.1.330",
         "the effort of subagents", "time and tokens, by the word"),
    Flag("CLAUDE_CODE_SUBAGENT_MODEL_FORCE", _CLEARED, (7,), "2.1.330", "subagents cannot choose a model", _OWN),
    Flag("CLAUDE_CODE_WORKFLOW_SUBAGENT_MODEL", _CLEARED, (7,), "2.1.330", "the model of a workflow's subagents", _OWN),
    Flag("CLAUDE_CODE_DISABLE_LEGACY_MODEL_REMAP", _SWITCH, (7,), "2.1.112",
         "a retired model id is not turned into another one", "a retired id fails instead"),
    Flag("CLAUDE_CODE_NO_MODEL_FALLBACK", _SWITCH, (7,), "2.1.330",
         "no other model where the chosen one is overloaded or refuses", "such a request fails instead"),
    Flag("CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK", _SWITCH, (7,), "2.1.112",
         "a stream that broke is not asked for again as a whole", "such a request fails instead"),
    Flag("FALLBACK_FOR_ALL_PRIMARY_MODELS", _CLEARED, (7,), "2.0.64", "every model may fall back to another", _OWN),
    Flag("CLAUDE_CODE_EFFORT_LEVEL", Words("low", "medium", "high", "xhigh", "max", "auto"), (7,), "2.0.64",
         "the effort, above `/effort` and the setting", "time and tokens, by the word"),
    Flag("CLAUDE_CODE_ALWAYS_ENABLE_EFFORT", _SWITCH, (7,), "2.1.112",
         "effort is sent to every model", "a model that does not know it refuses the request"),
    Flag("MAX_THINKING_TOKENS", Number(0, 200_000), (7,), "1.0.51",
         "a fixed budget for thinking, 0 for none", "tokens, or depth"),
    Flag("CLAUDE_CODE_DISABLE_ADAPTIVE_THINKING", _SWITCH, (7,), "2.1.112",
         "the model does not choose how long it thinks", "tokens", ("MAX_THINKING_TOKENS",)),
    Flag("CLAUDE_CODE_DISABLE_THINKING", _SWITCH, (7,), "2.1.112", "no thinking", "depth", ("MAX_THINKING_TOKENS",)),
    Flag("CLAUDE_CODE_DISABLE_ULTRATHINK", _SWITCH, (7,), "2.1.330",
         "the word `ultrathink` in a prompt changes nothing", "the word cannot be used"),
    Flag("CLAUDE_CODE_MAX_OUTPUT_TOKENS", Number(1, 1_000_000), (7,), "1.0.51",
         "the longest answer, in tokens", "answers may be cut off"),
    Flag("CLAUDE_CODE_MODEL_CATALOG", Words("off"), (7,), "2.1.330",
         "default model, effort and limits are those compiled in, not those published since",
         "no newer default by itself", ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",)),
    Flag("CLAUDE_CODE_MODEL_CATALOG_URL", _CLEARED, (7,), "2.1.330", "where the model catalog is fetched", _OWN),
    # --- context, compaction, caching
    Flag("CLAUDE_CODE_MAX_CONTEXT_TOKENS", _TOKENS, (2,), "2.1.112",
         "how long a context is taken to be", "too many, and requests are refused"),
    Flag("DISABLE_COMPACT", _SWITCH, (2,), "2.0.64", "no compaction at all", "a long session ends at its limit"),
    Flag("DISABLE_AUTO_COMPACT", _SWITCH, (2,), "2.1.0",
         "no compaction by itself", "a long session ends at its limit, unless `/compact` is used"),
    Flag("DISABLE_MICROCOMPACT", _SWITCH, (2,), "1.0.100",
         "old tool results are not cleared away", "long sessions are compacted sooner", last="2.1.0"),
    Flag("CLAUDE_AUTOCOMPACT_PCT_OVERRIDE", Number(1, 100), (2,), "2.0.64",
         "at how many percent of the context it is compacted", "sooner or later than upstream found good"),
    Flag("CLAUDE_CODE_AUTO_COMPACT_WINDOW", _TOKENS, (2,), "2.1.112",
         "the context that compaction reckons with, in tokens", "sooner or later than upstream found good"),
    Flag("CLAUDE_CODE_IDLE_COMPACT_MIN_TOKENS", Number(0, 10_000_000), (2,), "2.1.330",
         "from how many tokens on an idle session is compacted", "sooner or later than upstream found good"),
    Flag("DISABLE_PROMPT_CACHING", _SWITCH, (2,), "0.2.9", "no prompt caching", _CACHE_PRICE),
    Flag("DISABLE_PROMPT_CACHING_HAIKU", _SWITCH, (2,), "2.0.14",
         "no prompt caching for haiku", _CACHE_PRICE, ("DISABLE_PROMPT_CACHING",)),
    Flag("DISABLE_PROMPT_CACHING_SONNET", _SWITCH, (2,), "2.0.14",
         "no prompt caching for sonnet", _CACHE_PRICE, ("DISABLE_PROMPT_CACHING",)),
    Flag("DISABLE_PROMPT_CACHING_OPUS", _SWITCH, (2,), "2.0.14",
         "no prompt caching for opus", _CACHE_PRICE, ("DISABLE_PROMPT_CACHING",)),
    Flag("DISABLE_PROMPT_CACHING_FABLE", _SWITCH, (2,), "2.1.200",
         "no prompt caching for fable", _CACHE_PRICE, ("DISABLE_PROMPT_CACHING",)),
    Flag("ENABLE_PROMPT_CACHING_1H", _SWITCH, (2,), "2.1.112",
         "prompts are cached for an hour", "writing to the cache costs more"),
    Flag("FORCE_PROMPT_CACHING_5M", _SWITCH, (2,), "2.1.112",
         "prompts are cached for five minutes", "a pause of more costs the prompt again"),
    Flag("CLAUDE_CODE_PROMPT_CACHE_TTL", _TTL, (2,), "2.1.330",
         "how long prompts are cached", "by the word, as the two above",
         ("ENABLE_PROMPT_CACHING_1H", "FORCE_PROMPT_CACHING_5M")),
    Flag("CLAUDE_CODE_SUBAGENT_PROMPT_CACHE_TTL", _TTL, (2,), "2.1.330",
         "how long the prompts of subagents are cached", "by the word, as the two above"),
    Flag("CLAUDE_CODE_MESSAGES_PROMPT_CACHE_TTL", _TTL, (2,), "2.1.330",
         "how long the messages of a session are cached", "by the word, as the two above"),
    # --- tools, subagents, background work
    Flag("CLAUDE_CODE_DISABLE_BACKGROUND_TASKS", _SWITCH, (4,), "2.1.112",
         "no command or subagent in the background", "long commands are waited for"),
    Flag("CLAUDE_AUTO_BACKGROUND_TASKS", _YES_NO, (4,), "2.1.112",
         "whether long work goes to the background by itself", '"0": it is waited for'),
    Flag("CLAUDE_CODE_DISABLE_CRON", _SWITCH, (4,), "2.1.112", "no scheduled prompts", "they cannot be used"),
    Flag("CLAUDE_CODE_DISABLE_AGENT_VIEW", _SWITCH, (4,), "2.1.200",
         "no background agents, which a supervisor of another release may serve",
         "no `--bg`, no agents view, no supervisor"),
    Flag("CLAUDE_CODE_DISABLE_EXPLORE_PLAN_AGENTS", _SWITCH, (3,), "2.1.200",
         "no built-in agents for exploring and planning", "they cannot be used"),
    Flag("CLAUDE_CODE_EXPERIMENTAL_AGENT_TEAMS", _YES_NO, (3,), "2.1.112",
         "whether teams of agents are offered", "by the word"),
    Flag("CLAUDE_CODE_ENABLE_TASKS", _YES_NO, (3,), "2.1.112",
         "whether the task tools stand in the place of the todo list", "by the word"),
    Flag("CLAUDE_CODE_ENABLE_AWAY_SUMMARY", _YES_NO, (1,), "2.1.112",
         "whether a summary is written while one is away", "by the word"),
    Flag("CLAUDE_CODE_FORK_SUBAGENT", _YES_NO, (3,), "2.1.200",
         "whether a session can be forked into a subagent", "by the word"),
    Flag("CLAUDE_CODE_ENABLE_PROMPT_SUGGESTION", _YES_NO, (1,), "2.1.0",
         "whether a next prompt is suggested", '"1": a request more per turn'),
    Flag("CLAUDE_CODE_DISABLE_WEB_FETCH", _SWITCH, (3,), "2.1.330", "no tool that fetches pages", "it cannot be used"),
    Flag("CLAUDE_CODE_DISABLE_FILE_CHECKPOINTING", _SWITCH, (), "2.0.14",
         "no copies of files before they are edited", "`/rewind` cannot restore files"),
    Flag("ENABLE_CLAUDEAI_MCP_SERVERS", Words("false"), (3,), "2.1.0",
         "no connectors of the account, which differ from person to person", "they cannot be used"),
    Flag("CLAUDE_CODE_SYNC_PLUGIN_INSTALL", _YES_NO, (3,), "2.1.112",
         "whether a first prompt waits for plugins", '"1": a slower start'),
    Flag("MCP_CONNECTION_NONBLOCKING", _YES_NO, (3,), "2.1.112",
         "whether a first prompt waits for MCP servers", '"0": a slower start'),
    Flag("CLAUDE_CODE_GLOB_HIDDEN", _YES_NO, (), "2.1.112", "whether the glob tool sees hidden files", "by the word"),
    Flag("CLAUDE_CODE_GLOB_NO_IGNORE", _YES_NO, (), "2.1.112", "whether the glob tool heeds .gitignore", "by the word"),
    Flag("CLAUDE_BASH_MAINTAIN_PROJECT_WORKING_DIR", _YES_NO, (), "1.0.51",
         "whether every command starts in the project's folder", "by the word"),
    # --- limits
    Flag("BASH_DEFAULT_TIMEOUT_MS", _MS, (), "1.0.51", "how long a command may take, in milliseconds", "by the number"),
    Flag("BASH_MAX_TIMEOUT_MS", _MS, (), "1.0.51", "the longest time that may be asked for", "by the number"),
    Flag("BASH_MAX_OUTPUT_LENGTH", Number(1, 10_000_000), (), "1.0.51",
         "how many characters of a command's output are kept", "by the number"),
    Flag("TASK_MAX_OUTPUT_LENGTH", Number(1, 10_000_000), (), "2.1.0",
         "how many characters of a task's output are kept", "by the number"),
    Flag("CLAUDE_CODE_FILE_READ_MAX_OUTPUT_TOKENS", _TOKENS, (), "2.1.0",
         "how many tokens of a file are read at once", "by the number"),
    Flag("MAX_MCP_OUTPUT_TOKENS", _TOKENS, (), "1.0.51",
         "how many tokens of an MCP tool's answer are kept", "by the number"),
    Flag("MCP_TIMEOUT", _MS, (), "1.0.51",
         "how long an MCP server may take to start, in milliseconds", "by the number"),
    Flag("MCP_TOOL_TIMEOUT", Number(1, 999_999_999), (), "1.0.51",
         "how long an MCP tool may take, in milliseconds", "by the number"),
    Flag("API_TIMEOUT_MS", _MS, (), "0.2.9", "how long a request may take, in milliseconds", "by the number"),
    Flag("CLAUDE_CODE_MAX_RETRIES", Number(0, 100), (), "1.0.51",
         "how often a failed request is repeated", "by the number"),
    Flag("CLAUDE_CODE_MAX_TOOL_USE_CONCURRENCY", Number(1, 100), (), "2.0.64",
         "how many tools run at once", "by the number"),
    Flag("MAX_STRUCTURED_OUTPUT_RETRIES", Number(0, 100), (), "2.0.64",
         "how often an answer of the wrong form is asked for again", "by the number"),
    Flag("CLAUDE_CODE_MAX_SUBAGENTS_PER_SESSION", Number(0, 10_000), (), "2.1.330",
         "how many subagents a session may start", "by the number"),
    Flag("CLAUDE_CODE_MAX_WEB_SEARCHES_PER_SESSION", Number(0, 10_000), (), "2.1.330",
         "how many searches a session may make", "by the number"),
)
# fmt: on

TABLE = {flag.name: flag for flag in _ROWS}
"""Name -> its row, in the order in which people should read them."""

_DEFAULT = dict.fromkeys(
    (
        "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS",
        "DISABLE_AUTOUPDATER",
        "DISABLE_INSTALLATION_CHECKS",
        "DISABLE_UPDATES",
    ),
    ON,
)
_STRICT = {
    **_DEFAULT,
    "CLAUDE_CODE_DISABLE_AGENT_VIEW": ON,
    "CLAUDE_CODE_DISABLE_FEATURE_FLAGS": ON,
    "CLAUDE_CODE_DISABLE_LEGACY_MODEL_REMAP": ON,
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": ON,
    "CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL": ON,
    "CLAUDE_CODE_MODEL_CATALOG": "off",
    "CLAUDE_CODE_REMOVE_PROMPT_STRINGS": "false",
    "CLAUDE_CODE_SIMPLE_SYSTEM_PROMPT": "0",
    "DISABLE_GROWTHBOOK": ON,
    "DISABLE_TELEMETRY": ON,
    "ENABLE_CLAUDEAI_MCP_SERVERS": "false",
}

PROFILES = {
    "default": Profile("no updates and no experimental betas", _DEFAULT),
    "strict": Profile(
        "nothing that tells two users of one release apart: no feature flags, no telemetry, and a clean slate",
        dict(sorted(_STRICT.items())),
        clean=True,
    ),
    "none": Profile("the release alone", {}),
}
"""Name -> its flags. A new lock holds those of `default`."""


def problem(name: str, value: object, allowed: frozenset[str] = frozenset()) -> str | None:
    """Why `name = value` may not stand in a lock, or None. `allowed` are names that this user lets locks set."""
    flag = TABLE.get(name)
    if flag is None:
        if name in allowed:
            return None if isinstance(value, str) and _is_word(value) else "it takes one plain word"
        return "it is not one of ccpin's behaviour flags"
    return flag.kind.problem(value) if isinstance(value, str) else "its value is not a text in quotes"


def _is_word(value: str) -> bool:
    return 0 < len(value) <= 128 and value[0] in _LETTERS and _WORD.issuperset(value)


def _quoted(words: tuple[str, ...]) -> str:
    return " or ".join(f'"{word}"' for word in words)
