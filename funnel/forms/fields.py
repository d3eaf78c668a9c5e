"""The kinds of field that hold what shoppers type, and how they are drawn."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from wtforms import Field, StringField

from funnel.forms.checks import Check, Facts, at_most, no_card
from funnel.forms.tidying import tidy_text
from funnel.language.phrase import Phrase

Option = tuple[str, str]  # value, words
Groups = tuple[tuple[str, tuple[Option, ...]], ...]  # heading, options

LEFT_TO_RIGHT = "ltr"  # as numbers and addresses run, whatever the language of the page


class CardField(StringField):
    """A part of the card. What was typed is never drawn again, whatever a template asks for."""

    facts: Facts = MappingProxyType({})
    brands: Sequence[Facts] = ()  # what a script is told of each brand

    def _value(self) -> str:
        return ""

    def forget(self) -> None:
        self.data = ""
        self.raw_data = None


class ChoiceField(StringField):
    """A choice from groups of options; a group without a heading stands alone."""

    groups: Groups = ()
    of: Mapping[str, Facts] = MappingProxyType({})  # what a script is told of each choice


class BoxesField(Field):
    """The values of the boxes of one name that are ticked."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = tuple(valuelist)


def text_field(
    label: Phrase,
    token: str,
    limit: int,
    *checks: Check,
    hint: Phrase | None = None,
    tidy: Callable[[object], str] | None = None,
    **attributes: str,
) -> StringField:
    """A line of text with the browser's autofill token, where there is one; what looks like a card number is refused.

    The first of the checks says whether the field may stay empty.
    """
    return StringField(
        label,
        validators=[*checks[:1], no_card, at_most(limit), *checks[1:]],
        filters=[tidy or tidy_text],
        description=hint or "",
        render_kw={**({"autocomplete": token} if token else {}), "maxlength": str(limit), **attributes},
    )


def card_field(
    label: Phrase, token: str, room: int, tidy: Callable[[object], str], hint: Phrase | None = None
) -> CardField:
    attributes = {
        "inputmode": "numeric",
        "autocomplete": token,
        "maxlength": str(room),
        "spellcheck": "false",
        "dir": LEFT_TO_RIGHT,
    }
    return CardField(label, filters=[tidy], description=hint or "", render_kw=attributes)
