"""What shoppers type, and what the forms answer: every sentence, word for word."""

from datetime import UTC, datetime
from io import BytesIO

import pytest
import time_machine
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from funnel.forms.checkout import CheckoutForm, CheckoutRules
from funnel.forms.checks import CARD_IN_TEXT, phone_number
from funnel.forms.contact import LeadForm
from funnel.forms.form import PlainForm, ShopperForm, UpsellForm, csrf_failed
from funnel.forms.regions import region
from funnel.forms.tidying import tidy_code, tidy_number, tidy_text
from funnel.people import Addresses, Contact

BRANDS = ("Visa", "Mastercard", "American Express")
USA = CheckoutRules(offers=("lamp-1", "lamp-2"), countries=("US",), accepted_brands=BRANDS)
NORTH_AMERICA = CheckoutRules(offers=("lamp-1",), countries=("US", "CA"), accepted_brands=BRANDS)
EVERYWHERE = CheckoutRules(offers=("lamp-1",), countries=("US", "IT", "GB", "AE"), accepted_brands=BRANDS)
BRITAIN = CheckoutRules(offers=("lamp-1",), countries=("GB",), accepted_brands=BRANDS)
SANDBOX = CheckoutRules(offers=("lamp-1",), countries=("US",), accepted_brands=("Visa",), test_card=True)

JANE = {
    "firstName": "Jane",
    "lastName": "O’Brien",
    "emailAddress": "jane@example.com",
    "phoneNumber": "555 123 4567",
}
DELIVERY = {
    "shipAddress1": "12 Long Lane",
    "shipCity": "Springfield",
    "shipState": "IL",
    "shipPostalCode": "62701",
    "shipCountry": "US",
}
BILLING = {
    "address1": "1 Bay Street",
    "city": "Boston",
    "state": "MA",
    "postalCode": "02108-1234",
    "country": "US",
}
CARD = {"cardNumber": "4111 1111 1111 1111", "cardExpiryDate": "04 / 27", "cardSecurityCode": "737"}
ORDER = {**JANE, **DELIVERY, **CARD, "offer": "lamp-1", "billShipSame": "y"}
TODAY = datetime(2026, 11, 24, 12, tzinfo=UTC)
CARD_WRONG = "Check the card number. One or more digits look wrong."
EMAIL_WRONG = "Enter an email address in the correct format, like name@example.com"
PHONE_WRONG = "Enter a phone number, like 555 123 4567 or +44 20 7946 0018"
NO_ADDRESSES = ("jane", "jane@", "@example.com", "a b@example.com", "a@b", "a@@b.com")
NO_NUMBERS = ("12", "call me", "+999 1", "4111 1111 1111 1111", "1" * 40)
USE = "Use Visa, Mastercard or American Express."
EXPIRY_WRONG = "Enter the expiry date, like 04 / 27"


def shop(**config: object) -> Flask:
    """An application that is nothing but a place for forms."""
    app = Flask("a shop")
    app.config.update({"SECRET_KEY": "a secret of the tests", "WTF_CSRF_ENABLED": False, **config})
    return app


SHOP = shop()


def lead(**typed: str) -> LeadForm:
    with SHOP.test_request_context("/lead", method="POST", data={**JANE, **typed}):
        form = LeadForm(country="US")
        form.validate()
        return form


def checkout(rules: CheckoutRules = USA, *, known: bool = False, **typed: str | None) -> CheckoutForm:
    """The order form as posted; None leaves a field out, as an unticked box does."""
    data = {name: value for name, value in {**ORDER, **typed}.items() if value is not None}
    with (
        time_machine.travel(TODAY, tick=False),
        SHOP.test_request_context("/checkout", method="POST", data=data),
    ):
        form = CheckoutForm(rules, contact_known=known)
        form.validate()
        return form


def empty(rules: CheckoutRules) -> CheckoutForm:
    with SHOP.test_request_context("/checkout"):
        return CheckoutForm(rules)


def test_a_lead_becomes_a_contact() -> None:
    form = lead()
    assert not form.errors
    assert form.contact() == Contact("Jane", "O’Brien", "jane@example.com", "1-555-123-4567")


@pytest.mark.parametrize(
    "name",
    [
        "Zoë",
        "O’Brien",
        "O'Brien",
        "Nguyễn Thị Minh Khai",
        "李小龙",
        "Ольга",
        "محمد",
        "עדי",
        "สมชาย",
        "ไชยา",
        "राम",
        "Ægir Þór",
        "Smith-Jones III",
        "X Æ A-12",
        "🦊",
        "<b>Jane</b>",
        "ß" * 30,
        "李" * 30,
    ],
)
def test_names_of_any_script_are_taken_as_they_are(name: str) -> None:
    form = lead(firstName=name, lastName=name)
    assert not form.errors
    assert (form.contact().firstName, form.contact().lastName) == (name, name)


@pytest.mark.parametrize(
    ("typed", "tidied"),
    [
        ("  Jane \t Mary\n", "Jane Mary"),
        ("Jane\u00a0\u2003Mary", "Jane Mary"),
        ("Ja\x00ne\x07", "Jane"),
        ("Ja\u200bn\ufeffe\u200d", "Jane"),
        ("\u202eJane\u202c\u2066", "Jane"),
        ("Jose\u0301", "José"),
        ("Jane\ufffd", "Jane"),
        ("Ja\ud800ne", "Jane"),
        ("１２ Long Lane", "12 Long Lane"),
        ("O’Brien", "O’Brien"),
        (None, ""),
    ],
)
def test_text_is_put_in_order_silently(typed: str | None, tidied: str) -> None:
    assert tidy_text(typed) == tidied


def test_codes_are_written_in_capitals_with_plain_hyphens() -> None:
    assert tidy_code(" ec1y\u20138sy ") == "EC1Y-8SY"
    assert tidy_number("４１１１ 1111\u20121111-1111") == "4111111111111111"


@given(st.text(max_size=60))
def test_tidied_text_is_tidy_and_can_be_stored(typed: str) -> None:
    text = tidy_text(typed)
    assert tidy_text(text) == text
    assert text.encode("utf-8").count(b"\0") == 0


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("firstName", "", "Enter your first name"),
        ("firstName", " \u200b\x00 ", "Enter your first name"),
        ("firstName", "a" * 31, "First name must be 30 characters or fewer"),
        ("firstName", "4111 1111 1111 1111", CARD_IN_TEXT),
        ("lastName", "", "Enter your last name"),
        ("lastName", "ы" * 31, "Last name must be 30 characters or fewer"),
        ("lastName", "Jane ４１１１１１１１１１１１１１１１ " + "x" * 40, CARD_IN_TEXT),
        ("emailAddress", "", "Enter your email address"),
        ("emailAddress", f"{'a' * 250}@example.com", "Email address must be 255 characters or fewer"),
        ("emailAddress", "4111111111111111@example.com", CARD_IN_TEXT),
        *(("emailAddress", wrong, EMAIL_WRONG) for wrong in NO_ADDRESSES),
        *(("phoneNumber", wrong, PHONE_WRONG) for wrong in NO_NUMBERS),
    ],
)
def test_a_lead_s_mistake_is_told(field: str, typed: str, sentence: str) -> None:
    assert lead(**{field: typed}).errors == {field: [sentence]}


@pytest.mark.parametrize("field", ["firstName", "emailAddress", "phoneNumber"])
def test_a_card_number_in_the_wrong_place_is_not_drawn_again(field: str) -> None:
    form = lead(**{field: "4111 1111 1111 1111"})
    assert form[field].errors
    assert form[field]._value() == ""


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("Jane@EXAMPLE.com ", "Jane@example.com"),
        ("jane+lamp@example.co.uk", "jane+lamp@example.co.uk"),
        ("jo@münchen.de", "jo@münchen.de"),
        ("用户@例子.公司", "用户@例子.公司"),
    ],
)
def test_email_addresses_keep_what_matters(typed: str, taken: str) -> None:
    assert lead(emailAddress=typed).contact().emailAddress == taken


@pytest.mark.parametrize(
    ("typed", "country", "sent"),
    [
        ("555 123 4567", "US", "1-555-123-4567"),
        ("(212) 555-0100", "US", "1-212-555-0100"),
        ("+1 212 555 0100 ext. 12", "US", "1-212-555-0100"),
        ("1-800-FLOWERS", "US", "1-800-356-9377"),
        ("+44 (0)20 7946 0018", "US", "44-20-7946-0018"),
        ("020 7946 0018", "GB", "44-20-7946-0018"),
        ("٢١٢ ٥٥٥ ٠١٠٠", "US", "1-212-555-0100"),
        ("12", "GB", None),
        ("", "US", None),
    ],
)
def test_phone_numbers_become_digits_and_hyphens_with_the_calling_code(
    typed: str, country: str, sent: str | None
) -> None:
    assert phone_number(tidy_text(typed), country) == sent


@given(st.text("0123456789+() -", max_size=30))
def test_a_phone_number_that_is_sent_always_fits_the_crm(typed: str) -> None:
    sent = phone_number(typed, "US")
    assert sent is None or (len(sent) <= 20 and set(sent) <= set("0123456789-"))


@pytest.mark.parametrize("country", ["US", "GB", "DE"])
def test_a_known_phone_number_is_shown_so_that_it_reads_back_the_same(country: str) -> None:
    with SHOP.test_request_context("/lead"):
        form = LeadForm(country=country, obj=Contact("Jane", "Doe", "jane@example.com", "44-20-7946-0018"))
    assert phone_number(form.phoneNumber._value(), country) == "44-20-7946-0018"


def test_the_phone_number_may_stay_empty() -> None:
    assert lead(phoneNumber=" ").contact().phoneNumber == ""


def test_an_order_becomes_contact_addresses_and_card() -> None:
    form = checkout(shipAddress2="Apt 4")
    assert not form.errors
    assert form.contact().firstName == "Jane"
    assert form.addresses() == Addresses(
        billShipSame=True,
        address1="12 Long Lane",
        address2="Apt 4",
        city="Springfield",
        state="IL",
        postalCode="62701",
        country="US",
        shipAddress1="12 Long Lane",
        shipAddress2="Apt 4",
        shipCity="Springfield",
        shipState="IL",
        shipPostalCode="62701",
        shipCountry="US",
    )
    card = form.card()
    assert (card.number.reveal(), card.month, card.year, card.security_code.reveal()) == (
        "4111111111111111",
        4,
        2027,
        "737",
    )


def test_a_billing_address_of_its_own_is_kept_apart() -> None:
    form = checkout(billShipSame=None, **BILLING)
    assert not form.errors
    addresses = form.addresses()
    assert not addresses.billShipSame
    assert (addresses.address1, addresses.state, addresses.postalCode) == ("1 Bay Street", "MA", "02108-1234")
    assert (addresses.shipAddress1, addresses.shipState) == ("12 Long Lane", "IL")


def test_what_stands_in_the_billing_fields_does_not_matter_while_it_is_the_same() -> None:
    form = checkout(address1="x" * 99, city="4111 1111 1111 1111", state="??", postalCode="nowhere")
    assert not form.errors
    assert form.addresses().address1 == "12 Long Lane"


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("offer", "lamp-9", "Select how many you would like"),
        ("shipAddress1", "", "Enter your street and house number"),
        ("shipAddress1", "x" * 31, "Address must be 30 characters or fewer"),
        ("shipAddress1", "4111-1111-1111-1111", CARD_IN_TEXT),
        ("shipAddress2", "x" * 31, "Apartment, suite must be 30 characters or fewer"),
        ("shipCity", "", "Enter your town or city"),
        ("shipCity", "x" * 31, "City must be 30 characters or fewer"),
        ("shipState", "", "Select your state"),
        ("shipState", "ON", "Select your state"),
        ("shipPostalCode", "", "Enter your ZIP code, like 94105"),
        ("shipPostalCode", "9410", "Enter your ZIP code, like 94105"),
        ("shipPostalCode", "94105\u0661", "Enter your ZIP code, like 94105"),
        ("shipPostalCode", "9" * 21, "Enter your ZIP code, like 94105"),
        ("cardNumber", "", "Enter your card number"),
        ("cardNumber", "4111 1111 1111 1112", CARD_WRONG),
        ("cardNumber", "4111 1111 1111", CARD_WRONG),
        ("cardNumber", "abcd", CARD_WRONG),
        ("cardNumber", "41111111111111111", CARD_WRONG),
        ("cardNumber", "30569309025904", f"We do not accept Diners Club. {USE}"),
        ("cardNumber", "6759649826438453", f"We do not accept this card. {USE}"),
        ("cardNumber", "0" * 16, f"We do not accept this card. {USE}"),
        ("cardExpiryDate", "", EXPIRY_WRONG),
        ("cardExpiryDate", "13/27", EXPIRY_WRONG),
        ("cardExpiryDate", "10/26", "This card has expired. Use another card."),
        ("cardSecurityCode", "", "Enter the security code"),
        ("cardSecurityCode", "73", "The security code must be the 3 digits on the back, like 123"),
        ("cardSecurityCode", "1234", "The security code must be the 3 digits on the back, like 123"),
        ("cardSecurityCode", "abc", "The security code must be the 3 digits on the back, like 123"),
    ],
)
def test_a_mistake_at_checkout_is_told(field: str, typed: str, sentence: str) -> None:
    assert checkout(**{field: typed}).errors == {field: [sentence]}


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ("address1", "Enter your billing street and house number"),
        ("city", "Enter your billing town or city"),
        ("state", "Select your billing state"),
        ("postalCode", "Enter your billing ZIP code, like 94105"),
    ],
)
def test_a_mistake_in_the_billing_address_says_billing(field: str, sentence: str) -> None:
    assert checkout(billShipSame=None, **{**BILLING, field: ""}).errors == {field: [sentence]}


@pytest.mark.parametrize(
    ("rules", "typed", "errors"),
    [
        (NORTH_AMERICA, {"shipState": "US-IL"}, {}),
        (NORTH_AMERICA, {"shipCountry": "CA", "shipState": "CA-QC", "shipPostalCode": "h3z2y7"}, {}),
        (NORTH_AMERICA, {"shipCountry": "", "shipState": "US-IL"}, {"shipCountry": ["Select your country"]}),
        (NORTH_AMERICA, {"shipCountry": "FR", "shipState": "US-IL"}, {"shipCountry": ["Select your country"]}),
        (
            NORTH_AMERICA,
            {"shipCountry": "", "shipState": "", "shipPostalCode": ""},
            {
                "shipCountry": ["Select your country"],
                "shipState": ["Select your state or province"],
                "shipPostalCode": ["Enter your ZIP code or postal code"],
            },
        ),
        (
            NORTH_AMERICA,
            {"shipCountry": "CA", "shipState": "US-IL", "shipPostalCode": "62701"},
            {
                "shipState": ["Select a province of the country you chose, like Alberta"],
                "shipPostalCode": ["Enter your postal code, like H3Z 2Y7"],
            },
        ),
        (
            NORTH_AMERICA,
            {"shipCountry": "CA", "shipState": "", "shipPostalCode": "H3Z 2Y7"},
            {"shipState": ["Select your province"]},
        ),
        (
            NORTH_AMERICA,
            {"billShipSame": None, **BILLING, "country": "", "state": "US-MA"},
            {"country": ["Select your billing country"]},
        ),
        (
            NORTH_AMERICA,
            {"billShipSame": None, **BILLING, "state": "CA-ON"},
            {"state": ["Select a billing state of the country you chose, like Alabama"]},
        ),
        (BRITAIN, {"shipPostalCode": "ec1y 8sy"}, {}),
        (BRITAIN, {"shipPostalCode": "GIR 0AA"}, {}),
        (
            BRITAIN,
            {"shipPostalCode": "GIR 0AA and more"},
            {"shipPostalCode": ["Enter your postcode, like EC1Y 8SY"]},
        ),
        (EVERYWHERE, {"shipCountry": "GB", "shipState": "US-IL", "shipPostalCode": "EC1Y8SY"}, {}),
        (EVERYWHERE, {"shipCountry": "AE", "shipState": "AE-DU", "shipPostalCode": ""}, {}),
        (EVERYWHERE, {"shipCountry": "IT", "shipState": "IT-AL", "shipPostalCode": "15121"}, {}),
    ],
)
def test_each_country_asks_for_its_own(
    rules: CheckoutRules, typed: dict[str, str | None], errors: dict[str, list[str]]
) -> None:
    assert checkout(rules, **typed).errors == errors


@pytest.mark.parametrize(
    ("rules", "typed", "state"),
    [
        (USA, {"shipState": "il"}, "IL"),
        (NORTH_AMERICA, {"shipState": "IL"}, "IL"),
        (NORTH_AMERICA, {"shipState": "US-IL"}, "IL"),
        (EVERYWHERE, {"shipCountry": "IT", "shipState": "IT-AL", "shipPostalCode": "15121"}, "AL"),
        (EVERYWHERE, {"shipCountry": "GB", "shipState": "US-AL", "shipPostalCode": "EC1Y 8SY"}, ""),
        (BRITAIN, {"shipState": None, "shipPostalCode": "EC1Y 8SY"}, ""),
    ],
)
def test_the_crm_gets_the_state_s_own_code(rules: CheckoutRules, typed: dict[str, str | None], state: str) -> None:
    assert checkout(rules, **typed).addresses().shipState == state


@pytest.mark.parametrize(
    ("rules", "labels"),
    [
        (USA, ("Country or region", "State", "ZIP code")),
        (NORTH_AMERICA, ("Country or region", "State or province", "ZIP code or postal code")),
        (BRITAIN, ("Country or region", "State", "Postcode")),
    ],
)
def test_labels_speak_the_country_s_words(rules: CheckoutRules, labels: tuple[str, ...]) -> None:
    form = empty(rules)
    assert (form.shipCountry.label.text, form.shipState.label.text, form.shipPostalCode.label.text) == labels


def test_one_country_is_chosen_already_and_a_known_address_is_shown() -> None:
    assert empty(USA).shipCountry.data == "US"
    assert empty(NORTH_AMERICA).shipCountry.data == ""
    with SHOP.test_request_context("/checkout"):
        known = CheckoutForm(NORTH_AMERICA, data={"shipCountry": "US", "shipState": "IL"})
    assert known.shipState.data == "US-IL"
    assert "US-IL" in [value for _, options in known.shipState.groups for value, _ in options]


@pytest.mark.parametrize("code", ["XX", "us", "", "USA"])
def test_there_is_no_such_country(code: str) -> None:
    with pytest.raises(ValueError, match=r"there is no country|not a valid country code"):
        region(code)


@pytest.mark.parametrize("code", ["HK", "KY"])
def test_a_country_whose_states_have_no_code_the_crm_takes_is_asked_for_none(code: str) -> None:
    assert region(code).states == ()


def test_every_state_code_fits_the_crm() -> None:
    for code in ("US", "CA", "AU", "MX", "JP", "ES", "IT", "BR", "IN", "AE"):
        assert region(code).states
        assert all(len(state) <= 6 and state.isascii() for state, _ in region(code).states)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("4111 1111 1111 1111", "737"),
        ("4222222222222", "737"),
        ("5555-5555-5555-4444", "737"),
        ("2221000000000009", "737"),
        ("3782 822463 10005", "1234"),
        ("４１１１１１１１１１１１１１１１", "７３７"),
    ],
)
def test_accepted_cards_pass(number: str, code: str) -> None:
    assert not checkout(cardNumber=number, cardSecurityCode=code).errors


def test_american_express_wants_the_four_digits_on_the_front() -> None:
    sentence = "The security code must be the 4 digits on the front, like 1234"
    assert checkout(cardNumber="378282246310005").errors == {"cardSecurityCode": [sentence]}
    assert "American Express" in empty(USA).cardSecurityCode.description
    assert "American Express" not in empty(SANDBOX).cardSecurityCode.description


def test_the_test_number_passes_only_where_it_is_allowed() -> None:
    assert not checkout(SANDBOX, cardNumber="0000 0000 0000 0000").errors
    assert checkout(USA, cardNumber="0000 0000 0000 0000").errors.keys() == {"cardNumber"}


@pytest.mark.parametrize(
    ("now", "good"),
    [
        (datetime(2027, 4, 30, 23, 59, tzinfo=UTC), True),
        (datetime(2027, 5, 1, 11, 59, tzinfo=UTC), True),
        (datetime(2027, 5, 1, 12, 0, tzinfo=UTC), False),
    ],
)
def test_a_card_is_good_as_long_as_it_is_anywhere_still_its_month(now: datetime, good: bool) -> None:
    with time_machine.travel(now, tick=False), SHOP.test_request_context(method="POST", data=ORDER):
        assert CheckoutForm(USA).validate() is good


def test_a_known_contact_is_not_asked_for_again() -> None:
    form = checkout(known=True, firstName="", emailAddress=None)
    assert not form.errors
    assert "emailAddress" not in form


def test_the_card_is_never_drawn_again() -> None:
    form = checkout()
    fields = [form.cardNumber, form.cardExpiryDate, form.cardSecurityCode]
    assert [field._value() for field in fields] == ["", "", ""]
    assert not any("4111" in str(field) for field in fields)
    form.forget_card()
    assert [field.data for field in fields] == ["", "", ""]
    assert not any(field.raw_data for field in fields)


def test_a_form_that_did_not_validate_gives_no_card() -> None:
    with pytest.raises(ValueError, match="has not validated"):
        checkout(cardExpiryDate="soon").card()


def test_mistakes_come_in_the_order_of_the_page() -> None:
    nothing = dict.fromkeys(ORDER, "")
    form = checkout(NORTH_AMERICA, **{**nothing, "offer": "", "billShipSame": None})
    assert [name for name, _ in form.mistakes()] == [
        "offer",
        "firstName",
        "lastName",
        "emailAddress",
        "shipCountry",
        "shipAddress1",
        "shipCity",
        "shipState",
        "shipPostalCode",
        "country",
        "address1",
        "city",
        "state",
        "postalCode",
        "cardNumber",
        "cardExpiryDate",
        "cardSecurityCode",
    ]


def test_what_the_crm_refuses_is_marked_in_our_words() -> None:
    form = checkout(known=True)
    form.refused(["shipPostalCode", "shipCity", "cardMonth", "cardYear", "emailAddress", "custom1"])
    assert list(form.mistakes()) == [
        ("", "Check your details"),
        ("shipCity", "Check your city"),
        ("shipPostalCode", "Check your ZIP code"),
        ("cardExpiryDate", "Check your expiry date"),
    ]


def test_nothing_refused_leaves_no_mistake() -> None:
    form = checkout()
    form.refused(())
    assert list(form.mistakes()) == []


def test_a_mistake_found_later_stands_beside_the_others() -> None:
    form = lead(firstName="")
    form.complain("Your card was declined.")
    form.complain("Enter your last name", about="lastName")
    assert list(form.mistakes()) == [
        ("", "Your card was declined."),
        ("firstName", "Enter your first name"),
        ("lastName", "Enter your last name"),
    ]


@pytest.mark.parametrize(("choice", "accepted"), [("yes", True), ("no", False)])
def test_an_upsell_is_answered_with_yes_or_no(choice: str, accepted: bool) -> None:
    with SHOP.test_request_context(method="POST", data={"attempt": "a-token", "choice": choice}):
        form = UpsellForm()
        assert form.validate()
        assert (form.accepted, form.attempt.data) == (accepted, "a-token")


@pytest.mark.parametrize("choice", ["", "maybe", "YES"])
def test_another_answer_is_none(choice: str) -> None:
    with SHOP.test_request_context(method="POST", data={"choice": choice}):
        form = UpsellForm()
        assert not form.validate()
        assert form.errors == {"choice": ["Choose yes or no"]}


def test_an_empty_form_can_be_had_while_another_is_posted() -> None:
    with SHOP.test_request_context(method="POST", data={"choice": "yes"}):
        assert not UpsellForm(formdata=None).accepted


@pytest.mark.parametrize(
    "posted",
    [
        {"data": {}},
        {"data": {"firstName": (BytesIO(b"a file"), "name.txt")}},
        {"json": ["a", "list"]},
        {"json": {"firstName": {"a": "map"}}},
        {"data": b"firstName=\xff\xfe%00&lastName=%ff", "content_type": "application/x-www-form-urlencoded"},
    ],
)
def test_strange_bodies_are_mistakes_and_not_failures(posted: dict[str, object]) -> None:
    with SHOP.test_request_context(method="POST", **posted):
        form = LeadForm(country="US")
        assert not form.validate()
        assert form.errors["firstName"] == ["Enter your first name"]


@given(st.dictionaries(st.sampled_from(list(ORDER)), st.text(max_size=40)))
def test_whatever_is_typed_a_sentence_answers(typed: dict[str, str]) -> None:
    form = checkout(NORTH_AMERICA, **typed)
    assert all(sentence[0].isupper() for _, sentence in form.mistakes())


@pytest.mark.parametrize("form", [LeadForm, CheckoutForm, UpsellForm, PlainForm])
@pytest.mark.parametrize("token", [None, "", "a-made-up-one"])
def test_a_form_without_its_token_is_told_apart(form: type[ShopperForm], token: str | None) -> None:
    arguments = {LeadForm: {"country": "US"}, CheckoutForm: {"rules": USA}}.get(form, {})
    data = {**ORDER, "choice": "yes"} | ({} if token is None else {"csrf_token": token})
    with shop(WTF_CSRF_ENABLED=True).test_request_context(method="POST", data=data):
        posted = form(**arguments)
        assert not posted.validate()
        assert csrf_failed(posted)
        assert all("CSRF" not in sentence for _, sentence in posted.mistakes())


def test_a_form_with_its_token_passes() -> None:
    app = shop(WTF_CSRF_ENABLED=True)

    @app.route("/", methods=["GET", "POST"])
    def page() -> str:
        form = PlainForm()
        return f"{form.validate_on_submit()} {csrf_failed(form)} {form.csrf_token._value()}"

    browser = app.test_client()
    token = browser.get("/").text.split()[-1]
    assert browser.post("/", data={"csrf_token": token}).text.startswith("True False")
    assert app.test_client().post("/", data={"csrf_token": token}).text.startswith("False True")


def test_inputs_say_what_browsers_and_phones_need_to_know() -> None:
    form = empty(USA)
    said = {
        field.name: (field.render_kw.get("autocomplete"), field.render_kw.get("inputmode"))
        for field in form
        if field.render_kw
    }
    assert said == {
        "firstName": ("shipping given-name", None),
        "lastName": ("shipping family-name", None),
        "emailAddress": ("email", None),
        "phoneNumber": ("tel", None),
        "shipCountry": ("shipping country", None),
        "shipAddress1": ("shipping address-line1", None),
        "shipAddress2": ("shipping address-line2", None),
        "shipCity": ("shipping address-level2", None),
        "shipState": ("shipping address-level1", None),
        "shipPostalCode": ("shipping postal-code", "numeric"),
        "country": ("billing country", None),
        "address1": ("billing address-line1", None),
        "address2": ("billing address-line2", None),
        "city": ("billing address-level2", None),
        "state": ("billing address-level1", None),
        "postalCode": ("billing postal-code", "numeric"),
        "couponCode": (None, None),
        "cardNumber": ("cc-number", "numeric"),
        "cardExpiryDate": ("cc-exp", "numeric"),
        "cardSecurityCode": ("cc-csc", "numeric"),
    }
    assert [form[name].render_kw["maxlength"] for name in ("firstName", "emailAddress", "shipCity")] == [
        "30",
        "255",
        "30",
    ]
    assert (form.emailAddress.render_kw["type"], form.phoneNumber.render_kw["type"]) == ("email", "tel")
