"""Settings: what is read from where, and how every mistake is told at once."""

import re
from pathlib import Path

import pytest
from campaigns import written

from config import TIMINGS, VARIABLES, load_settings
from funnel.mistakes import ConfigError
from funnel.settings import Environment, Timing
from funnel.store.filesystem import kind

ROOT = Path(__file__).parent.parent
GOOD = (Path(__file__).parent / "funnel.toml").read_text()
PRODUCTION = {
    "FUNNEL_ENV": "production",
    "SECRET_KEY": "x" * 32,
    "KONNEKTIVE_LOGIN_ID": "me",
    "KONNEKTIVE_PASSWORD": "word",
    "PUBLIC_URL": "https://shop.example",
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "funnel.toml").write_text(GOOD)
    return tmp_path


def mistakes(home: Path, **environment: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_settings(environment, root=home)
    return caught.value.mistakes


def test_nothing_needs_to_be_set_to_run_against_the_sandbox(home: Path) -> None:
    settings = load_settings({}, root=home)
    assert settings.crm_url == "http://127.0.0.1:5001"
    assert settings.crm_login == ("sandbox", "sandbox")
    assert settings.database_url == f"sqlite:///{home}/instance/funnel.db"


def test_credentials_turn_the_sandbox_off(home: Path) -> None:
    settings = load_settings({"KONNEKTIVE_LOGIN_ID": "me", "KONNEKTIVE_PASSWORD": "word"}, root=home)
    assert settings.crm_url == "https://api.konnektive.com"
    assert settings.crm_login == ("me", "word")


def test_the_environment_wins_over_the_env_file(home: Path) -> None:
    (home / ".env").write_text("PORT=6000\nSANDBOX_PORT=6001\n")
    settings = load_settings({"PORT": "7000"}, root=home)
    assert (settings.port, settings.sandbox_port) == (7000, 6001)


def test_a_development_key_is_made_once_and_kept_to_its_owner(home: Path) -> None:
    first, second = load_settings({}, root=home), load_settings({}, root=home)
    assert len(first.secret_key.get_secret_value()) >= 32
    assert first.secret_key == second.secret_key
    assert (home / "instance" / "secret_key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("wrong", "right", "told"),
    [
        ("campaignId = 1", 'campaignId = "x"', "funnel.toml: campaignId: found 'x'; allowed: the campaign's id"),
        ('clicks = "once"', 'clicks = "onse"', "funnel.toml: clicks: found 'onse' (did you mean \"once\"?); allowed:"),
        ('price = "49.95"', 'price = "49,95"', "funnel.toml: offers.lamp.price: found '49,95'; allowed: an amount"),
        ('price = "49.95"', 'price = "9.999"', "offers.lamp.price: found 9.999; allowed: 2 decimals, as USD has"),
        ('price = "49.95"', 'price = "9.9999"', "funnel.toml: offers.lamp.price: found '9.9999'; allowed: an amount"),
        ('price = "49.95"', "price = -1", "funnel.toml: offers.lamp.price: found -1; allowed: an amount"),
        ('offer = "bulbs"', 'offer = "bulp"', 'funnel.toml: upsell2.offer: found "bulp"; allowed: lamp, bulbs, shade'),
        ('offer = "bulbs"', 'ofer = "bulbs"', 'upsell2.ofer: there is no such key (did you mean "offer"?)'),
        (
            'company = "Halden Lamp Works"',
            "",
            "funnel.toml: company: is missing; needed: the name shoppers know you by",
        ),
        ('"lead", "checkout"', '"checkout", "lead"', "funnel.toml: steps: found"),
        ('"thank-you"]', "]", 'funnel.toml: steps: "thank-you" is missing'),
        (
            '"upsell2",',
            '"upsell2", "upsell3",',
            "funnel.toml: upsell3: the page is in steps, but there is no [upsell3]",
        ),
        ('image = "img/lamp.webp"', 'image = "img/nope.svg"', "funnel.toml: offers.lamp.image: found 'img/nope.svg'"),
        ('image = "img/lamp.webp"', 'image = "../app.py"', "funnel.toml: offers.lamp.image: found '../app.py'"),
        ('countries = ["US", "CA"]', 'countries = ["US", "ZZ"]', "funnel.toml: countries.1: found 'ZZ'; allowed:"),
        ('currency = "USD"', 'currency = "QQQ"', "funnel.toml: currency: found 'QQQ'; allowed: a currency code"),
        ('currency = "USD"', 'currency = "JPY"', "offers.lamp.price: found 49.95; allowed: 0 decimals, as JPY has"),
        ('email = "care@halden.example"', 'email = "care"', "funnel.toml: support.email: found 'care'; allowed:"),
        ("enabled = true", 'enabled = "yes"', "funnel.toml: capture.enabled: found 'yes'; allowed: true or false"),
        ("consent =", "concent =", 'capture.concent: there is no such key (did you mean "consent"?); allowed: enabled'),
        (
            'consent = "We',
            'consent = "" # ',
            "funnel.toml: capture.consent: found ''; allowed: the sentence under the form",
        ),
        ("consent =", "# consent =", "funnel.toml: capture.consent: is missing; allowed: the sentence that tells"),
        ("[capture]", "[captured]", 'funnel.toml: captured: there is no such key (did you mean "capture"?)'),
        ("quantities = [1, 2, 3]", "quantities = [1, 1]", "funnel.toml: offers.lamp.quantities: found [1, 1]"),
        ("campaignId = 1", "campaignId = ", "funnel.toml: is not valid TOML"),
    ],
)
def test_a_mistake_in_funnel_toml_is_told_with_its_key_and_what_is_allowed(
    home: Path, wrong: str, right: str, told: str
) -> None:
    assert GOOD.count(wrong) == 1, "the table replaces exactly one place"
    (home / "funnel.toml").write_text(GOOD.replace(wrong, right))
    assert any(told in mistake for mistake in mistakes(home)), mistakes(home)


SHADE_AND_BULBS = '[upsell1]\noffer = "shade"\n[upsell2]\noffer = "bulbs"\n'


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        (
            '[upsell1]\noffer = "shade"\ndownsell = { offer = "shade" }',
            'upsell1.downsell: found "shade", as in upsell1; allowed: another offer, or another quantity',
        ),
        (
            SHADE_AND_BULBS + '[upsell2.downsell]\noffer = "bulp"',
            'upsell2.downsell.offer: found "bulp"; allowed: lamp, bulbs, shade, brass, club',
        ),
        (
            '[upsell1]\noffer = "shade"\ndownsel = { offer = "bulbs" }',
            'upsell1.downsel: there is no such key (did you mean "downsell"?); allowed: offer, quantity',
        ),
        (
            '[upsell1]\noffer = "shade"\ndownsell = { offer = "bulbs", downsell = { offer = "lamp" } }',
            "upsell1.downsell.downsell: there is no such key; allowed: offer, quantity, replaces",
        ),
        (
            '[bundles.set]\nname = "Set"\noffers = { lamp = 1 }\n[upsell1]\noffer = "set"',
            'upsell1.offer: found "set"; allowed: lamp, bulbs, shade',
        ),
        (
            '[upsell1]\noffer = "shade"\nquantity = 0',
            "upsell1.quantity: found 0; allowed: how many are added, 1 to 99",
        ),
        (
            '[upsell1]\noffer = "brass"\nreplaces = "bulbs"',
            'upsell1.replaces: found "bulbs"; allowed: what is sold at checkout (lamp)',
        ),
        (
            '[upsell1]\noffer = "brass"\nreplaces = "lam"',
            'upsell1.replaces: found "lam"; allowed: lamp, bulbs, shade, brass, club',
        ),
        (
            '[upsell1]\noffer = "lamp"\nquantity = 3\nreplaces = "lamp"',
            'upsell1.replaces: found "lamp", the product itself; allowed: another one',
        ),
        (
            '[upsell1]\noffer = "shade"\ndownsell = { offer = "brass", replaces = "shade" }',
            'upsell1.downsell.replaces: found "shade"; allowed: what is sold at checkout (lamp)',
        ),
        (
            '[upsell1]\noffer = "brass"\nreplaces = "lamp"\n[upsell2]\noffer = "lamp"',
            'upsell2.offer: found "lamp", which upsell1 replaces; allowed: another product',
        ),
        (
            '[upsell1]\noffer = "brass"\nreplaces = "lamp"\n[upsell2]\noffer = "bulbs"\ndownsell = { offer = "lamp" }',
            'upsell2.downsell.offer: found "lamp", which upsell1 replaces; allowed: another product',
        ),
        (
            '[upsell1]\noffer = "shade"\n[upsell1.only_if]\naccepted = ["upsell2"]\n[upsell2]\noffer = "bulbs"',
            'upsell1.only_if.accepted: found "upsell2"; allowed: an upsell that comes before it (there is none)',
        ),
        (
            SHADE_AND_BULBS + 'only_if = { declined = ["upsell3"] }',
            'upsell2.only_if.declined: found "upsell3"; allowed: an upsell that comes before it and is not in '
            "accepted (upsell1)",
        ),
        (
            SHADE_AND_BULBS + 'only_if = { accepted = ["upsell1"], declined = ["upsell1"] }',
            'upsell2.only_if.declined: found "upsell1"; allowed:',
        ),
        (
            SHADE_AND_BULBS + 'only_if = { accepted = ["upsel1"] }',
            "upsell2.only_if.accepted.0: found 'upsel1' (did you mean \"upsell1\"?); allowed:",
        ),
        (
            SHADE_AND_BULBS + 'only_if = { bought = ["lam"] }',
            'upsell2.only_if.bought: found "lam"; allowed: lamp, bulbs, shade',
        ),
        (
            SHADE_AND_BULBS + 'only_if = { countries = ["DE"] }',
            'upsell2.only_if.countries: found "DE"; allowed: what countries names (US, CA)',
        ),
        (
            SHADE_AND_BULBS + 'only_if = { pay_sources = ["paypal"] }',
            'upsell2.only_if.pay_sources: found "paypal"; allowed: what pay_sources names (card)',
        ),
        (
            SHADE_AND_BULBS + 'only_if = { country = ["US"] }',
            'upsell2.only_if.country: there is no such key (did you mean "countries"?)',
        ),
        (
            '[upsell1]\noffer = "shade"\nends_after_minutes = 121',
            "upsell1.ends_after_minutes: found 121; allowed: at most 120, as FUNNEL_UPSELL_WINDOW says",
        ),
        (
            '[upsell1]\noffer = "shade"\nends_after_minutes = 0',
            "upsell1.ends_after_minutes: found 0; allowed: minutes after the order",
        ),
        (
            '[[offers.lamp.variants]]\nkey = "red"\nvariantId = 1\nname = "Red"\n[upsell1]\noffer = "lamp"',
            'upsell1.offer: found "lamp", which has variants; allowed: an offer without',
        ),
    ],
)
def test_a_mistake_in_an_upsells_table_is_told_with_its_key_and_what_is_allowed(
    tmp_path: Path, tables: str, told: str
) -> None:
    written(tmp_path, tables, upsells=tables.count("[upsell2]") + 1)
    assert [mistake for mistake in mistakes(tmp_path) if mistake.startswith(f"funnel.toml: {told}")], mistakes(tmp_path)


def test_a_shorter_window_makes_an_offer_outlast_it(tmp_path: Path) -> None:
    written(tmp_path, '[upsell1]\noffer = "shade"\nends_after_minutes = 10', upsells=1)
    (told,) = mistakes(tmp_path, FUNNEL_UPSELL_WINDOW="300")
    assert told.startswith("funnel.toml: upsell1.ends_after_minutes: found 10; allowed: at most 5")
    assert load_settings({"FUNNEL_UPSELL_WINDOW": "600"}, root=tmp_path)


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"PORT": "99999"}, "environment: PORT: found '99999'; allowed: a port number, 1 to 65535"),
        ({"FUNNEL_QUIET_TIEM": "3"}, "environment: FUNNEL_QUIET_TIEM: there is no such setting"),
        ({"FUNNEL_QUIET_TIME": "-1"}, "environment: FUNNEL_QUIET_TIME: found '-1'; allowed: seconds"),
        ({"KONNEKTIVE_API_URL": "http://crm.example"}, "environment: KONNEKTIVE_API_URL: found"),
        ({"KONNEKTIVE_API_URL": "https://:word@crm.example"}, "environment: KONNEKTIVE_API_URL: found"),
        ({"PORT": "6000", "SANDBOX_PORT": "6000"}, "SANDBOX_PORT: found the same as PORT"),
        ({**PRODUCTION, "FUNNEL_QUIET_TIME": "60"}, "FUNNEL_QUIET_TIME: found 60; allowed in production"),
        ({"KONNEKTIVE_LOGIN_ID": "me"}, "set both, or neither for the sandbox"),
        ({**PRODUCTION, "KONNEKTIVE_PASSWORD": "a&b"}, "the CRM does not accept & in a password"),
        ({**PRODUCTION, "SECRET_KEY": "short"}, "SECRET_KEY: needs at least 32 random characters"),
        ({**PRODUCTION, "SECRET_KEY_FALLBACKS": "short"}, "SECRET_KEY_FALLBACKS: each needs at least 32 characters"),
        ({**PRODUCTION, "METRICS_TOKEN": "short"}, "METRICS_TOKEN: needs at least 16 random characters"),
        ({**PRODUCTION, "SECRET_KEY": ""}, "SECRET_KEY: needs at least 32 random characters"),
        ({**PRODUCTION, "KONNEKTIVE_LOGIN_ID": "", "KONNEKTIVE_PASSWORD": ""}, "there is no sandbox"),
        ({**PRODUCTION, "PUBLIC_URL": ""}, "PUBLIC_URL: needed in production"),
        ({**PRODUCTION, "CHALLENGE_VERIFY_URL": "http://localhost:1"}, "CHALLENGE_VERIFY_URL: allowed in production"),
        ({"DATABASE_URL": "sqlite://"}, "DATABASE_URL: needs a file"),
        ({**PRODUCTION, "DATABASE_URL": "sqlite:////dev/shm/funnel.db"}, "DATABASE_URL: found a file in memory"),
    ],
)
def test_a_mistake_in_the_environment_is_told(home: Path, environment: dict[str, str], told: str) -> None:
    assert any(told in mistake for mistake in mistakes(home, **environment)), mistakes(home, **environment)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("/data/funnel.db", "ext4"),
        ("/data/cache/funnel.db", "tmpfs"),
        ("/data/cached/funnel.db", "ext4"),
        ("/my data/funnel.db", "ramfs"),
        ("/elsewhere/funnel.db", "overlay"),
    ],
)
def test_the_innermost_mount_tells_where_a_file_lies(file: str, expected: str) -> None:
    mounts = [
        "overlay / overlay rw 0 0",
        "a /data ext4 rw 0 0",
        "b /data/cache tmpfs rw 0 0",
        r"c /my\040data ramfs rw 0 0",
    ]
    assert kind(Path(file), mounts) == expected


def test_all_mistakes_are_told_at_once_and_no_secret_is(home: Path) -> None:
    (home / "funnel.toml").write_text(GOOD.replace('clicks = "once"', 'clicks = "onse"'))
    told = mistakes(home, **{**PRODUCTION, "SECRET_KEY": "hunter2", "PORT": "x"})
    assert len(told) == 2
    assert "hunter2" not in "".join(told)


@pytest.mark.parametrize(
    "environment",
    [
        {"DATABASE_URL": "postgres://funnel:hunter2@database/funnel"},
        {"DATABASE_URL": "postgres://funnel:hunter/2@database/funnel"},
        {"KONNEKTIVE_API_URL": "https://:hunter2@crm.example"},
        {"SENTRY_DSN": "https://hunter2@sentry.example/"},
    ],
)
def test_an_address_is_told_without_its_password(home: Path, environment: dict[str, str]) -> None:
    assert mistakes(home, **environment)[0].startswith(f"environment: {next(iter(environment))}: found a value that is")


def test_the_example_secret_is_refused_in_production(home: Path) -> None:
    example = (ROOT / ".env.example").read_text()
    secret = re.search(r"SECRET_KEY=(\S+)", example)
    assert secret
    assert any("SECRET_KEY" in told for told in mistakes(home, **{**PRODUCTION, "SECRET_KEY": secret[1]}))


def test_every_setting_stands_in_the_example() -> None:
    named = set(re.findall(r"^#? ?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert named == VARIABLES | TIMINGS


def test_every_setting_stands_in_the_docs_with_its_default() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE)
    told = {name: default.strip("`") for name, default in rows}
    assert told.keys() >= VARIABLES | TIMINGS
    for field in (*Environment.model_fields.values(), *Timing.model_fields.values()):
        if isinstance(field.default, (int, float)):
            assert told[field.alias or ""] == f"{float(field.default):.10g}", field.alias


CHOICES = (Path(__file__).parent / "choices.toml").read_text()


@pytest.mark.parametrize(
    ("wrong", "right", "told"),
    [
        (
            "quantities = [1, 2]",
            "quantities = []",
            "funnel.toml: offers.lamp.quantities: found []; allowed: quantities",
        ),
        ("quantities = [1, 2]", "quantities = [0]", "funnel.toml: offers.lamp.quantities.0: found 0; allowed:"),
        (
            "variantId = 12",
            "variantId = 11",
            "offers.lamp.variants: variantIds: found [11, 11]; allowed: each one once",
        ),
        ("variantId = 12", 'variantId = "x"', "funnel.toml: offers.lamp.variants.1.variantId: found 'x'; allowed: the"),
        (
            'key = "steel"',
            'key = "brass"',
            "offers.lamp.variants: keys: found ['brass', 'brass']; allowed: each one once",
        ),
        ('name = "Steel"', "", "funnel.toml: offers.lamp.variants.1.name: is missing; needed: the word shoppers see"),
        ("shipProfileId = 8", "shipProfileId = 7", "shipping: shipProfileIds: found [7, 7]; allowed: each one once"),
        (
            'key = "express"',
            'key = "standard"',
            "shipping: keys: found ['standard', 'standard']; allowed: each one once",
        ),
        ('price = "12.95"', 'price = "free"', "funnel.toml: shipping.1.price: found 'free'; allowed: an amount for"),
        (
            'price = "12.95"',
            'price = "12.955"',
            "shipping.express.price: found 12.955; allowed: 2 decimals, as USD has",
        ),
        (
            "productId = 203",
            "productId = 101",
            "offers: productIds: found [101, 201, 202, 101]; allowed: each one once",
        ),
        (
            "every_days = 30",
            "every_days = 0",
            "funnel.toml: offers.care.subscription.every_days: found 0; allowed: days",
        ),
        ("every_days = 30, ", "", "offers.care.subscription.every_days: is missing; needed: days between two charges"),
        (
            ", first_days = 14",
            ", first_day = 14",
            'subscription.first_day: there is no such key (did you mean "first_days"?)',
        ),
        (
            "shade = 1, bulbs = 2",
            "shade = 1, bulb = 2",
            'bundles.set.offers: found "bulb"; allowed: lamp, bulbs, shade',
        ),
        ("shade = 1, bulbs = 2", "lamp = 1", 'bundles.set.offers: found "lamp", which has variants; allowed: offers'),
        ("shade = 1, bulbs = 2", "", "funnel.toml: bundles.set.offers: found {}; allowed: offers and how many"),
        ('bundles = ["set"]', 'bundles = ["sett"]', 'checkout.bundles: found "sett"; allowed: set'),
        ('bumps = ["care"]', 'bumps = ["car"]', 'checkout.bumps: found "car"; allowed: lamp, bulbs, shade, care'),
        ('bumps = ["care"]', 'bumps = ["lamp"]', 'checkout.bumps: found "lamp", which has variants; allowed: offers'),
        (
            'bumps = ["care"]',
            'bumps = ["care", "care"]',
            "checkout.bumps: found ['care', 'care']; allowed: each one once",
        ),
        (
            'offers = ["lamp"]',
            'offers = ["lamp", "care"]',
            "checkout.offers and checkout.bumps: found ['lamp', 'care', 'care']; allowed: each one once",
        ),
        ("coupons = true", 'coupons = "yes"', "funnel.toml: checkout.coupons: found 'yes'; allowed: true or false"),
        ("coupons = true", "tax = 1", "funnel.toml: checkout.tax: found 1; allowed: true to ask the CRM's tax service"),
        (
            "coupons = true",
            "coupon = true",
            'checkout.coupon: there is no such key (did you mean "coupons"?); allowed:',
        ),
        (
            "coupons = true",
            'prepaid_redirect = "javascript:x"',
            "funnel.toml: checkout.prepaid_redirect: found 'javascript:x'; allowed: where a shopper",
        ),
        (
            'offer = "shade"',
            'offer = "lamp"',
            'upsell1.offer: found "lamp", which has variants; allowed: offers without',
        ),
        (
            '["Visa", "Mastercard"]',
            '["Visa", "Mastercrad"]',
            "accepted_brands.1: found 'Mastercrad' (did you mean \"Mastercard\"?); allowed: 'Visa'",
        ),
    ],
)
def test_a_mistake_among_the_choices_is_told_with_its_key_and_what_is_allowed(
    home: Path, wrong: str, right: str, told: str
) -> None:
    assert CHOICES.count(wrong) == 1, "the table replaces exactly one place"
    (home / "funnel.toml").write_text(CHOICES.replace(wrong, right))
    assert any(told in mistake for mistake in mistakes(home)), mistakes(home)


@pytest.mark.parametrize(("currency", "price"), [("JPY", "4995"), ("KWD", "4.955"), ("USD", "4.95")])
def test_an_amount_may_have_the_decimals_of_its_currency(home: Path, currency: str, price: str) -> None:
    text = re.sub(r'rice = "[0-9.]+"', f'rice = "{price}"', CHOICES.replace('"USD"', f'"{currency}"'))
    (home / "funnel.toml").write_text(text)
    assert str(load_settings({}, root=home).campaign.offers["lamp"].price) in (price, f"{price}.00")
