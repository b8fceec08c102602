"""Checks, each a small function that returns findings; nothing here changes anything."""
