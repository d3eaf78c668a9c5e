"""What the fields of an address are called and asked for, in the words of the countries it can be in."""

from functools import cache

from funnel.forms.regions import STATE_WORDS, Region, region
from funnel.language.phrase import Phrase, phrase


@cache
def labels(countries: tuple[str, ...], billing: bool) -> tuple[Phrase, Phrase, Phrase]:
    """Of country, state and postal code."""
    states, postal = _state_words(countries), _postal_words(countries)
    if billing:
        return (
            phrase("Billing country or region"),
            phrase("Billing {words:or}", words=states),
            phrase("Billing {words:or}", words=postal),
        )
    return phrase("Country or region"), phrase("{words:Or}", words=states), phrase("{words:Or}", words=postal)


def select_country(billing: bool) -> Phrase:
    return phrase("Select your billing country") if billing else phrase("Select your country")


def select_state(countries: tuple[str, ...], billing: bool) -> Phrase:
    words = _state_words(countries)
    if billing:
        return phrase("Select your billing {words:or}", words=words)
    return phrase("Select your {words:or}", words=words)


def select_other_state(found: Region, billing: bool) -> Phrase:
    """For a state of another country than the chosen one."""
    word, example = found.state_word, found.states[0][1]
    if billing:
        return phrase("Select a billing {word} of the country you chose, like {example}", word=word, example=example)
    return phrase("Select a {word} of the country you chose, like {example}", word=word, example=example)


def enter_postal(countries: tuple[str, ...], billing: bool) -> Phrase:
    """With an example where there is one country."""
    words = _postal_words(countries)
    example = region(countries[0]).postal_example if len(countries) == 1 else ""
    if billing and example:
        return phrase("Enter your billing {words:or}, like {example}", words=words, example=example)
    if billing:
        return phrase("Enter your billing {words:or}", words=words)
    if example:
        return phrase("Enter your {words:or}, like {example}", words=words, example=example)
    return phrase("Enter your {words:or}", words=words)


def _state_words(countries: tuple[str, ...]) -> tuple[Phrase, ...]:
    """Every word once: "state or province"."""
    return tuple(found.state_word for code in countries if (found := region(code)).states) or (STATE_WORDS["state"],)


def _postal_words(countries: tuple[str, ...]) -> tuple[Phrase, ...]:
    return tuple(region(code).postal_word for code in countries)
