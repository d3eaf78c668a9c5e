"""The sandbox prices coupons, shipping profiles, sales tax, insurance and variants, and charges what it tells."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from sandbox_caller import PATIENCE, Caller, sandbox

from funnel.sandbox.catalogue import Catalogue, rounded
from funnel.sandbox.catalogue_file import as_catalogue, read_catalogue

LAMP = {"campaignId": 7, "product1_id": 101}  # 49.95 and 4.95 to ship
CALIFORNIA = {"shipState": "CA", "shipCountry": "US"}
YEN, DINAR = (
    {"campaignId": 8, "productId": 301, "name": "Fan", "price": "1055", "shipPrice": "500", "currency": "JPY"},
    {"campaignId": 9, "productId": 401, "name": "Oud", "price": "4.955", "shipPrice": "0.125", "currency": "KWD"},
)
SOLD = {
    "products": [
        {
            "campaignId": 7,
            "productId": 101,
            "name": "Desk lamp",
            "price": "49.95",
            "shipPrice": "4.95",
            "variants": [{"variantId": 1, "name": "Red"}, {"variantId": 2, "name": "Brass", "price": "79.00"}],
        },
        {"campaignId": 7, "productId": 102, "name": "Lamp oil", "price": "10.00"},
        {"campaignId": 7, "productId": 201, "name": "Spare bulbs", "price": "14.00", "productType": "UPSALE"},
        YEN,
        DINAR,
    ],
    "coupons": [
        {"code": "save10", "percent": "10"},
        {"code": "FIVE", "flat": "5.00"},
        {"code": "OIL", "flat": "4.00", "productId": 102},
        {"code": "HALFOIL", "percent": "50", "productId": 102},
        {"code": "SHIPFREE", "percent": "100", "applyTo": "SHIPPING"},
        {"code": "ELSEWHERE", "percent": "50", "campaignId": 8},
    ],
    "shipProfiles": [{"shipProfileId": 3, "name": "Express", "price": "12.95"}],
    "taxes": {"US-CA": "0.0725", "US-*": "0.05"},
}


@pytest.fixture
def crm() -> Iterator[Caller]:
    with sandbox(catalogue=as_catalogue(SOLD)) as caller:
        yield caller


def coupon(crm: Caller, code: str, **more: object) -> Any:
    return crm.call("/order/coupon/", **{**LAMP, "couponCode": code, **more})["message"]


@pytest.mark.parametrize(
    ("code", "price", "ship"),
    [
        ("SAVE10", "5.00", "0.00"),
        ("save10", "5.00", "0.00"),
        ("FIVE", "5.00", "0.00"),
        ("SHIPFREE", "0.00", "4.95"),
        ("SAVE10, SHIPFREE", "5.00", "4.95"),
        ("SAVE10,FIVE", "9.50", "0.00"),
    ],
)
def test_a_coupon_takes_off_what_its_campaign_says(crm: Caller, code: str, price: str, ship: str) -> None:
    assert coupon(crm, code) == {"priceDiscount": price, "shipDiscount": ship}


@pytest.mark.parametrize(
    ("code", "price"),
    [("OIL", "4.00"), ("HALFOIL", "10.00"), ("OIL,HALFOIL", "12.00"), ("OIL,SAVE10", "10.60"), ("FIVE", "5.00")],
)
def test_a_product_s_coupons_come_before_the_order_s_and_flat_before_percent(
    crm: Caller, code: str, price: str
) -> None:
    lines = {"product2_id": 102, "product2_qty": 2}
    assert coupon(crm, code, **lines)["priceDiscount"] == price


def test_a_flat_coupon_that_would_take_off_everything_is_dropped(crm: Caller) -> None:
    assert coupon(crm, "FIVE", product1_price="5.00")["priceDiscount"] == "0.00"
    assert coupon(crm, "OIL", product1_id=102, product1_price="1.00")["priceDiscount"] == "1.00"


@pytest.mark.parametrize("code", ["NONE", "ELSEWHERE"])
def test_a_code_that_is_none_is_refused_or_takes_off_nothing_as_the_switch_says(crm: Caller, code: str) -> None:
    assert coupon(crm, code) == "Coupon code is not valid"
    crm.desk("switches", coupon_refusal="zero", amounts_as="number")
    assert coupon(crm, code) == {"priceDiscount": 0.0, "shipDiscount": 0.0}


def test_without_coupons_of_its_own_a_catalogue_has_three() -> None:
    with sandbox() as crm:
        discounts = [coupon(crm, code) for code in ("SAVE10", "FIVE", "SHIPFREE")]
    assert [(each["priceDiscount"], each["shipDiscount"]) for each in discounts] == [
        ("5.00", "0.00"),
        ("5.00", "0.00"),
        ("0.00", "4.95"),
    ]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, {"couponCode": "is a required field"}),
        ({"couponCode": "SAVE10", "product1_id": ""}, "No products exist in the order"),
        ({"couponCode": "SAVE10", "campaignId": ""}, {"campaignId": "is a required field"}),
        ({"couponCode": "S" * 31}, {"couponCode": "must be no more than 30 characters"}),
        ({"couponCode": "SAVE10", "shipProfileId": 9}, {"shipProfileId": "Not a valid input"}),
    ],
)
def test_order_coupon_needs_a_campaign_a_code_and_lines(
    crm: Caller, params: dict[str, object], message: object
) -> None:
    assert crm.call("/order/coupon/", **{**LAMP, **params}) == {"result": "ERROR", "message": message}


@pytest.mark.parametrize(
    ("terms", "sub", "ship", "off", "tax", "total"),
    [
        ({}, "49.95", "4.95", "0.00", "0.00", "54.90"),
        ({"couponCode": "SAVE10"}, "49.95", "4.95", "5.00", "0.00", "49.90"),
        ({"couponCode": "SAVE10,SHIPFREE"}, "49.95", "4.95", "9.95", "0.00", "44.95"),
        ({"shipProfileId": 3}, "49.95", "12.95", "0.00", "0.00", "62.90"),
        ({"shipProfileId": 3, "product1_shipPrice": "1.00"}, "49.95", "12.95", "0.00", "0.00", "62.90"),
        ({"shipProfileId": 3, "couponCode": "SHIPFREE"}, "49.95", "12.95", "12.95", "0.00", "49.95"),
        ({"salesTax": "3.62"}, "49.95", "4.95", "0.00", "3.62", "58.52"),
        ({"salesTax": "3.26", "couponCode": "FIVE"}, "49.95", "4.95", "5.00", "3.26", "53.16"),
        ({"variant1_id": 2, "product1_qty": 2}, "158.00", "9.90", "0.00", "0.00", "167.90"),
    ],
)
def test_an_order_s_totals_are_the_same_wherever_they_are_told(
    crm: Caller, terms: dict[str, object], sub: str, ship: str, off: str, tax: str, total: str
) -> None:
    order = crm.order(crm.lead(), **terms)["message"]
    told = [order[name] for name in ("subTotal", "shipTotal", "totalDiscount", "taxTotal", "totalAmount")]
    assert told == [sub, ship, off, tax, total]
    assert (order["basePrice"], order["baseShipping"], order["salesTax"]) == (sub, ship, tax)
    assert (order["amountPaid"], order["totalRefundRemaining"], order["orderValue"]) == (total, total, total)
    row = crm.row(order["orderId"])
    told = [row[name] for name in ("price", "baseShipping", "totalDiscount", "salesTax", "totalAmount")]
    assert told == [sub, ship, off, tax, total]
    (transaction,) = crm.call("/transactions/query/", orderId=order["orderId"])["message"]["data"]
    assert transaction["totalAmount"] == total
    assert crm.desk("charges")["amounts"] == {order["orderId"]: total}


def test_an_order_tells_its_coupon_and_its_way_of_shipping(crm: Caller) -> None:
    order = crm.order(crm.lead(couponCode="FIVE"), couponCode="SAVE10,SHIPFREE", shipProfileId=3)["message"]
    told = (order["couponCode"], order["discountPrice"], order["shipProfileId"], order["profileName"])
    assert told == ("SAVE10,SHIPFREE", "5.00", 3, "Express")
    row = crm.row(order["orderId"])
    assert (row["couponCode"], row["discountPrice"], row["shipProfileId"]) == ("SAVE10,SHIPFREE", "5.00", 3)
    assert order["items"][0]["shipping"] == "0.00"


def test_a_lead_s_coupon_counts_only_when_the_order_repeats_it(crm: Caller) -> None:
    orderId = crm.lead(couponCode="FIVE")
    assert crm.row(orderId)["couponCode"] == "FIVE"
    order = crm.order(orderId)["message"]
    assert (order["couponCode"], order["totalAmount"]) == (None, "54.90")


@pytest.mark.parametrize(("choice", "total"), [("ignore", "54.90"), ("error", None)])
def test_an_order_with_a_code_that_is_none_is_what_the_switch_says(crm: Caller, choice: str, total: str | None) -> None:
    crm.desk("switches", unknown_coupon=choice)
    reply = crm.order(crm.lead(), couponCode="NONE")
    assert reply["message"] == "Coupon code is not valid" if total is None else reply["message"]["totalAmount"] == total
    assert crm.desk("charges")["total"] == (0 if total is None else 1)


def test_a_declined_order_was_tried_with_the_discount_on(crm: Caller) -> None:
    orderId = crm.lead()
    crm.order(orderId, "4000000000000002", couponCode="SAVE10", salesTax="1.00")
    (transaction,) = crm.call("/transactions/query/", orderId=orderId)["message"]["data"]
    assert (transaction["responseType"], transaction["totalAmount"]) == ("SOFT_DECLINE", "50.90")


@pytest.mark.parametrize(
    ("where", "tax"),
    [
        (CALIFORNIA, "3.62"),
        ({"shipState": "NV", "shipCountry": "US"}, "2.50"),
        ({"state": "CA", "country": "US"}, "3.62"),
        ({"shipCountry": "DE"}, "0.00"),
        ({**CALIFORNIA, "couponCode": "SAVE10"}, "3.26"),
        ({**CALIFORNIA, "couponCode": "SHIPFREE"}, "3.62"),
        ({**CALIFORNIA, "product1_qty": 2}, "7.24"),
    ],
)
def test_sales_tax_is_the_place_s_rate_on_the_discounted_prices(
    crm: Caller, where: dict[str, object], tax: str
) -> None:
    assert crm.call("/order/salestax/", **{**LAMP, **where}) == {"result": "SUCCESS", "message": tax}


@pytest.mark.parametrize(
    ("switches", "reply"),
    [
        ({"amounts_as": "number"}, {"result": "SUCCESS", "message": 3.62}),
        ({"tax_service": "zero"}, {"result": "SUCCESS", "message": "0.00"}),
        (
            {"tax_service": "error"},
            {"result": "ERROR", "message": "No sales tax service is configured for this campaign"},
        ),
    ],
)
def test_the_tax_service_answers_as_the_switches_say(
    crm: Caller, switches: dict[str, str], reply: dict[str, object]
) -> None:
    crm.desk("switches", **switches)
    assert crm.call("/order/salestax/", **LAMP, **CALIFORNIA) == reply


def test_sales_tax_needs_a_country_and_lines(crm: Caller) -> None:
    assert crm.call("/order/salestax/", **LAMP)["message"] == {"shipCountry": "is a required field"}
    lacking = crm.call("/order/salestax/", campaignId=7, shipCountry="US")
    assert lacking["message"] == "No products exist in the order"


@pytest.mark.parametrize(
    ("choice", "sent", "tax"), [("none", {}, "0.00"), ("table", {}, "3.62"), ("table", {"salesTax": "1.00"}, "1.00")]
)
def test_an_order_without_tax_is_taxed_as_the_switch_says_and_a_tax_that_is_sent_stands(
    crm: Caller, choice: str, sent: dict[str, object], tax: str
) -> None:
    crm.desk("switches", tax_when_unsent=choice)
    assert crm.order(crm.lead(), **CALIFORNIA, **sent)["message"]["taxTotal"] == tax


@pytest.mark.parametrize(
    ("campaign", "product", "off", "tax", "total"),
    [(8, 301, "106.00", "69.00", "1518.00"), (9, 401, "0.496", "0.323", "4.907")],
)
def test_amounts_are_rounded_to_the_coins_there_are(
    crm: Caller, campaign: int, product: int, off: str, tax: str, total: str
) -> None:
    crm.desk("switches", tax_when_unsent="table")
    lines = {"campaignId": campaign, "product1_id": product, "couponCode": "SAVE10", **CALIFORNIA}
    if campaign == 8:
        assert coupon(crm, "SAVE10", campaignId=8, product1_id=301)["priceDiscount"] == off
    order = crm.order(crm.lead(campaignId=campaign), **lines)["message"]
    assert (order["totalDiscount"], order["taxTotal"], order["totalAmount"]) == (off, tax, total)
    assert crm.row(order["orderId"])["totalAmount"] == total
    assert Decimal(crm.desk("charges")["amounts"][order["orderId"]]) == Decimal(total)


def test_insurance_costs_what_is_sent_or_what_the_switch_says(crm: Caller) -> None:
    assert crm.order(crm.lead())["message"]["shipmentInsured"] == 0
    crm.desk("switches", insurance_price=2.5)
    order = crm.order(crm.lead(), insureShipment=1)["message"]
    assert (order["shipmentInsured"], order["shipmentInsurancePrice"], order["totalAmount"]) == (1, "2.50", "57.40")
    order = crm.order(crm.lead(), insureShipment=1, shipmentInsurancePrice="1.00")["message"]
    assert order["totalAmount"] == "55.90"


def test_a_variant_is_told_and_two_variants_are_two_items(crm: Caller) -> None:
    order = crm.order(crm.lead(), variant1_id=1, product2_id=101, variant2_id=2, product3_id=101)["message"]
    assert [(item["variantDetailId"], item["title"], item["price"]) for item in order["items"]] == [
        ("1", "Red", "49.95"),
        ("2", "Brass", "79.00"),
        ("", "", "49.95"),
    ]
    items = crm.row(order["orderId"])["items"]
    assert sorted((item["productId"], item["variantName"], item["qty"]) for item in items.values()) == [
        (101, "", 1),
        (101, "Brass", 1),
        (101, "Red", 1),
    ]


def test_a_variant_of_another_product_is_refused(crm: Caller) -> None:
    assert crm.order(crm.lead(), product1_id=102, variant1_id=1)["message"] == {"variant1_id": "Not a valid input"}
    orderId = crm.bought()
    assert crm.upsale(orderId, variantDetailId=1)["message"] == {"variantDetailId": "Not a valid input"}
    assert crm.upsale(orderId, productId=101, variantDetailId=2)["message"]["items"][1]["title"] == "Brass"


def test_a_campaign_tells_its_variants_coupons_shipping_and_taxes(crm: Caller) -> None:
    campaign = crm.call("/campaign/query/", campaignId=7)["message"]["data"]["7"]
    assert [variant["variantName"] for variant in campaign["products"][0]["variants"]] == ["Red", "Brass"]
    assert campaign["coupons"][0] == {
        "couponCode": "SAVE10",
        "couponDiscountPrice": "0.00",
        "couponDiscountPerc": "0.1",
        "applyTo": "BASE_PRICE",
        "campaignProductId": None,
    }
    assert "ELSEWHERE" not in [row["couponCode"] for row in campaign["coupons"]]
    assert campaign["shipProfiles"] == [{"shipProfileId": 3, "profileName": "Express", "price": "12.95"}]
    assert campaign["taxes"]["US-CA"] == "0.0725"


@pytest.mark.parametrize("path", ["/order/coupon/", "/order/salestax/"])
def test_faults_meet_these_calls_like_any_other(crm: Caller, path: str) -> None:
    params = {**LAMP, **CALIFORNIA, "couponCode": "SAVE10"}
    crm.desk("faults", path=path, kind="500")
    crm.desk("faults", path=path, kind="unknown_error")
    crm.desk("faults", path=path, kind="html")
    assert crm.post(path, **params).status_code == 500
    assert crm.call(path, **params)["message"].startswith("Sandbox fault 7")
    assert crm.post(path, **params).text.startswith("<html>")
    assert crm.call(path, **params)["result"] == "SUCCESS"


def test_the_catalogue_file_is_a_list_of_products_or_an_object_with_more(tmp_path: Path) -> None:
    file = tmp_path / "catalogue.json"
    file.write_text(json.dumps(SOLD["products"]))
    of_a_list = read_catalogue(file)
    assert list(of_a_list.products or {}) == [101, 102, 201, 301, 401]
    assert (of_a_list.coupons, of_a_list.shipProfiles) == (Catalogue(None).coupons, Catalogue(None).shipProfiles)
    file.write_text(json.dumps({"products": SOLD["products"], "coupons": []}))
    assert read_catalogue(file).coupons == ()
    file.write_text(json.dumps(SOLD))
    assert read_catalogue(file) == as_catalogue(SOLD)


@pytest.mark.parametrize(
    "odd",
    [
        {"products": [], "vouchers": []},
        {"coupons": []},
        {"products": [], "coupons": [{"code": "X"}]},
        {"products": [], "coupons": [{"code": "X", "flat": 1, "percent": 1}]},
        {"products": [], "coupons": [{"code": "X", "flat": "-1"}]},
        {"products": [], "coupons": [{"code": "X", "flat": "1", "applyTo": "MOON"}]},
        {"products": [], "shipProfiles": [{"shipProfileId": 1}]},
        {"products": [], "taxes": {"US-CA": "NaN"}},
        {"products": [], "taxes": ["US-CA"]},
        "products",
        7,
        None,
    ],
)
def test_a_file_that_is_no_catalogue_is_refused_in_words(tmp_path: Path, odd: object) -> None:
    file = tmp_path / "catalogue.json"
    file.write_text(json.dumps(odd))
    with pytest.raises(ValueError, match=r"catalogue\.json is no catalogue"):
        read_catalogue(file)


@pytest.mark.parametrize(("currency", "coin"), [("JPY", "1"), ("USD", "0.01"), ("KWD", "0.001")])
def test_halves_are_rounded_up_to_the_smallest_coin(currency: str, coin: str) -> None:
    assert rounded(Decimal(coin) / 2, currency) == Decimal(coin)


def test_the_front_page_lists_coupons_shipping_taxes_and_what_an_order_came_to(crm: Caller) -> None:
    crm.order(crm.lead(), couponCode="SAVE10", shipProfileId=3, salesTax="1.00")
    page = requests.get(crm.url, timeout=PATIENCE).text
    for shown in ("SAVE10", "10 % of the", "shipProfileId 3: Express, 12.95", "US-CA: 0.0725", "coupon_refusal"):
        assert shown in page
    for shown in ("Express shipping", "−5.00", "Sales tax", "58.90 USD in all"):
        assert shown in page
