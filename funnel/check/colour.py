"""How much lighter one CSS colour is than another, as WCAG 2.2 reckons it."""

import re
from collections.abc import Callable
from colorsys import hls_to_rgb
from math import cos, radians, sin

Light = tuple[float, float, float]  # red, green and blue, each from 0 to 1, as amounts of light

SHARES = (0.2126, 0.7152, 0.0722)  # of each in how bright a colour looks
GLARE = 0.05  # light that every screen reflects


def contrast(one: str, other: str) -> float | None:
    """From 1 to 21. None where a colour lets another one through, or is written as no reader here knows."""
    first, second = _light(one), _light(other)
    if first is None or second is None:
        return None
    dark, bright = sorted((_brightness(first), _brightness(second)))
    return (bright + GLARE) / (dark + GLARE)


def _brightness(light: Light) -> float:
    return sum(share * amount for share, amount in zip(SHARES, light, strict=True))


def _light(colour: str) -> Light | None:
    name, _, inside = colour.rstrip(")").partition("(")
    parts = re.split(r"[\s,/]+", inside.strip()) if inside else _hex_pairs(colour)
    reader = READERS.get(name) if inside else _from_hex
    try:
        return reader(*parts) if reader and len(parts) == 3 else None  # a fourth part is how much comes through
    except (ValueError, ArithmeticError):  # a unit or a word that no reader knows, a number beyond all colours
        return None


def _hex_pairs(colour: str) -> list[str]:
    digits = colour[1:] if len(colour) > 5 else "".join(2 * digit for digit in colour[1:])
    return re.findall("..", digits)


def _from_hex(*pairs: str) -> Light:
    red, green, blue = (int(pair, 16) / 255 for pair in pairs)
    return _lit(red, green, blue)


def _from_rgb(*parts: str) -> Light:
    red, green, blue = (_number(part, of=255) / 255 for part in parts)
    return _lit(red, green, blue)


def _from_hsl(hue: str, saturation: str, lightness: str) -> Light:
    turned = _number(hue.removesuffix("deg"), of=360) / 360
    return _lit(*hls_to_rgb(turned, _number(lightness, of=100) / 100, _number(saturation, of=100) / 100))


def _from_oklch(lightness: str, chroma: str, hue: str) -> Light:
    radius, angle = _number(chroma, of=0.4), radians(_number(hue.removesuffix("deg"), of=360))
    return _from_oklab(lightness, str(radius * cos(angle)), str(radius * sin(angle)))


def _from_oklab(lightness: str, green_red: str, blue_yellow: str) -> Light:
    """The numbers are those of CSS Color 4."""
    whole, a, b = _number(lightness, of=1), _number(green_red, of=0.4), _number(blue_yellow, of=0.4)
    long = (whole + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (whole - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (whole - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _within(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
        _within(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
        _within(-0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short),
    )


READERS: dict[str, Callable[..., Light]] = {
    "rgb": _from_rgb,
    "hsl": _from_hsl,
    "oklab": _from_oklab,
    "oklch": _from_oklch,
}


def _lit(red: float, green: float, blue: float) -> Light:
    """From what sRGB writes down to amounts of light."""
    return _lit_part(red), _lit_part(green), _lit_part(blue)


def _lit_part(written: float) -> float:
    part = _within(written)
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _number(text: str, *, of: float) -> float:
    """A per cent sign means that much of `of`."""
    return float(text[:-1]) / 100 * of if text.endswith("%") else 0.0 if text == "none" else float(text)


def _within(part: float) -> float:
    return min(max(part, 0.0), 1.0)
