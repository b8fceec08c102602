"""ccpin: `claude` means the same thing on every machine that has checked a project out."""

__version__ = "0.1.0"  # a literal: reading the installed metadata costs four times a bare Python start
