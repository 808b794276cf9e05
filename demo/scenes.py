"""Draws what is reported and what was done about it: plain drawings, a few for all, so that they cost next to nothing."""

import io
import random
from collections.abc import Callable
from functools import cache

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from demo.pictures import HEIGHT, SCALE, WIDTH, Pen, stairs, street

#: How many drawings there are of each scene, before and after.
VARIANTS = 2
SMALLER = 4
DONE = "#2E8B57"


def picture(minor: str, place: str, *, after: bool = False) -> SimpleUploadedFile:
    """Return a picture of an incident of this minor class, as a phone would upload it: as found, or as left (``after``).

    One ``place``, in whatever words, looks the same before and after.
    """
    variant = random.Random(place).randrange(VARIANTS)  # noqa: S311  a drawing, not a secret
    drawn = _drawn(_SCENE_OF.get(minor, _OF_MAJOR[minor[:2]]), variant, after)
    return SimpleUploadedFile("photo.jpg", drawn, "image/jpeg")


@cache
def _drawn(scene: str, variant: int, after: bool) -> bytes:
    chance = random.Random(f"{scene}/{variant}")  # noqa: S311  a drawing, not a secret
    image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), "white")
    pen = Pen(ImageDraw.Draw(image))
    (stairs if scene in ("corridor", "ads", "lift") else street)(pen, chance)
    x = 190 + 90 * variant
    _SCENES[scene](pen, x, after)
    if after:
        # Well within the square that a list shows of it.
        pen.disc(610, 84, 50, "#FFFFFF")
        pen.disc(610, 84, 44, DONE)
        pen.line([(586, 86), (604, 106), (636, 64)], "#FFFFFF", 12)
    out = io.BytesIO()
    image.reduce(SMALLER).save(out, "JPEG", quality=85)
    return out.getvalue()


def _heap(pen: Pen, x: int, after: bool) -> None:
    for place, fill in enumerate(("#4F8C57", "#4A78A8", "#8B8B8B")):
        pen.box(x + 310 + place * 56, 410, 48, 96, fill, 8)
        pen.box(x + 304 + place * 56, 400, 60, 16, "#3B4650", 6)
    if after:
        pen.line([(x + 60, 400), (x + 110, 560)], "#9A6B3F", 9)
        pen.shape([(x + 92, 548), (x + 136, 540), (x + 160, 590), (x + 92, 594)], "#D9B45B")
        return
    for left, top, fill in ((0, 510, "#5B6470"), (70, 520, "#7E6A8C"), (150, 506, "#3F5F6B"), (50, 460, "#6B5D4B"),
                            (118, 452, "#56714F")):  # fmt: skip
        pen.disc(x + left + 40, top + 36, 48, fill, 40)
        pen.shape([(x + left + 28, top), (x + left + 40, top - 18), (x + left + 52, top)], fill)
    pen.disc(x + 130, 566, 130, "#8A7A5E", 12)


def _ads(pen: Pen, x: int, after: bool) -> None:
    for row in range(3):
        for column in range(4):
            if after:
                pen.box(x - 60 + column * 84, 120 + row * 92, 64, 70, "#DDE7DC", 4)
                continue
            fill = ("#FFF3B0", "#FFFFFF", "#FFD0C7", "#D5E8FF")[(row + column) % 4]
            pen.box(x - 60 + column * 84 + 7 * (row % 2), 120 + row * 92, 64, 70, fill, 2)
            for line in range(4):
                pen.box(
                    x - 52 + column * 84,
                    132 + row * 92 + line * 13,
                    44,
                    5,
                    "#C4574A" if line == 0 else "#7A8790",
                )


def _stall(pen: Pen, x: int, after: bool) -> None:
    if after:
        pen.box(x, 470, 330, 8, "#F7C65B")
        return
    pen.shape([(x, 390), (x + 300, 390), (x + 270, 340), (x + 30, 340)], "#C4574A")
    for leg in (x + 14, x + 276):
        pen.box(leg, 390, 10, 150, "#7F5535")
    pen.box(x, 470, 300, 40, "#9C6B43", 4)
    for place in range(9):
        pen.disc(x + 28 + place * 30, 462, 16, ("#E4584C", "#E9A23B", "#7DAE5A")[place % 3])


def _tree(pen: Pen, x: int, after: bool) -> None:
    pen.box(x, 540, 380, 26, "#8C6B4F", 8)
    pen.box(x + 170, 330, 22, 220, "#7A5A3E")
    green = ("#5E9B5F", "#6FAE6B", "#4F8C57") if after else ("#A58B5A", "#B79A63", "#97804F")
    for dx, dy, r in ((-50, 10, 66), (54, 6, 64), (0, -54, 74)):
        pen.disc(x + 181 + dx, 320 + dy, r, green[(dx + 50) % 3])
    for place in range(6 if after else 2):
        pen.disc(x + 34 + place * 62, 536, 22, "#5E9B5F" if after else "#B79A63", 16)


def _shed(pen: Pen, x: int, after: bool) -> None:
    pen.box(x, 540, 340, 14, "#A39C90")
    if after:
        return
    pen.box(x + 20, 350, 300, 196, "#8FA7B8", 4)
    for place in range(10):
        pen.box(x + 32 + place * 29, 356, 6, 184, "#7B93A5")
    pen.shape([(x, 356), (x + 340, 356), (x + 310, 306), (x + 30, 306)], "#B5633F")
    pen.box(x + 130, 430, 70, 116, "#5B5148")


def _lamp(pen: Pen, x: int, after: bool) -> None:
    pen.box(x + 150, 180, 16, 370, "#4F6472")
    pen.line([(x + 158, 186), (x + 260, 160)], "#4F6472", 12)
    if after:
        pen.disc(x + 268, 196, 96, "#FFF1B8", 84)
    pen.disc(x + 268, 168, 30, "#F9D65C" if after else "#59636B", 18)
    if not after:
        pen.line([(x + 60, 250), (x + 130, 330), (x + 90, 420)], "#2B3640", 6)


def _hole(pen: Pen, x: int, after: bool) -> None:
    pen.box(x - 40, 500, 440, 100, "#9BA1A6", 10)
    pen.disc(x + 180, 548, 96, "#6B7278" if after else "#2B2F33", 32)
    if after:
        for ring in (70, 40):
            pen.disc(x + 180, 548, ring, "#838B92" if ring == 70 else "#6B7278", ring / 3)
        return
    for cone in (x + 40, x + 320):
        pen.shape([(cone, 560), (cone + 56, 560), (cone + 28, 470)], "#E4782F")
        pen.box(cone + 14, 518, 28, 12, "#FFFFFF")


def _water(pen: Pen, x: int, after: bool) -> None:
    pen.disc(x + 190, 560, 60 if after else 260, "#C9C2B6" if after else "#7FB2C9", 10 if after else 38)
    pen.box(x + 150, 470, 90, 14, "#7A8790", 6)
    if not after:
        for drop in range(6):
            pen.line([(x + 194, 474), (x + 110 + drop * 34, 400 - 26 * (2 - abs(drop - 2)))], "#5E9CC0", 8)
        return
    pen.box(x + 186, 440, 16, 40, "#C4574A", 4)
    pen.box(x + 160, 430, 68, 14, "#C4574A", 6)


def _corridor(pen: Pen, x: int, after: bool) -> None:
    pen.box(430, 210, 120, 262, "#8C6B4F", 4)
    pen.disc(534, 346, 7, "#E2C48D")
    if after:
        return
    for left, top, width, height, fill in ((0, 400, 130, 100, "#C99B62"), (24, 316, 96, 84, "#B98A52"),
                                           (146, 430, 96, 70, "#C99B62"), (150, 370, 84, 60, "#8FA7B8")):  # fmt: skip
        pen.box(x - 60 + left, top + 30, width, height, fill, 3)
        pen.box(x - 60 + left + width / 2 - 6, top + 30, 12, height, "#E0C08E")


def _bike(pen: Pen, x: int, fill: str) -> None:
    for wheel in (x, x + 150):
        pen.disc(wheel, 524, 42, "#2B2F33")
        pen.disc(wheel, 524, 26, "#C9CED2")
    pen.line([(x, 524), (x + 60, 452), (x + 126, 470), (x + 150, 524)], fill, 16)
    pen.line([(x + 126, 470), (x + 136, 410)], "#3B4650", 9)
    pen.line([(x + 112, 410), (x + 160, 406)], "#3B4650", 9)
    pen.box(x + 26, 436, 70, 20, "#3B2F2A", 8)


def _charging(pen: Pen, x: int, after: bool) -> None:
    _bike(pen, x + 40, "#4A86B5")
    if after:
        pen.box(x + 270, 380, 60, 150, "#DCE6EC", 8)
        pen.box(x + 284, 396, 32, 24, DONE, 4)
        return
    pen.line([(x + 100, 450), (x + 60, 330), (x + 160, 210), (x + 150, 120)], "#E4584C", 7)
    pen.box(x + 78, 440, 60, 18, "#FFFFFF", 4)


def _lift(pen: Pen, x: int, after: bool) -> None:
    pen.box(x, 170, 240, 302, "#9AA7B0", 4)
    pen.box(x + 12, 182, 106, 290, "#C3CDD4")
    pen.box(x + 122, 182, 106, 290, "#C3CDD4")
    pen.box(x + 262, 300, 34, 70, "#59636B", 5)
    pen.disc(x + 279, 322, 8, DONE if after else "#E4584C")
    if not after:
        pen.shape([(x + 60, 330), (x + 180, 330), (x + 120, 230)], "#F7C65B")
        pen.box(x + 114, 262, 12, 36, "#3B2F2A")
        pen.box(x + 114, 304, 12, 12, "#3B2F2A")


def _smoke(pen: Pen, x: int, after: bool) -> None:
    pen.box(x + 120, 330, 200, 190, "#C7B49A", 6)
    pen.box(x + 190, 300, 40, 40, "#7A8790")
    if after:
        return
    for dx, dy, r in ((0, 0, 34), (30, -52, 44), (-24, -104, 52), (40, -160, 60)):
        pen.disc(x + 210 + dx, 270 + dy, r, "#8B8F94")


def _cars(pen: Pen, x: int, after: bool) -> None:
    pen.box(0, 540, WIDTH, 60, "#8E959B")
    for place in range(9):
        pen.box(place * 96 + 10, 564, 54, 8, "#FFFFFF")
    if after:
        return
    for place, fill in enumerate(("#C4574A", "#4A78A8")):
        left = x - 90 + place * 270
        pen.box(left, 452, 230, 66, fill, 22)
        pen.box(left + 46, 404, 130, 62, fill, 26)
        pen.box(left + 60, 414, 48, 40, "#DCE6EC", 8)
        pen.box(left + 116, 414, 48, 40, "#DCE6EC", 8)
        for wheel in (left + 54, left + 178):
            pen.disc(wheel, 518, 28, "#2B2F33")
            pen.disc(wheel, 518, 12, "#C9CED2")


def _bikes(pen: Pen, x: int, after: bool) -> None:
    for place in range(2 if after else 4):
        _bike(
            pen,
            (60 if after else x - 150) + place * (200 if after else 110),
            ("#E9A23B", "#4F8C57")[place % 2],
        )


def _paper(pen: Pen, x: int, after: bool) -> None:
    pen.box(x, 150, 340, 400, "#FFFFFF", 10)
    pen.box(x + 120, 130, 100, 40, "#9AA7B0", 10)
    for line in range(6):
        pen.box(x + 80, 210 + line * 52, 210 - 40 * (line % 3), 16, "#B8C2C9", 6)
        if after:
            pen.disc(x + 48, 218 + line * 52, 13, DONE)


def _signal(pen: Pen, x: int, after: bool) -> None:
    pen.box(x + 170, 300, 16, 250, "#4F6472")
    pen.box(x + 136, 140, 84, 200, "#2B3640", 16)
    for place, fill in enumerate(("#E4584C", "#F7C65B", "#4F9D5A")):
        pen.disc(x + 178, 180 + place * 60, 23, fill if after and place == 2 else "#59636B")
    for place in range(6):
        pen.box(x - 80 + place * 84, 548, 52, 48, "#FFFFFF" if after else "#CFCBC2")


_SCENES: dict[str, Callable[[Pen, int, bool], None]] = {
    "heap": _heap, "ads": _ads, "stall": _stall, "tree": _tree, "shed": _shed, "lamp": _lamp, "hole": _hole,
    "water": _water, "corridor": _corridor, "charging": _charging, "lift": _lift, "smoke": _smoke, "cars": _cars,
    "bikes": _bikes, "paper": _paper, "signal": _signal,
}  # fmt: skip
_OF_MAJOR = {
    "01": "heap", "02": "hole", "03": "corridor", "04": "smoke", "05": "corridor", "06": "cars", "07": "paper", "08": "paper",
    "09": "paper",
}  # fmt: skip
_SCENE_OF = {
    "0104": "ads", "0105": "stall", "0109": "tree", "0110": "tree", "0111": "shed", "0201": "lamp", "0204": "water",
    "0205": "water", "0206": "water", "0207": "lamp", "0208": "paper", "0209": "paper", "0210": "water", "0211": "lamp",
    "0301": "lift", "0302": "lift", "0304": "smoke", "0308": "water", "0309": "paper", "0310": "shed", "0311": "tree",
    "0402": "stall", "0403": "paper", "0404": "paper", "0409": "paper", "0502": "charging", "0503": "charging",
    "0505": "cars", "0508": "smoke", "0509": "tree", "0513": "stall", "0514": "smoke", "0515": "water", "0518": "charging",
    "0603": "bikes", "0604": "bikes", "0606": "signal", "0607": "signal",
}  # fmt: skip
