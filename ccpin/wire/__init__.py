"""What a release of Claude Code sends: a loopback API for it to talk to, and a runner that leaves it no other."""
