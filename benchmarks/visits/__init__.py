"""The benchmarks of the grid's register and its visits."""
