"""Names that no lock may set, whatever a user allows: they redirect traffic, carry secrets, run code, or weaken a
permission. By parts of names, for releases add names faster than anybody lists them; a few harmless ones go with them.

The table of flags (`ccpin.pinning.flags`) does not need this list: what is not in the table is refused anyway. It is
for what a user wants to add to the table.
"""

from __future__ import annotations

import re

_OURS = re.compile(r"(?:CLAUDE|ANTHROPIC|DISABLE|ENABLE|FORCE|MAX|MCP|BASH|API|USE|FALLBACK|TASK|DO|SLASH)_[A-Z0-9_]+")
"""What Claude Code's own variables are called. PATH, HTTPS_PROXY, NODE_OPTIONS and their like are not among them."""

_LONGEST = 80  # characters

# fmt: off
_PARTS = (
    # where requests go, and in whose name
    "URL", "URI_", "ENDPOINT", "API_BASE", "HOST", "_PORT_", "SOCK", "PROXY", "GATEWAY", "BRIDGE",
    "REMOTE_TOOLS", "REMOTE_MEMORY", "HEADER", "_BODY", "_CODE_USE_", "_USE_CASE_", "_CODE_SKIP_",
    "DOMAIN", "_ORIGIN_", "UPSTREAM", "BACKEND", "PROVIDER", "_ADDR", "MIRROR", "CALLBACK", "RELAY", "TUNNEL",
    "_SERVER_NAME", "API_SERVER", "STAGING", "LOCAL_API", "_REMOTE_", "_SSH_", "_DNS_", "RESOLVER", "TRANSPORT",
    "NETWORK", "_REGION_", "TENANT", "ENVIRONMENT", "REGISTRY", "MARKETPLACE", "INSTALL", "UPDATER",
    "_SKIP_PERMISSION", "AWS_", "ANTHROPIC_BEDROCK", "ANTHROPIC_FOUNDRY", "ANTHROPIC_GOOGLE",
    "ANTHROPIC_VERTEX", "AZURE", "GCE_", "GCP_", "GCLOUD", "CLOUDSDK", "ROUTE",
    # secrets, and who somebody is
    "KEY", "AUTH", "TOKEN", "SECRET", "PASSW", "PASSPHRASE", "CRED", "COOKIE", "JWT", "_FD_",
    "BEARER", "_OTP_", "_PAT_", "ACCOUNT", "IDENTITY", "LOGIN", "ORGANIZATION_", "WORKSPACE_ID", "LICENSE",
    "DESCRIPTOR", "SIGN_IN", "FEDERATION", "PROFILE", "SUBSCRIPTION", "RATE_LIMIT",
    # whom the network trusts
    "CERT", "CA_BUNDLE", "TLS", "SSL", "CIPHER",
    # what is run
    "SHELL", "BASH", "COMMAND", "CMD", "HELPER", "WRAPPER", "EXEC", "_BIN_", "PATH", "_SCRIPT", "HOOK",
    "PLUGIN", "MCP_APPS", "MCP_SERVERS", "PREWAIT", "_ENV_", "SUBPROCESS", "_NODE_", "_BUN_", "BUNDLE",
    "PYTHON", "RIPGREP", "PRELOAD", "LOADER", "INTERPRETER", "EDITOR_", "_VISUAL_", "PAGER_", "BROWSER", "OPENER",
    "SPAWN", "PROGRAM", "BINARY", "_RUN_", "_EVAL_", "_ARGS_", "_ARGV_", "_OPTIONS_", "_NPM_", "_GIT_", "EXTENSION",
    "ADDON", "FORMATTER", "LINTER", "DOCKER", "CONTAINER",
    # what is asked before it is done
    "PERMISSION", "TRUST", "DANGEROUS", "BYPASS", "SANDBOX", "CONFINED", "CLASSIFIER", "DELEGATED", "_RM_",
    "DENY", "DENIES", "DENIAL", "GUARD", "CHECK", "SHADOW", "VARIABLE_PROMPT", "AUTO_MODE", "AUTO_DEFAULT",
    "PLAN_MODE", "ALLOW_", "ALLOWS", "_AFK_", "CHROME", "ALLOWED", "ALLOWLIST", "WHITELIST", "APPROV", "ACCEPT",
    "CONFIRM", "CONSENT", "YOLO", "_YES_", "SAFE", "SECUR", "RESTRICTED", "PRIVILEGE", "ADMIN", "_ROOT_", "ISOLATION",
    "BUBBLEWRAP", "ENTRYPOINT", "AUTO_CONNECT", "JAIL", "FIREWALL", "SSRF", "VERIF", "VALIDAT", "INTEGRITY", "POLICY",
    "MANAGED",
    # where things are kept
    "HOME_", "_DIR", "_DIRS_", "DIRECTORY", "FOLDER", "_FILE", "ROOTS_", "TMP", "SETTINGS", "CONFIG", "STORAGE",
    "COWORK", "TRANSCRIPT",
    # how sessions and their helpers find each other
    "SESSION", "LAUNCH", "_BG_", "_PTY_", "_JOB_", "TELEPORT", "TETHER", "RESUME_", "_TUI_",
    # what is told to others
    "UPLOAD", "_SHARE", "EXPORT", "COLLECTOR", "LOGGING", "_DUMP", "WEBHOOK",
    "OTEL_", "TRACING", "TRACE", "DIAGNOSTIC", "DEBUG", "RECORD", "_LOG_", "_LOGS_", "TELEMETRY", "FEEDBACK",
    "METADATA", "IMPORT_", "DATADOG", "SENTRY",
)
"""Looked for anywhere in `_NAME_`: `_` stands for the end of a word too."""

_OTHERS = (
    "CLAUDE_AX_", "CLAUDE_CODE_3P_", "CLAUDE_CODE_ARTIFACT_", "CLAUDE_CODE_ATTRIBUTION_STATUS_",
    "CLAUDE_CODE_CCR_", "CLAUDE_CODE_COORDINATOR_", "CLAUDE_CODE_CRYPTIC_", "CLAUDE_CODE_CURRIED_",
    "CLAUDE_CODE_DAPPER_", "CLAUDE_CODE_DEEP_", "CLAUDE_CODE_DISABLE_AGENT_PROGRESS_",
    "CLAUDE_CODE_DISABLE_ATTRIBUTION_", "CLAUDE_CODE_DISABLE_MCP_TASKS", "CLAUDE_CODE_DISABLE_PROACTIVITY",
    "CLAUDE_CODE_DISABLE_SUBAGENT_HANDBACK", "CLAUDE_CODE_ENABLE_CFC", "CLAUDE_CODE_FORWARD_",
    "CLAUDE_CODE_HARBOR_", "CLAUDE_CODE_MCP_STARTUP_WAIT_", "CLAUDE_CODE_MODEL_CAPABILITIES",
    "CLAUDE_CODE_MODEL_NOBODY_", "CLAUDE_CODE_NANKEEN_", "CLAUDE_CODE_NORMALIZE_",
    "CLAUDE_CODE_OVERLOADED_RETRY_", "CLAUDE_CODE_PARSED_", "CLAUDE_CODE_SDK_", "CLAUDE_CODE_SILENT_TURN_",
    "CLAUDE_CODE_SKILL_", "CLAUDE_CODE_SORTED_", "CLAUDE_CODE_SPARE_", "CLAUDE_CODE_STREAMED_",
    "CLAUDE_CODE_SYNC_SKILLS", "CLAUDE_CODE_TOOL_USE_ID", "CLAUDE_CODE_UPFRONT_", "CLAUDE_CODE_USER_",
    "CLAUDE_CODE_WHIMSICAL_", "CLAUDE_CODE_YOU_SHOULD_KNOW_",
)
# fmt: on
"""Beginnings of what else 2.1.330 takes from no project's settings, by two lists that were read in it."""


def never(name: str) -> str | None:
    """Why a lock may not set `name` even where its user allows it, or None."""
    if len(name) > _LONGEST or not _OURS.fullmatch(name):
        return "it is not the name of a variable of Claude Code's"
    padded = f"_{name}_"
    if any(part in padded for part in _PARTS):
        return "it may redirect traffic, carry a secret, run code or weaken a permission"
    if name.startswith(_OTHERS):
        return "Claude Code itself takes it from no project"
    return None
