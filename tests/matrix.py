"""The permission matrix as it stands in tests/permission_matrix.txt: address and method -> a status for each person of the cast."""

import functools
from pathlib import Path

from tests.cast import PEOPLE

MATRIX = Path(__file__).with_name("permission_matrix.txt")


def read_matrix() -> dict[tuple[str, str], list[str]]:
    """Return the matrix: (address, method) to a status for each person."""
    if not MATRIX.exists():
        return {}
    matrix = {}
    for line in MATRIX.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, method, *cells = line.split()
            for index, cell in enumerate(cells):
                cells[index] = cells[index - 1] if cell == "=" else cell
            matrix[name, method] = cells
    return matrix


@functools.cache
def standing() -> dict[tuple[str, str], list[str]]:
    """Return the matrix as it stood when it was first asked for; nobody writes into it."""
    return read_matrix()


def openers(name: str, people: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the people to whom an address answers with a page, by the matrix; all of them where it does not know it."""
    cells = standing().get((name, "GET"))
    if cells is None:
        return people
    return tuple(each for each in people if each in PEOPLE and cells[PEOPLE.index(each)] == "200")
