"""How a team arrives: what `ccpin init` writes into a repository."""
