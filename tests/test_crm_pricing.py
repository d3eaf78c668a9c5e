"""What a coupon takes off, what the tax is, and what a campaign knows of both."""

import json
from decimal import Decimal
from typing import Any

import pytest
from crm_calls import CALLS, ORDER, ask, client_for
from crm_peers import Peer, answer, says

from funnel.crm.calls import CampaignQuery
from funnel.crm.campaigns import CampaignCoupon, ShipProfile, Variant
from funnel.crm.errors import Garbled, Kind, Refused
from funnel.crm.replies import CouponReply

DEADLINE = 10.0
COUPON, TAX, CAMPAIGN = CALLS["OrderCoupon"], CALLS["SalesTax"], CampaignQuery(campaignId=459)
PRODUCT = {"campaignProductId": 15271, "price": "0.30"}


def told(call: Any, message: object, result: str = "SUCCESS") -> Any:
    """What the client returns for this call when the CRM answers with this message."""
    body = json.dumps({"result": result, "message": message}).encode()
    with Peer(says(answer(body))) as crm:
        return ask(client_for(crm.url), call, DEADLINE)


@pytest.mark.parametrize(
    ("message", "price", "ship"),
    [
        ({"priceDiscount": "5.00", "shipDiscount": "0.00"}, "5.00", "0"),
        ({"priceDiscount": 0, "shipDiscount": 4.95}, "0", "4.95"),
        ({"priceDiscount": 1.0990000000000002, "shipDiscount": None}, "1.099", "0"),
        ({"shipDiscount": "2"}, "0", "2"),
    ],
)
def test_a_coupon_tells_what_it_takes_off(message: object, price: str, ship: str) -> None:
    assert told(COUPON, message) == CouponReply(Decimal(price), Decimal(ship))
    assert told(COUPON, message).valid


@pytest.mark.parametrize(
    ("message", "result"),
    [
        ({"priceDiscount": 0, "shipDiscount": "0.00"}, "SUCCESS"),
        ("Coupon is not valid", "ERROR"),
        ("No coupons matching those parameters could be found", "ERROR"),
        ({"couponCode": "is not valid"}, "ERROR"),
    ],
)
def test_a_code_that_takes_off_nothing_or_is_refused_is_not_valid(message: object, result: str) -> None:
    assert not told(COUPON, message, result).valid


@pytest.mark.parametrize(
    "message",
    [
        "Could not authenticate credentials",
        "No products exist in the order",
        {"product1_id": "is a required field"},
        "",
        None,
        ["odd"],
    ],
)
def test_a_refusal_of_the_call_says_nothing_of_the_code(message: object) -> None:
    with pytest.raises(Refused):
        told(COUPON, message, "ERROR")


@pytest.mark.parametrize(
    "message",
    [None, "5.00", [], {}, {"discount": 5}, {"priceDiscount": "-1.00"}, {"priceDiscount": True}, {"shipDiscount": "x"}],
)
def test_discounts_that_cannot_be_read_are_illegible(message: object) -> None:
    with pytest.raises(Garbled):
        told(COUPON, message)


@pytest.mark.parametrize(
    ("message", "tax"),
    [("3.43", "3.43"), (3.43, "3.43"), (0, "0"), ("0.00", "0.00"), (3.4299999999999997, "3.43"), ("1.005", "1.005")],
)
def test_the_sales_tax_is_one_amount_as_text_or_as_a_number(message: object, tax: str) -> None:
    assert told(TAX, message) == Decimal(tax)


@pytest.mark.parametrize("message", [None, "", "none", -1, "-0.10", True, {}, {"salesTax": "3.43"}, ["3.43"], "1e3"])
def test_a_tax_that_is_no_amount_is_illegible(message: object) -> None:
    with pytest.raises(Garbled):
        told(TAX, message)


def test_a_tax_that_is_refused_is_a_failure_and_not_zero() -> None:
    with pytest.raises(Refused):
        told(TAX, "The address could not be verified", "ERROR")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("You have already purchased this product.", Kind.ALREADY_PURCHASED),
        ("This item has Already Been Ordered", Kind.ALREADY_PURCHASED),
        ("Customer is within the reorder days of this campaign", Kind.ALREADY_PURCHASED),
        ("Blocked: decline limit reached for this e-mail", Kind.FRAUD_LIMIT),
        ("Card limit exceeded", Kind.FRAUD_LIMIT),
        ("Too many declines. Try again tomorrow.", Kind.FRAUD_LIMIT),
        ("This order has already been processed.", Kind.UNKNOWN),
        ("The order limit is 5", Kind.UNKNOWN),
        ("Purchased", Kind.UNKNOWN),
    ],
)
def test_a_guess_from_a_text_s_words_says_nothing_about_the_money(text: str, kind: Kind) -> None:
    with pytest.raises(Refused) as caught:
        told(ORDER, text, "ERROR")
    assert (caught.value.kind, caught.value.may_have_charged, caught.value.permanent) == (kind, True, False)


def test_what_the_crm_calls_a_decline_is_one_whatever_its_words() -> None:
    with pytest.raises(Refused) as caught:
        told(ORDER, "Transaction Declined: Already purchased, card limit", "ERROR")
    assert (caught.value.kind, caught.value.may_have_charged) == (Kind.DECLINED, False)


def test_a_campaign_tells_its_coupons_shipping_countries_and_taxes() -> None:
    row = {
        "campaignId": 459,
        "products": [{**PRODUCT, "variants": [{"variantDetailId": "9", "variantName": "Red", "price": 0.4}]}],
        "coupons": [
            {"couponCode": "SAVE10", "couponDiscountPerc": "0.10", "applyTo": "BASE_PRICE"},
            {"couponCode": "FIVE", "couponDiscountPrice": 5, "campaignProductId": 15271},
        ],
        "shipProfiles": [{"shipProfileId": 2, "profileName": "Express", "price": "12.95"}],
        "countries": {"US": "United States"},
        "taxes": {"US-CA": "0.0725", "US-*": 0.05},
        "reOrderDays": "30",
    }
    (campaign,) = told(CAMPAIGN, {"data": {"459": row}})
    assert campaign.products[0].variants == (Variant(9, "Red", Decimal("0.4")),)
    assert campaign.coupons == (
        CampaignCoupon("SAVE10", None, Decimal("0.10"), "BASE_PRICE", None),
        CampaignCoupon("FIVE", Decimal(5), None, None, 15271),
    )
    assert campaign.shipProfiles == (ShipProfile(2, "Express", Decimal("12.95")),)
    assert campaign.countries == {"US": "United States"}
    assert campaign.taxes == {"US-CA": Decimal("0.0725"), "US-*": Decimal("0.05")}
    assert campaign.reOrderDays == 30


@pytest.mark.parametrize(
    ("countries", "read"),
    [
        (["US", "CA"], {"US": "US", "CA": "CA"}),
        ([{"countryCode": "US", "countryName": "United States"}], {"US": "United States"}),
        ({"1": {"code": "US"}}, {"US": "US"}),
        ("US", {}),
        ([None, {"name": "Nowhere"}], {}),
    ],
)
def test_countries_are_read_in_whatever_shape_they_come(countries: object, read: dict[str, str]) -> None:
    (campaign,) = told(CAMPAIGN, {"data": [{"campaignId": 459, "countries": countries}]})
    assert campaign.countries == read


def test_taxes_are_read_from_rows_too() -> None:
    taxes = [{"country": "US", "state": "CA", "taxRate": "0.0725"}, {"country": "US", "rate": 0.05}, {"rate": 1}, "x"]
    (campaign,) = told(CAMPAIGN, {"data": [{"campaignId": 459, "taxes": taxes}]})
    assert campaign.taxes == {"US-CA": Decimal("0.0725"), "US-*": Decimal("0.05")}


@pytest.mark.parametrize("odd", [None, False, 0, "", "none", [1], [[]], {"a": "b"}, [{}], {"1": {}}])
def test_what_cannot_be_read_of_a_campaign_is_left_out_and_its_products_stand(odd: object) -> None:
    row = {"campaignId": 459, "products": [{**PRODUCT, "variants": odd}]}
    parts = dict.fromkeys(("coupons", "shipProfiles", "taxes"), odd)
    (campaign,) = told(CAMPAIGN, {"data": [{**row, **parts}]})
    assert [product.campaignProductId for product in campaign.products] == [15271]
    assert (campaign.coupons, campaign.shipProfiles, campaign.products[0].variants) == ((), (), ())
    assert campaign.taxes == {}
