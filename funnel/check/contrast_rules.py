"""A theme's colours, against each other and against those it leaves as they are: whether text can be read."""

import re
from collections.abc import Iterator, Mapping

from funnel.check.colour import contrast
from funnel.check.finding import Finding
from funnel.check.subject import RuleOfAll, Subject

NEEDED = 4.5  # WCAG 2.2, 1.4.3 at level AA, for text of any size
SHEET = "css/funnel.css"
ROOT = re.compile(r":root\s*\{([^}]*)\}")
PROPERTY = re.compile(r"--([a-z-]+):\s*([^;]+);")

# What the style sheet draws as text, and the grounds it draws it on.
TEXTS = {
    "ink": ("paper", "card", "note_ground", "good_ground", "bad_ground"),
    "soft": ("paper", "card", "note_ground"),
    "accent": ("paper", "card", "note_ground"),
    "accent_strong": ("paper", "card"),
    "on_accent": ("accent", "accent_strong"),
    "good": ("card",),
    "bad": ("card", "bad_ground"),
    "on_night": ("night",),
    "night_soft": ("night",),
    "on_night_accent": ("night_accent",),
}


def low_contrast(subject: Subject) -> Iterator[Finding]:
    """At the text's colour, or at the ground's where the theme gives only that one. What is shipped can be read."""
    given = {name for name, schemes in subject.settings.campaign.theme.colours if schemes}
    schemes = _schemes(subject)
    for text, ground in ((text, ground) for text, grounds in TEXTS.items() for ground in grounds):
        named = next((name for name in (text, ground) if name in given), None)
        poor = [f"{ratio} in the {scheme} scheme" for scheme, ratio in _poor(schemes, text, ground)] if named else []
        if poor:
            message = f"{text} on {ground} has a contrast of {' and '.join(poor)}; needed: {NEEDED}"
            yield subject.at("low-contrast", f"theme.colours.{named}", message)


def _poor(schemes: Mapping[str, Mapping[str, str]], text: str, ground: str) -> Iterator[tuple[str, float]]:
    for scheme, colours in schemes.items():
        ratio = contrast(colours[text], colours[ground])
        if ratio is not None and ratio < NEEDED:
            yield scheme, int(10 * ratio) / 10


def _schemes(subject: Subject) -> dict[str, dict[str, str]]:
    """All colours of the light and of the dark scheme; the style sheet has them in its first two blocks."""
    sheet = (subject.folders.shipped / "static" / SHEET).read_text(encoding="utf-8")
    blocks = [{_key(name): value for name, value in PROPERTY.findall(block)} for block in ROOT.findall(sheet)]
    given = [(name, schemes) for name, schemes in subject.settings.campaign.theme.colours if schemes]
    light = blocks[0] | {name: each.light for name, each in given}
    dark = blocks[0] | blocks[1] | {name: each.dark or each.light for name, each in given}
    return {"light": light, "dark": dark}


def _key(name: str) -> str:
    return name.replace("-", "_")


RULES: tuple[RuleOfAll, ...] = (low_contrast,)
