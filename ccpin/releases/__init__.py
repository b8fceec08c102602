"""What upstream offers: where the registry is, what it holds, and the one Release that a request means."""
