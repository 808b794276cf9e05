"""Every address of the portal, found in the resolver, and what to fill in for one in the cast's world."""

from collections.abc import Iterator

from django.urls import get_resolver


def names(resolver=None, space: tuple[str, ...] = ()) -> Iterator[str]:
    """Return the name of every address, with its namespace; an address without a name is an error."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if hasattr(pattern, "url_patterns"):
            yield from names(pattern, (*space, pattern.namespace) if pattern.namespace else space)
        else:
            if not pattern.name and str(pattern.pattern) not in UNNAMED:
                raise AssertionError(f"an address without a name: {pattern.pattern}")
            if pattern.name:
                yield ":".join([*space, pattern.name])


#: Without a name: what answers 404 in the words of its room, and the admin's redirect from an old address of a row.
UNNAMED = {"<path:object_id>/", "^.*$", "(?P<url>.*)$", "^(?P<url>.*)$"}
