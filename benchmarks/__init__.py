"""What the portal's speed is, measured: each module is one command, docs/benchmarks.md holds what came out."""
