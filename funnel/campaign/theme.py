"""A brand's own look: the [theme] table of funnel.toml, and the style that its values become."""

from base64 import b64encode
from hashlib import sha256
from typing import Annotated

from pydantic import BeforeValidator, Field

from funnel.campaign.tables import Table
from funnel.campaign.values import Text

COLOUR_RULE = 'a CSS colour, like "#a23f0c", or one for each scheme, like { light = "#a23f0c", dark = "#f2a650" }'
FONT_RULE = "font names in the order of wish, like \"Georgia, 'Times New Roman', serif\""

# Nothing here can end a declaration or fetch anything.
HEX = r"#([0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})"
FUNCTION = r"(rgb|hsl|hwb|lab|lch|oklab|oklch)\([\w.,%/ +-]+\)"
CssColour = Annotated[str, Field(pattern=f"^({HEX}|{FUNCTION})$")]
FontNames = Annotated[str, Field(pattern=r"^[\w ,'\"-]+$", max_length=300)]


class Schemes(Table):
    """One colour in the light scheme, and in the dark one, if it is another there."""

    light: CssColour = Field(description=COLOUR_RULE)
    dark: CssColour | None = Field(None, description=COLOUR_RULE)


def _in_both(value: object) -> object:
    return {"light": value} if isinstance(value, str) else value


Colour = Annotated[Schemes | None, BeforeValidator(_in_both)]


class Colours(Table):
    """Each becomes the custom property of its name, with dashes: accent_strong is --accent-strong."""

    paper: Colour = Field(None, description=COLOUR_RULE)
    card: Colour = Field(None, description=COLOUR_RULE)
    ink: Colour = Field(None, description=COLOUR_RULE)
    soft: Colour = Field(None, description=COLOUR_RULE)
    hair: Colour = Field(None, description=COLOUR_RULE)
    edge: Colour = Field(None, description=COLOUR_RULE)
    accent: Colour = Field(None, description=COLOUR_RULE)
    accent_strong: Colour = Field(None, description=COLOUR_RULE)
    on_accent: Colour = Field(None, description=COLOUR_RULE)
    focus: Colour = Field(None, description=COLOUR_RULE)
    good: Colour = Field(None, description=COLOUR_RULE)
    good_ground: Colour = Field(None, description=COLOUR_RULE)
    bad: Colour = Field(None, description=COLOUR_RULE)
    bad_ground: Colour = Field(None, description=COLOUR_RULE)
    note_ground: Colour = Field(None, description=COLOUR_RULE)
    night: Colour = Field(None, description=COLOUR_RULE)
    on_night: Colour = Field(None, description=COLOUR_RULE)
    night_soft: Colour = Field(None, description=COLOUR_RULE)
    night_accent: Colour = Field(None, description=COLOUR_RULE)
    on_night_accent: Colour = Field(None, description=COLOUR_RULE)


class Fonts(Table):
    display: FontNames | None = Field(None, description=FONT_RULE)
    text: FontNames | None = Field(None, description=FONT_RULE)


class Theme(Table):
    folder: Text | None = Field(None, description="a folder beside funnel.toml with templates, static or locale in it")
    logo: Text | None = Field(None, description="a picture in static/, like img/logo.svg")
    colours: Colours = Field(Colours(), description="a [theme.colours] table")
    fonts: Fonts = Field(Fonts(), description="a [theme.fonts] table")


def style_of(theme: Theme) -> str:
    """The custom properties that differ from the style sheet's, or an empty text."""
    given = {name.replace("_", "-"): schemes for name, schemes in theme.colours if schemes}
    light = "".join(f"--{name}:{each.light};" for name, each in given.items())
    dark = "".join(f"--{name}:{each.dark or each.light};" for name, each in given.items())
    light += "".join(f"--{name}:{names};" for name, names in theme.fonts if names)
    if not dark:
        return f":root{{{light}}}" if light else ""
    return f":root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"


def hash_of(style: str) -> str:
    """As a Content-Security-Policy names an inline style that may stand in a page."""
    return f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'"
