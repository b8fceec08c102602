"""Stand-ins for what is outside of ccpin: upstream's packages, a registry, Claude Code, Node.js, a machine."""
