"""Our client and our sandbox, which share no code, understand each other over every call of an order."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from sandbox_caller import Caller, sandbox

from funnel.cards import Card, Secret
from funnel.crm.browser import BrowserData, Screen
from funnel.crm.calls import CampaignQuery, ImportClick, ImportLead, ImportOrder, ImportUpsale, Line, OrderQuery
from funnel.crm.client import Client
from funnel.crm.errors import Garbled, Kind, NoAnswer, Refused
from funnel.crm.payments import (
    AmazonPay,
    ApplePay,
    CashOnDelivery,
    Check,
    DirectDebit,
    GooglePay,
    Payment,
    Paypal,
    Prepaid,
)
from funnel.crm.pricing import OrderCoupon, SalesTax
from funnel.crm.replies import CouponReply, OrderReply, RedirectReply

DEADLINE = 10.0
SOON = 0.3  # seconds
LAMP = (Line(productId=101),)  # 49.95 and 4.95 to ship
TERMS = {"couponCode": "SAVE10,SHIPFREE", "shipProfileId": 2, "salesTax": Decimal("3.26")}


def card(number: str = "4242424242424242") -> Card:
    return Card(Secret(number), 12, 2039, Secret("123"))


@pytest.fixture
def crm() -> Iterator[Caller]:
    with sandbox() as caller:
        yield caller


@pytest.fixture
def client(crm: Caller) -> Client:
    return Client(crm.url, "sandbox", "sandbox")


def order_id(client: Client) -> str:
    lead = ImportLead(campaignId=7, firstName="Maya", lastName="Brandt", emailAddress="maya@example.com")
    return client.import_lead(lead, deadline=DEADLINE).orderId


def order(client: Client, payment: Payment, **more: object) -> OrderReply | RedirectReply:
    call = ImportOrder(
        **{  # type: ignore[arg-type]  # a test's shorthand
            "campaignId": 7,
            "orderId": order_id(client),
            "lines": LAMP,
            "payment": payment,
            "shipAddress1": "1 Mill Lane",
            "shipCity": "Fresno",
            "shipState": "CA",
            "shipPostalCode": "93650",
            "shipCountry": "US",
            **more,
        }
    )
    return client.import_order(call, deadline=DEADLINE)


def coupon(client: Client, code: str, deadline: float = DEADLINE) -> CouponReply:
    return client.order_coupon(OrderCoupon(campaignId=7, couponCode=code, lines=LAMP), deadline=deadline)


def tax(client: Client, deadline: float = DEADLINE) -> Decimal:
    call = SalesTax(campaignId=7, lines=LAMP, shipState="CA", shipCountry="US", couponCode="SAVE10")
    return client.sales_tax(call, deadline=deadline)


@pytest.mark.parametrize("amounts", ["text", "number"])
def test_what_coupon_and_tax_were_said_to_be_is_what_is_charged(crm: Caller, client: Client, amounts: str) -> None:
    crm.desk("switches", amounts_as=amounts)
    saved, owed = coupon(client, "SAVE10"), tax(client)
    assert (saved.priceDiscount, saved.shipDiscount, owed) == (Decimal("5.00"), 0, Decimal("3.26"))
    placed = order(client, card(), couponCode="SAVE10", salesTax=owed)
    assert isinstance(placed, OrderReply)
    assert placed.totalAmount == Decimal("54.90") - saved.priceDiscount + owed
    assert (placed.totalDiscount, placed.taxTotal) == (Decimal("5.00"), Decimal("3.26"))
    (queried,) = client.order_query(OrderQuery(orderId=placed.orderId), deadline=DEADLINE)
    assert (queried.totalAmount, queried.totalDiscount) == (placed.totalAmount, placed.totalDiscount)


@pytest.mark.parametrize("refusal", ["error", "zero"])
def test_a_wrong_code_is_not_valid_however_the_crm_says_so(crm: Caller, client: Client, refusal: str) -> None:
    crm.desk("switches", coupon_refusal=refusal)
    assert not coupon(client, "NONE").valid


@pytest.mark.parametrize(
    ("kind", "error"), [("hang", NoAnswer), ("drop", NoAnswer), ("500", Garbled), ("html", Garbled)]
)
def test_a_crm_in_trouble_is_a_failure_and_no_wrong_code(
    crm: Caller, client: Client, kind: str, error: type[Exception]
) -> None:
    crm.desk("faults", path="/order/coupon/", kind=kind)
    crm.desk("faults", path="/order/salestax/", kind=kind)
    deadline = SOON if kind == "hang" else DEADLINE
    with pytest.raises(error):
        coupon(client, "SAVE10", deadline)
    with pytest.raises(error):
        tax(client, deadline)


@pytest.mark.parametrize(
    "payment",
    [
        Check(achAccountType="SAVINGS", achRoutingNumber=Secret("021000021"), achAccountNumber=Secret("5550001111")),
        DirectDebit(iban=Secret("DE89370400440532013000")),
        ApplePay(applePayToken=Secret("apple")),
        GooglePay(googlePayToken=Secret("google")),
        AmazonPay(amazonOrderId="P01-1111111"),
        Prepaid(),
        CashOnDelivery(),
    ],
    ids=lambda payment: type(payment).__name__,
)
def test_every_way_to_pay_is_taken(client: Client, payment: Payment) -> None:
    placed = order(client, payment, **TERMS)
    assert isinstance(placed, OrderReply)
    assert placed.charged
    assert placed.totalAmount == Decimal("49.95") - Decimal("5.00") + Decimal("3.26")


def test_paypal_leads_away_by_address_by_parameters_or_by_redirect(crm: Caller, client: Client) -> None:
    back = {"salesUrl": "https://shop.test/checkout", "redirectsTo": "https://shop.test/a"}
    placed = order(client, Paypal(), **back)
    assert isinstance(placed, OrderReply)
    assert (placed.leads_away, placed.charged, bool(placed.paypalUrl)) == (True, False, True)
    placed = order(client, Paypal(paypalSdk=True), **back)
    assert isinstance(placed, OrderReply)
    assert (placed.leads_away, bool(placed.paypalSdkParams)) == (True, True)
    crm.desk("switches", paypal_workflow="new")
    assert isinstance(order(client, Paypal(), **back, errorRedirectsTo="https://shop.test/b"), RedirectReply)


def test_the_bank_is_told_of_the_browser_and_answers_with_a_script(crm: Caller, client: Client) -> None:
    browser = BrowserData(userAgent="Safari", screen=Screen(height=844, width=390), javaScriptEnabled=True)
    back = {"redirectsTo": "https://shop.test/a", "errorRedirectsTo": "https://shop.test/b"}
    reply = order(client, card("4000000000003063"), browserData=browser, **back)
    assert isinstance(reply, RedirectReply)
    assert reply.script
    assert '"height":844' in crm.desk("calls")[-1]["params"]["browserData"]


@pytest.mark.parametrize(
    ("number", "kind"),
    [("4000000000005019", Kind.ALREADY_PURCHASED), ("4000000000005027", Kind.FRAUD_LIMIT)],
)
def test_a_guessed_refusal_keeps_the_money_in_doubt(client: Client, number: str, kind: Kind) -> None:
    with pytest.raises(Refused) as caught:
        order(client, card(number))
    assert (caught.value.kind, caught.value.may_have_charged) == (kind, True)


def test_review_is_asked_for_and_the_order_counts_as_charged(client: Client) -> None:
    placed = order(client, card(), forceQA=True)
    assert isinstance(placed, OrderReply)
    assert (placed.orderStatus, placed.reviewStatus, placed.charged) == ("PENDING", "PENDING", True)


def test_an_upsale_replaces_a_product_or_brings_several(client: Client) -> None:
    placed = order(client, card(), lines=(*LAMP, Line(productId=102)))
    assert isinstance(placed, OrderReply)
    swapped = client.import_upsale(ImportUpsale(orderId=placed.orderId, productId=201, replaceProductId=102))
    assert isinstance(swapped, OrderReply)
    assert [item.productId for item in swapped.items] == ["101", "201"]
    lines = (Line(productId=201), Line(productId=102, qty=2))
    more = client.import_upsale(ImportUpsale(orderId=placed.orderId, lines=lines))
    assert isinstance(more, OrderReply)
    assert {item.productId: item.qty for item in more.items} == {"101": 1, "201": 2, "102": 2}


def test_the_fraud_pixel_comes_to_a_checkout_that_asks_for_it(crm: Caller, client: Client) -> None:
    click = ImportClick(pageType="checkoutPage", campaignId=7, requestUri="https://shop.test/", fraudPixel=True)
    assert "<iframe" in (client.import_click(click, deadline=DEADLINE).pixel or "")
    crm.desk("switches", fraud_plugin=False)
    assert client.import_click(click, deadline=DEADLINE).pixel is None


def test_a_campaign_s_coupons_shipping_and_taxes_are_read(client: Client) -> None:
    (campaign,) = client.campaign_query(CampaignQuery(campaignId=7), deadline=DEADLINE)
    assert {each.couponCode: (each.fraction, each.flat, each.applyTo) for each in campaign.coupons} == {
        "SAVE10": (Decimal("0.1"), Decimal("0.00"), "BASE_PRICE"),
        "FIVE": (Decimal(0), Decimal("5.00"), "BASE_PRICE"),
        "SHIPFREE": (Decimal(1), Decimal("0.00"), "SHIPPING"),
    }
    assert [(each.shipProfileId, each.price) for each in campaign.shipProfiles] == [
        (1, Decimal("4.95")),
        (2, Decimal("12.95")),
    ]
    assert campaign.taxes["US-CA"] == Decimal("0.0725")
