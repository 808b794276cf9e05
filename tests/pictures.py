"""Pictures for tests, made here: nothing of anyone's."""

import io

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


def jpeg(size: tuple[int, int] = (64, 48), colour: str = "#B5251C", **options) -> bytes:
    """Return a plain JPEG of this size in pixels."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", **options)
    return out.getvalue()


def upload(name: str = "a.jpg") -> SimpleUploadedFile:
    """Return a picture as a form hands it over."""
    return SimpleUploadedFile(name, jpeg(), "image/jpeg")
