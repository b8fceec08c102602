"""What runs: its environment, its Node.js, the Python side of a launch, and putting the shims on PATH."""
