"""What the project says: version requests, the lock, the behaviour flags, and which lock counts for a folder."""
