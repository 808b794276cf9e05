"""The parts of an address that are more than Django's own converters know. What does not look right matches no address, so
that a view never sees it (a NUL byte in a path would otherwise reach the database)."""

from django.urls import register_converter
from django.urls.converters import StringConverter


class MatterNumber(StringConverter):
    """A matter's number, such as ``DD-120106001002-20261122-0001``."""

    regex = "[A-Z]{2}-[0-9]{6,15}-[0-9]{8}-[0-9]{4,9}"


class Name(StringConverter):
    """The name of an app, a model, a field or an action."""

    regex = "[a-z][a-z_]{0,40}"


class PhotoToken(StringConverter):
    """The unguessable name of a stored picture."""

    regex = "[A-Za-z0-9_-]{10,40}"


class UploadToken(StringConverter):
    """The name that a phone gives a picture which it sends in pieces."""

    regex = "[0-9a-f]{32}"


register_converter(MatterNumber, "matter")
register_converter(Name, "name")
register_converter(PhotoToken, "photo")
register_converter(UploadToken, "upload")
