"""Draws the demo's photos: plain, friendly illustrations, so that nobody takes a made-up service for a real one."""

import io
import math
import random

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

#: Drawn twice as large and scaled down, which smooths the edges.
WIDTH, HEIGHT, SCALE = 800, 600, 2

WALLS = ("#F6E7D2", "#E4EEF5", "#EAF1E2", "#F7E3E0", "#EDE7F3", "#FFF1CF")
FLOORS = ("#C9A27A", "#B8B2A7", "#A9BFA0", "#C7B49A")
SKIES = ("#BFE3F5", "#FCE3C5", "#D6ECFA", "#E9E2F5")
SKIN = ("#F2C9A1", "#E8B88C", "#F6D5B5")
CLOTHES = ("#2F6DB5", "#3E8E5A", "#8A5AA8", "#D98A2B", "#4F6472", "#A3485A", "#6B8E9E")
HAIR = ("#2B2320", "#3C2F2A", "#C9C9C9", "#E5E5E5", "#5A4636")
VEST = "#C4261D"

#: Dishes that are served out of doors.
OUTDOORS = ("health-walk", "child-escort", "public-green")


def draw(dish: str, chance: random.Random) -> SimpleUploadedFile:
    """Return a picture of people at this service of the menu, as a phone would upload it."""
    image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), "white")
    pen = Pen(ImageDraw.Draw(image))
    (street if dish in OUTDOORS else stairs if dish == "public-stairs" else _room)(pen, chance)
    people = chance.randint(2, 4)
    left = chance.randint(110, 190)
    for place in range(people):
        x = left + place * (WIDTH - 2 * left) / max(1, people - 1)
        # The first is the one who is helped; the others wear the red vest.
        old = place == 0 and not dish.startswith("child")
        _person(pen, x, chance.randint(330, 350), chance, vest=place > 0, old=old)
    _props(pen, dish, chance)
    _heart(pen, chance.randint(330, 470), chance.randint(90, 150), chance.randint(16, 26), "#E4584C")
    out = io.BytesIO()
    image.reduce(SCALE).save(out, "JPEG", quality=88)
    return SimpleUploadedFile("photo.jpg", out.getvalue(), "image/jpeg")


class Pen:
    """Draws in the units of the finished picture."""

    def __init__(self, on: ImageDraw.ImageDraw) -> None:
        self.on = on

    def box(self, x: float, y: float, w: float, h: float, fill: str, radius: float = 0) -> None:
        self.on.rounded_rectangle([v * SCALE for v in (x, y, x + w, y + h)], radius * SCALE, fill)

    def disc(self, x: float, y: float, rx: float, fill: str, ry: float | None = None) -> None:
        ry = rx if ry is None else ry
        self.on.ellipse([v * SCALE for v in (x - rx, y - ry, x + rx, y + ry)], fill)

    def shape(self, points: list[tuple[float, float]], fill: str) -> None:
        self.on.polygon([(x * SCALE, y * SCALE) for x, y in points], fill)

    def line(self, points: list[tuple[float, float]], fill: str, width: float) -> None:
        self.on.line([(x * SCALE, y * SCALE) for x, y in points], fill, round(width * SCALE), joint="curve")

    def arc(self, x: float, y: float, r: float, start: float, end: float, fill: str, width: float) -> None:
        box = [v * SCALE for v in (x - r, y - r, x + r, y + r)]
        self.on.arc(box, start, end, fill, round(width * SCALE))


def _room(pen: Pen, chance: random.Random) -> None:
    pen.box(0, 0, WIDTH, HEIGHT, chance.choice(WALLS))
    pen.box(0, 470, WIDTH, 130, chance.choice(FLOORS))
    x = chance.choice((60, 560))
    pen.box(x, 70, 180, 160, "#FFFFFF", 6)
    pen.box(x + 10, 80, 75, 140, chance.choice(SKIES))
    pen.box(x + 95, 80, 75, 140, chance.choice(SKIES))
    for side in (x - 22, x + 172):
        pen.box(side, 58, 30, 190, chance.choice(("#D9836F", "#7FA88C", "#8C9BC2")), 8)
    other = 600 if x < 300 else 90
    pen.box(other, 90, 110, 80, "#8C6B4F", 4)
    pen.box(other + 8, 98, 94, 64, "#F4F0E6")
    pen.shape(
        [(other + 14, 156), (other + 45, 118), (other + 66, 140), (other + 80, 124), (other + 98, 156)],
        "#8FB0A0",
    )
    # A plant on the floor.
    foot = chance.choice((40, 720))
    pen.box(foot, 440, 46, 44, "#B5633F", 6)
    for turn in range(-2, 3):
        pen.line([(foot + 23, 442), (foot + 23 + turn * 17, 372 + abs(turn) * 12)], "#4C8A57", 8)


def stairs(pen: Pen, chance: random.Random) -> None:
    pen.box(0, 0, WIDTH, HEIGHT, chance.choice(WALLS))
    pen.box(0, 300, WIDTH, 170, "#8FB59A")
    pen.box(0, 470, WIDTH, 130, "#B8B2A7")
    for step in range(7):
        pen.box(560 + step * 36, 440 - step * 32, 260, 32, ("#A39C90", "#B3ACA0")[step % 2])
    pen.line([(560, 350), (800, 136)], "#7A5A3E", 12)
    pen.box(70, 120, 150, 110, "#FFFFFF", 4)
    pen.box(80, 130, 130, 90, chance.choice(SKIES))


def street(pen: Pen, chance: random.Random) -> None:
    pen.box(0, 0, WIDTH, HEIGHT, chance.choice(SKIES))
    pen.disc(chance.choice((90, 700)), 90, 44, "#F7C65B")
    x = -20
    while x < WIDTH:
        width, top = chance.randint(110, 170), chance.randint(120, 230)
        pen.box(x, top, width, 460 - top, chance.choice(("#E3D2BE", "#D5DCE2", "#E8C9B5", "#D8E0CF")))
        for row in range(top + 18, 420, 44):
            for column in range(x + 14, x + width - 24, 36):
                pen.box(column, row, 20, 26, chance.choice(("#7E97A8", "#F3DFA2", "#93A9B7")), 2)
        x += width + chance.randint(6, 30)
    pen.box(0, 450, WIDTH, 150, "#A8C48F")
    pen.box(0, 505, WIDTH, 95, "#C9C2B6")
    for foot in chance.sample(range(40, 780, 90), 3):
        pen.box(foot - 7, 380, 14, 90, "#7A5A3E")
        for dx, dy, r in ((-24, 0, 34), (24, 2, 34), (0, -28, 40)):
            pen.disc(foot + dx, 370 + dy, r, chance.choice(("#5E9B5F", "#6FAE6B", "#4F8C57")))


def _person(pen: Pen, x: float, y: float, chance: random.Random, *, vest: bool, old: bool) -> None:
    skin, shirt = chance.choice(SKIN), chance.choice(CLOTHES)
    hair = chance.choice(HAIR[2:4]) if old else chance.choice(HAIR[:2] + HAIR[4:])
    trousers = chance.choice(("#3A4654", "#5B5148", "#2F3E63"))
    for side in (-20, 4):
        pen.box(x + side, y + 110, 18, 80, trousers, 8)
        pen.box(x + side - 3, y + 182, 26, 12, "#3B2F2A", 6)
    lifted = chance.random() < 0.4
    for side in (-1, 1):
        hand = (x + side * 66, y + (10 if lifted and side > 0 else 88))
        pen.line([(x + side * 32, y + 34), (x + side * 54, y + 56), hand], shirt, 19)
        pen.disc(*hand, 11, skin)
    pen.box(x - 38, y + 14, 76, 108, shirt, 26)
    if vest:
        pen.box(x - 38, y + 16, 30, 100, VEST, 10)
        pen.box(x + 8, y + 16, 30, 100, VEST, 10)
        _heart(pen, x + 23, y + 48, 7, "#FFD9A0")
    pen.box(x - 9, y - 4, 18, 26, skin, 6)
    pen.disc(x, y - 36, 39, hair, 42)
    if chance.random() < 0.5:
        pen.disc(x, y - 82, 14, hair)
    pen.disc(x, y - 28, 34, skin, 36)
    pen.disc(x - 12, y - 32, 3.4, "#3A2A22")
    pen.disc(x + 12, y - 32, 3.4, "#3A2A22")
    pen.arc(x, y - 24, 13, 20, 160, "#B5533F", 3)
    for side in (-22, 22):
        pen.disc(x + side, y - 20, 5.5, "#F0A897", 4)


def _heart(pen: Pen, x: float, y: float, size: float, fill: str) -> None:
    points = []
    for step in range(60):
        t = math.tau * step / 60
        points.append(
            (
                x + size * 16 * math.sin(t) ** 3 / 16,
                y
                - size
                * (13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t))
                / 16,
            )
        )
    pen.shape(points, fill)


def _props(pen: Pen, dish: str, chance: random.Random) -> None:
    """Put something beside the people, mostly on a table, that tells what the service is about."""
    x = chance.randint(300, 380)
    if dish in _ON_THE_GROUND:
        _ON_THE_GROUND[dish](pen, x)
        return
    pen.box(x - 40, 430, 240, 18, "#9C6B43", 6)
    for leg in (x - 26, x + 172):
        pen.box(leg, 446, 14, 96, "#7F5535")
    _ON_THE_TABLE[dish](pen, x)


def _broom(pen: Pen, x: int) -> None:
    pen.line([(x, 360), (x + 40, 520)], "#9A6B3F", 9)
    pen.shape([(x + 24, 512), (x + 62, 504), (x + 86, 556), (x + 26, 562)], "#D9B45B")


def _bucket(pen: Pen, x: int) -> None:
    _broom(pen, x)
    pen.shape([(x + 120, 490), (x + 190, 490), (x + 178, 562), (x + 132, 562)], "#4A86B5")
    pen.arc(x + 155, 490, 34, 180, 360, "#3A6A90", 5)


def _boxes(pen: Pen, x: int) -> None:
    for left, top, width, height in ((0, 490, 110, 74), (118, 504, 86, 60), (20, 430, 84, 60)):
        pen.box(x + left, top, width, height, "#C99B62", 3)
        pen.box(x + left + width / 2 - 6, top, 12, height, "#E0C08E")


def _sweeping(pen: Pen, x: int) -> None:
    _broom(pen, x)
    _boxes(pen, x + 110)


def _flowers(pen: Pen, x: int) -> None:
    pen.box(x - 60, 540, 300, 30, "#8C6B4F", 8)
    for place, petals in enumerate(("#E4584C", "#E9A23B", "#D989A8", "#E4584C", "#E9A23B")):
        foot = x - 34 + place * 62
        pen.line([(foot, 546), (foot, 496)], "#4C8A57", 6)
        pen.disc(foot, 488, 15, petals)
        pen.disc(foot, 488, 6, "#FFF1CF")


def _stick(pen: Pen, x: int) -> None:
    pen.line([(x, 420), (x, 560)], "#7A5A3E", 8)
    pen.arc(x + 14, 420, 14, 180, 360, "#7A5A3E", 8)


def _crossing(pen: Pen, x: int) -> None:
    for place in range(5):
        pen.box(x - 120 + place * 76, 530, 44, 60, "#FFFFFF")
    pen.line([(x + 200, 450), (x + 200, 560)], "#7A8790", 8)
    pen.disc(x + 200, 430, 24, "#5E9B5F")


def _shopping(pen: Pen, x: int) -> None:
    pen.box(x + 20, 380, 60, 50, "#7FB2C9", 8)
    pen.arc(x + 50, 380, 24, 180, 360, "#5E8CA3", 5)
    pen.disc(x + 130, 416, 15, "#E4584C")
    pen.disc(x + 156, 418, 13, "#E9A23B")


def _quilts(pen: Pen, x: int) -> None:
    for place, fill in enumerate(("#D989A8", "#8C9BC2", "#E9D9A6")):
        pen.box(x + 6, 404 - place * 26, 140, 26, fill, 12)


def _bulb(pen: Pen, x: int) -> None:
    pen.disc(x + 50, 396, 24, "#F9D65C")
    pen.box(x + 40, 414, 20, 16, "#8B8B8B", 3)
    _spanner(pen, x + 100)


def _spanner(pen: Pen, x: int) -> None:
    pen.line([(x, 424), (x + 60, 392)], "#7A8790", 10)
    pen.disc(x + 64, 390, 13, "#7A8790")


def _tap(pen: Pen, x: int) -> None:
    pen.box(x + 30, 386, 16, 44, "#9AA7B0", 3)
    pen.box(x + 30, 384, 56, 14, "#9AA7B0", 5)
    pen.box(x + 22, 374, 32, 9, "#C4574A", 4)
    pen.disc(x + 80, 412, 6, "#4A86B5", 9)
    _spanner(pen, x + 104)


def _fan(pen: Pen, x: int) -> None:
    pen.box(x + 52, 396, 12, 34, "#7A8790")
    pen.disc(x + 58, 370, 36, "#DCE6EC")
    for turn in (0, 120, 240):
        angle = math.radians(turn)
        pen.disc(x + 58 + 17 * math.cos(angle), 370 + 17 * math.sin(angle), 13, "#7FB2C9")
    _spanner(pen, x + 112)


def _paper(pen: Pen, x: int) -> None:
    pen.box(x + 10, 388, 70, 42, "#FFFFFF", 3)
    for row in range(4):
        pen.box(x + 18, 395 + row * 8, 54 - 10 * (row % 2), 3, "#9AA7B0")
    pen.line([(x + 104, 428), (x + 150, 400)], "#2F6DB5", 6)


def _first_aid(pen: Pen, x: int) -> None:
    pen.box(x + 20, 392, 90, 38, "#F7F9FA", 8)
    pen.box(x + 58, 398, 14, 26, "#C4261D")
    pen.box(x + 52, 404, 26, 14, "#C4261D")
    pen.box(x + 124, 404, 54, 26, "#4A78A8", 8)


def _scissors(pen: Pen, x: int) -> None:
    for side in (-1, 1):
        pen.line([(x + 60 - side * 18, 372), (x + 60 + side * 16, 412)], "#7A8790", 7)
        pen.arc(x + 60 + side * 20, 420, 11, 0, 360, "#C4574A", 5)
    pen.box(x + 108, 408, 70, 10, "#4F6472", 3)
    for tooth in range(8):
        pen.box(x + 112 + tooth * 8, 416, 4, 13, "#4F6472")


def _meal(pen: Pen, x: int) -> None:
    pen.disc(x + 60, 408, 36, "#FFFFFF", 24)
    pen.disc(x + 60, 402, 30, "#F2D7A0", 14)
    for steam in (40, 60, 80):
        pen.arc(x + steam, 372, 9, 60, 300, "#FFFFFF", 4)


def _phone(pen: Pen, x: int) -> None:
    pen.box(x + 40, 352, 46, 78, "#2B3640", 8)
    pen.box(x + 45, 360, 36, 60, "#BFE3F5", 3)
    pen.box(x + 104, 366, 58, 34, "#FFFFFF", 12)
    for dot in range(3):
        pen.disc(x + 120 + dot * 13, 383, 4, "#7FA88C")


def _books(pen: Pen, x: int) -> None:
    for place, fill in enumerate(("#C4574A", "#4A86B5", "#E0A63C", "#5E9B5F")):
        pen.box(x + 10 + place * 6, 418 - place * 12, 92, 11, fill, 2)
    pen.line([(x + 130, 426), (x + 158, 366)], "#E0A63C", 7)


def _painting(pen: Pen, x: int) -> None:
    pen.box(x + 10, 366, 96, 64, "#FFFFFF", 3)
    pen.shape([(x + 22, 420), (x + 48, 384), (x + 70, 420)], "#6FAE6B")
    pen.disc(x + 84, 384, 9, "#F7C65B")
    for place, fill in enumerate(("#C4574A", "#4A86B5", "#E0A63C")):
        pen.disc(x + 130 + place * 20, 420, 9, fill)


def _chess(pen: Pen, x: int) -> None:
    pen.box(x, 424, 110, 6, "#E2C48D")
    for place in range(5):
        pen.disc(x + 12 + place * 22, 420, 8, "#7C3B2A" if place % 2 else "#F5EBD8", 5)
    _tea(pen, x + 132)


def _tea(pen: Pen, x: int) -> None:
    pen.box(x, 400, 34, 28, "#7FA88C", 8)
    pen.arc(x + 36, 412, 10, 270, 90, "#7FA88C", 4)


def _two_cups(pen: Pen, x: int) -> None:
    _tea(pen, x + 20)
    _tea(pen, x + 110)


def _cake(pen: Pen, x: int) -> None:
    pen.box(x + 20, 396, 110, 34, "#F6D5B5", 6)
    pen.box(x + 20, 388, 110, 14, "#FFFFFF", 7)
    for candle, fill in enumerate(("#C4574A", "#4A86B5", "#E0A63C")):
        pen.box(x + 42 + candle * 30, 366, 6, 24, fill)
        pen.disc(x + 45 + candle * 30, 360, 4, "#F7C65B", 6)


_ON_THE_GROUND = {
    "home-clean": _bucket, "home-carry": _boxes, "health-walk": _stick, "child-escort": _crossing,
    "public-stairs": _sweeping, "public-green": _flowers,
}  # fmt: skip
_ON_THE_TABLE = {
    "home-shopping": _shopping, "home-quilt": _quilts, "fix-light": _bulb, "fix-water": _tap, "fix-device": _fan,
    "fix-safety": _paper, "health-pressure": _first_aid, "health-visit": _first_aid, "health-care": _two_cups,
    "elder-hair": _scissors, "elder-meal": _meal, "elder-phone": _phone, "elder-cook": _meal, "child-lesson": _books,
    "child-art": _painting, "company-chat": _chess, "company-heart": _two_cups, "company-birthday": _cake,
    "advice-law": _paper, "advice-policy": _paper, "advice-sign": _paper,
}  # fmt: skip
