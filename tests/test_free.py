"""What costs nothing is free in words: on checkout, in the sums and on the receipt, in every language."""

from __future__ import annotations

from pathlib import Path

import pytest
from shopper import Shopper

WORDS = {"en": ("1 × Care plan Free", "Shipping Free"), "es": ("1 × Care plan Gratis", "Envío Gratis")}


@pytest.fixture(params=WORDS)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def campaign_file(tmp_path: Path, language: str) -> Path:
    """A present among the bumps, and a way to ship that costs nothing."""
    choices = (Path(__file__).parent / "choices.toml").read_text()
    free = choices.replace('price = "4.95"', 'price = "0.00"').replace('price = "9.00"', 'price = "0"')
    file = tmp_path / "funnel.toml"
    file.write_text(f'language = "{language}"\n{free}')
    return file


def test_a_present_and_its_shipping_are_free_before_and_after_paying(shopper: Shopper, language: str) -> None:
    shopper.leave_lead()
    checkout = shopper.reckon(bump="care")
    shopper.pay()
    receipt = shopper.submit(choice="no")
    assert receipt.path == "thank-you"
    for page in (checkout, receipt):
        for words in WORDS[language]:
            assert words in page.text
        assert "$0.00" not in page.text
