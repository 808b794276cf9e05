"""The benchmarks of the party organisation."""
