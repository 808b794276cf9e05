"""The benchmarks of incidents; see the package's commands in docs/benchmarks.md."""

import sys

from benchmarks import databases
from benchmarks.incidents import bulk, world


def main(arguments: list[str]) -> None:
    command, *rest = arguments or ["world"]
    if command == "world":
        with databases.server(bulk.SETTINGS) as found:
            for ready in world.ensure(found, tuple(int(each) for each in rest) or (world.SMALL, world.LARGE)):
                print(ready)


if __name__ == "__main__":
    main(sys.argv[1:])
