"""Uploaded pictures: checked by content, re-encoded, stripped of metadata, and served only through the rule.

A picture is decoded by Pillow within a pixel limit (a decompression bomb is refused before it is unpacked), turned
upright by its EXIF orientation, scaled down and written anew as JPEG; nothing of the uploaded bytes, name, EXIF or
position is kept. A JPEG that draws its pixels over and over, a few bytes each time, is refused too.
"""

import hashlib
import io
import re
import warnings
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from PIL import Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile

from governance.models import Photo, User

#: Bytes of one upload.
MOST_BYTES = 12 * 1024 * 1024
#: Pixels of one upload; a 48-megapixel phone picture passes, a bomb does not.
MOST_PIXELS = 64_000_000
#: Scans of one JPEG; a progressive one has about ten. Each costs as much as decoding the whole picture.
MOST_SCANS = 50
LONG_EDGE, THUMB_EDGE = 1600, 360
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")


def clean_picture(upload: UploadedFile) -> tuple[bytes, bytes]:
    """Return the picture and its small version as JPEG bytes.

    Raises ValidationError with the file's name and what to do.
    """
    name = upload.name[-40:]
    if upload.size > MOST_BYTES:
        raise ValidationError(
            f"“{name}”太大了，一张照片不超过 {MOST_BYTES // 1024 // 1024} MB。", code="too_large"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            upload.seek(0)
            picture = Image.open(upload, formats=FORMATS)
            if picture.width * picture.height > MOST_PIXELS:
                raise ValidationError(f"“{name}”的像素太多，请先缩小再上传。", code="too_many_pixels")
            if isinstance(picture, JpegImageFile):
                upload.seek(0)
                if scans_of(upload.read()) > MOST_SCANS:
                    raise ValidationError(
                        f"“{name}”的格式不寻常，请另存为普通的 JPG 再上传。", code="too_many_scans"
                    )
                # Unpacked no larger than it is needed: several pictures at once must not take up the memory.
                picture.draft(None, (LONG_EDGE, LONG_EDGE))
            picture.load()
            ImageOps.exif_transpose(picture, in_place=True)
            picture = picture if picture.mode == "RGB" else picture.convert("RGB")
            # A comment would be written along with the pixels.
            picture.info.clear()
    except ValidationError:
        raise
    except Exception as error:  # what a broken or crafted file makes the decoders raise is anything
        raise ValidationError(
            f"“{name}”不是可用的照片，请上传 JPG、PNG、WebP 或 GIF 图片。", code="not_a_picture"
        ) from error
    # The small one is made of the large one, which is no longer needed then.
    return _encoded(picture, LONG_EDGE, 84), _encoded(picture, THUMB_EDGE, 78)


def copies(photos: Iterable[Photo], name: str) -> list[ContentFile]:
    """Return stored pictures as uploads called ``name``, to be kept at another row too; one whose file is gone is left out."""
    found = []
    for photo in photos:
        try:
            with photo.image.open("rb") as stored:
                found.append(ContentFile(stored.read(), name))
        except OSError:
            continue
    return found


def scans_of(data: bytes) -> int:
    """Return how many scans a decoder would find in a JPEG's bytes, as far as one more than is allowed."""
    found, at = 0, 0
    while found <= MOST_SCANS and (marker := _MARKER.search(data, at)) is not None:
        kind, at = marker[1][0], marker.end()
        if kind == _END:
            break
        found += kind == _SCAN
        if kind >= _WITH_LENGTH and kind != _START:
            at += int.from_bytes(data[at : at + 2])
    return found


#: A marker in the bytes of a JPEG: neither a stuffed byte nor a restart, which belong to a scan.
_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])", re.DOTALL)
_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
#: From here on a marker has a length and is skipped whole; a decoder looks for others behind those below.
_WITH_LENGTH = 0xC0


def _encoded(picture: Image.Image, edge: int, quality: int) -> bytes:
    picture.thumbnail((edge, edge), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def attach(model: type[Photo], uploads: Iterable[UploadedFile], *, by: User | None, **owner) -> list[Photo]:
    """Store pictures for the row that ``owner`` names (``order=…``). All of them pass, or none is stored.

    Raises ValidationError at the field ``photos``.
    """
    cleaned, problems = [], []
    for upload in uploads:
        try:
            cleaned.append(clean_picture(upload))
        except ValidationError as error:
            problems += error.messages
    if problems:
        raise ValidationError({"photos": problems})
    stored = []
    for large, small in cleaned:
        photo = model(uploaded_by=by, sha256=hashlib.sha256(large).hexdigest(), **owner)
        photo.image.save("x.jpg", ContentFile(large, "x.jpg"), save=False)
        photo.thumb.save("x.jpg", ContentFile(small, "x.jpg"), save=False)
        photo.save()
        stored.append(photo)
    return stored
