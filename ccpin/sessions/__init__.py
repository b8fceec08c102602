"""What Claude Code has written down of its sessions: releases, changes, and whether they fit the lock."""
