"""The sandbox CRM plays the recommended flow, click to query, in the shapes that were recorded."""

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
import requests
from sandbox_caller import CREDENTIALS, DECLINES, HOME, MAYA, PATIENCE, Caller, order_params, sandbox

ORDER_FIELDS = """taxExemption orderId vendorOrderId vendorPluginId ipAddress sourceId sourceValue1
sourceValue2 sourceValue3 sourceValue4 sourceValue5 shipCarrier shipMethod profileName dateCreated orderType
orderStatus reviewStatus campaignName orderValue customerId name emailAddress phoneNumber firstName lastName
companyName address1 address2 shipmentInsured shipmentInsurancePrice insuranceCharged city state country
postalCode shipFirstName shipLastName shipCompanyName shipAddress1 shipAddress2 shipCity shipState
shipCountry shipPostalCode custom1 custom2 custom3 custom4 custom5 paySource cardType cardBin cardLast4
cardExpiryDate achAccountHolderType achAccountType achRoutingNumber achNameOnAccount achAccountNumber
couponCode agentUserId basePrice baseShipping voiceLogNumber discountPrice salesTax salesUrl surcharge
shipUpcharge shipProfileId baseCurrencyCode baseCurrencySymbol currencySymbol currencyCode campaignId
merchantTxnId ibanLast4 originalCycleNumber prepaidType cardIsPrepaid cardIsDebit accountHolder subTotal
shipTotal taxTotal totalAmount totalDiscount totalRefundRemaining amountPaid items paypalUrl paypalSdkParams
gatewayUrl gatewaySdkParams"""
ITEM_FIELDS = """productId name qty productSku actualProductId replacedByOrderItemId variantDetailId title
variantSku externalProductId shipping price merchantId descriptor initialSalesTax customSalesTax purchaseId
refundRemaining merchantTxnId purchaseStatus billingCycleType finalBillingCycle isPreauthVoid nextBillDate
trialEnabled trialType trialAuthType regularPrice productQty cycle1_billDelay cycle2_price cycle2_shipPrice
cycle2_isShippable cycle2_billDelay cycle3_price cycle3_shipPrice cycle3_isShippable cycle3_billDelay
lastCustomCycle purchaseCycle txnType cancellationScheduled cancelAfterDate pauseScheduled
billingCycleNumber staggerIntervalCycles staggerFulfillments recycleFailedStatus recycleReference
responseType"""
ROW_FIELDS = """orderId actualOrderId externalOrderId clientOrderId shipCarrier shipMethod dateCreated
dateUpdated orderType orderStatus reviewStatus totalAmount refundRemaining avsResponse cvvResponse
campaignName campaignCategoryName customerId name emailAddress phoneNumber firstName lastName companyName
address1 address2 city state country postalCode shipFirstName shipLastName shipCompanyName shipAddress1
shipAddress2 shipCity shipState shipCountry shipPostalCode paySource prepaidType cardType cardLast4
cardExpiryDate cardIsPrepaid cardIsDebit achRoutingNumber achAccountNumber couponCode agentUserId agentName
price baseShipping voiceLogNumber discountPrice salesTax surcharge shipUpcharge shipProfileId isDeclineSave
ipAddress sourceId sourceTitle affId sourceValue1 sourceValue2 sourceValue3 sourceValue4 sourceValue5
salesUrl currencySymbol currencyCode campaignId totalDiscount productCost shippingCost custom1 custom2
custom3 custom4 custom5 UTMSource UTMMedium UTMCampaign UTMTerm UTMContent hasUpsell items fulfillments"""
ROW_ITEM_FIELDS = """productId transactionItemId name variantDetailId variantName merchantId
productDescription clientId externalProductId qty shipping price purchaseId purchaseStatus
lastCancellationDate txnType detailedStatus nextBillDate cancelAfterDate productType orderItemId
currentProduct currentPrice currentProductId currentVariantDetailId actualProductId currentQty clubPluginId
pauseScheduled cancellationScheduled salesTax productSku replacedByOrderItemId responseType"""
SHIP_FIELDS = ("shipAddress1", "shipCity", "shipPostalCode", "shipCountry")
FIRST_CLICK = {
    "pageType": "presellPage",
    "campaignId": 7,
    "requestUri": "https://shop.test/?affId=000123&c1=red",
}


@pytest.fixture
def crm() -> Iterator[Caller]:
    with sandbox() as caller:
        yield caller


def test_the_first_click_opens_a_session_and_reads_the_affiliate_from_the_address(crm: Caller) -> None:
    message = crm.call("/landers/clicks/import/", **FIRST_CLICK)["message"]
    assert re.fullmatch("[0-9a-f]{32}", message["sessionId"])
    assert message["affVals"] == {"affId": "000123", "c1": "red"}


def test_a_later_click_joins_its_session(crm: Caller) -> None:
    sessionId = crm.call("/landers/clicks/import/", **FIRST_CLICK)["message"]["sessionId"]
    later = crm.call("/landers/clicks/import/", pageType="leadPage", sessionId=sessionId)["message"]
    assert later["sessionId"] == sessionId


@pytest.mark.parametrize(
    ("choice", "result", "same"),
    [("ignore", "SUCCESS", True), ("new", "SUCCESS", False), ("error", "ERROR", False)],
)
def test_an_unknown_session_is_treated_as_the_switch_says(crm: Caller, choice: str, result: str, same: bool) -> None:
    crm.desk("switches", unknown_session=choice)
    made_up = "ab" * 16
    reply = crm.call("/landers/clicks/import/", sessionId=made_up, **FIRST_CLICK)
    assert reply["result"] == result
    assert (result == "SUCCESS" and reply["message"]["sessionId"] == made_up) is same


def test_a_lead_may_name_only_a_session_that_was_given_out_where_the_crm_looks(crm: Caller) -> None:
    crm.desk("switches", unknown_session="error")
    sessionId = crm.call("/landers/clicks/import/", **FIRST_CLICK)["message"]["sessionId"]
    assert crm.lead(sessionId=sessionId)
    refused = crm.call("/leads/import/", campaignId=7, sessionId="ab" * 16, **MAYA)
    assert refused == {"result": "ERROR", "message": "Session not found"}


def test_the_checkout_may_ask_for_the_fraud_pixel(crm: Caller) -> None:
    click = {**FIRST_CLICK, "pageType": "checkoutPage", "fraudPixel": 1}
    pixel = crm.call("/landers/clicks/import/", **click)["message"]["pixel"]
    address = re.search('src="(.+?)"', pixel)
    assert address
    assert requests.get(address[1], timeout=PATIENCE).status_code == 200


def test_a_lead_is_a_partial_order_and_echoes_what_was_sent(crm: Caller) -> None:
    message = crm.call("/leads/import/", campaignId=7, **MAYA)["message"]
    assert re.fullmatch("[0-9A-F]{10}", message["orderId"])
    assert message["isProcessLead"] is True
    assert message["orderStatus"] == "PARTIAL"
    assert message["firstName"] == "Maya"
    assert message["address2"] == message["shipAddress2"] == ""
    assert "password" not in message


def test_a_lead_sent_again_with_its_order_id_updates_the_same_partial(crm: Caller) -> None:
    orderId = crm.lead()
    assert crm.lead(orderId=orderId, firstName="Maja") == orderId
    assert crm.row(orderId)["firstName"] == "Maja"


def test_two_shoppers_behind_one_address_get_the_same_partial(crm: Caller) -> None:
    assert crm.lead(emailAddress="other@example.com") == crm.lead()
    assert crm.lead(ipAddress="203.0.113.8") != crm.lead()


def test_asking_for_no_dedup_gives_a_fresh_partial_where_the_crm_listens(crm: Caller) -> None:
    first = crm.lead()
    assert crm.lead(disableCustomerDedup=1) != first
    crm.desk("switches", dedup_param_respected=False)
    latest = crm.lead()
    assert crm.lead(disableCustomerDedup=1) == latest


def test_partials_are_not_reused_when_the_switch_is_off(crm: Caller) -> None:
    crm.desk("switches", partial_reuse=False)
    assert crm.lead() != crm.lead()


def test_an_order_completes_its_partial_in_the_recorded_shape(crm: Caller) -> None:
    lead = crm.call("/leads/import/", campaignId=7, **MAYA)["message"]
    order = crm.order(lead["orderId"], card="0000000000000000")["message"]
    assert set(order) == set(ORDER_FIELDS.split())
    assert set(order["items"][0]) == set(ITEM_FIELDS.split())
    assert {type(value) for value in order["items"][0].values()} == {str}
    assert order["orderStatus"] == "COMPLETE"
    assert (order["orderId"], order["dateCreated"]) == (lead["orderId"], lead["dateCreated"])
    assert (order["cardType"], order["cardBin"], order["cardLast4"]) == ("TESTCARD", "000000", "0000")
    assert order["cardExpiryDate"] == "12/39"
    assert order["paypalUrl"] is None


def test_a_queried_order_has_the_other_recorded_shape(crm: Caller) -> None:
    orderId = crm.bought(product1_qty=2)
    row = crm.row(orderId)
    assert set(row) == set(ROW_FIELDS.split())
    assert set(row["items"]["101"]) == set(ROW_ITEM_FIELDS.split())
    assert (row["items"]["101"]["productId"], row["items"]["101"]["qty"]) == (101, 2)
    assert (row["items"]["101"]["price"], row["items"]["101"]["shipping"]) == (99.9, 9.9)
    assert row["cardExpiryDate"] == "2039-12-31 23:59:59"


def test_the_total_is_price_and_shipping_times_quantity_over_all_lines(crm: Caller) -> None:
    lines = {"product1_qty": 3, "product2_id": 102, "product2_qty": 2}
    order = crm.order(crm.lead(), **lines)["message"]
    assert Decimal(order["totalAmount"]) == (Decimal("49.95") + Decimal("4.95")) * 3 + Decimal("10.00") * 2
    assert [item["qty"] for item in order["items"]] == ["3", "2"]
    assert order["amountPaid"] == order["totalAmount"]


@pytest.mark.parametrize(("rule", "total"), [("unit", "24.00"), ("line", "12.00")])
def test_a_price_that_is_sent_is_per_unit_or_per_line_as_the_switch_says(crm: Caller, rule: str, total: str) -> None:
    crm.desk("switches", price_rule=rule)
    order = crm.order(crm.lead(), product1_qty=2, product1_price="11.00", product1_shipPrice="1.00")["message"]
    assert order["totalAmount"] == total


def test_lines_end_at_the_first_gap(crm: Caller) -> None:
    order = crm.order(crm.lead(), product3_id=102)["message"]
    assert [item["productId"] for item in order["items"]] == ["101"]


def test_without_a_catalogue_any_product_exists_at_the_recorded_price() -> None:
    with sandbox(catalogue=None) as crm:
        order = crm.order(crm.lead(campaignId=99), campaignId=99, product1_id=15271)["message"]
    assert (order["totalAmount"], order["items"][0]["name"]) == ("0.30", "(15271) Product")


def test_an_order_without_a_lead_makes_its_own(crm: Caller) -> None:
    order = crm.order("", **MAYA)["message"]
    assert crm.charges(order["orderId"]) == {"order": 1}


def test_a_declined_order_stays_partial_and_can_be_paid_with_another_card(crm: Caller) -> None:
    orderId = crm.lead()
    assert crm.order(orderId, DECLINES) == {
        "result": "ERROR",
        "message": "Transaction Declined: Card Declined",
    }
    assert crm.row(orderId)["orderStatus"] == "PARTIAL"
    assert crm.order(orderId)["message"]["orderId"] == orderId
    counted = {"orders": {orderId: {"order": 1}}, "total": 1, "amounts": {orderId: "54.90"}, "declines": 1}
    assert crm.desk("charges") == counted


@pytest.mark.parametrize(
    ("choice", "result", "count"),
    [("error", "ERROR", 1), ("charge-again", "SUCCESS", 2), ("return", "SUCCESS", 1)],
)
def test_an_order_paid_twice_is_what_the_switch_says(crm: Caller, choice: str, result: str, count: int) -> None:
    crm.desk("switches", complete_order_import=choice)
    orderId = crm.bought()
    assert crm.order(orderId)["result"] == result
    assert crm.charges(orderId) == {"order": count}


@pytest.mark.parametrize(
    ("choice", "on_the_lead", "missing"),
    [
        ("resend", HOME, SHIP_FIELDS),
        ("stored", HOME, ()),
        ("stored", {}, SHIP_FIELDS),
        ("never", {}, ()),
        (
            "resend",
            {"billShipSame": 1, **{name[4].lower() + name[5:]: HOME[name] for name in SHIP_FIELDS}},
            (),
        ),
    ],
)
def test_the_shipping_address_is_asked_for_as_the_switch_says(
    crm: Caller, choice: str, on_the_lead: dict[str, str], missing: tuple[str, ...]
) -> None:
    crm.desk("switches", require_ship_address=choice)
    orderId = crm.lead(**on_the_lead)
    reply = crm.order(orderId, **dict.fromkeys(HOME))
    assert reply["message"] == dict.fromkeys(missing, "is a required field") or (
        not missing and reply["result"] == "SUCCESS"
    )


def test_an_upsale_answers_with_the_whole_order_and_counts_apart(crm: Caller) -> None:
    orderId = crm.bought()
    order = crm.upsale(orderId)["message"]
    assert [item["productId"] for item in order["items"]] == ["101", "201"]
    assert order["totalAmount"] == "68.90"
    assert crm.charges(orderId) == {"order": 1, "upsale:201": 1}
    assert crm.row(orderId)["hasUpsell"] is True


def test_the_same_upsale_again_raises_the_quantity(crm: Caller) -> None:
    orderId = crm.bought()
    crm.upsale(orderId, productQty=2)
    crm.upsale(orderId)
    assert crm.row(orderId)["items"]["201"]["qty"] == 3
    assert crm.charges(orderId)["upsale:201"] == 2


def test_an_upsale_needs_an_order_that_is_paid(crm: Caller) -> None:
    assert crm.upsale(crm.lead()) == {"result": "ERROR", "message": "The order is not complete."}
    assert crm.upsale("FFFFFFFFFF") == {"result": "ERROR", "message": "Order not found"}


def test_the_upsell_window_closes(crm: Caller) -> None:
    orderId = crm.bought()
    crm.clock.ahead = 119 * 60
    assert crm.upsale(orderId)["result"] == "SUCCESS"
    crm.clock.ahead = 121 * 60
    assert crm.upsale(orderId)["message"] == "The upsale window of this order has passed."
    crm.desk("switches", upsell_window_minutes=0)
    assert crm.upsale(orderId)["result"] == "SUCCESS"


def test_a_single_transaction_campaign_holds_orders_pending(crm: Caller) -> None:
    crm.desk("switches", single_transaction=True)
    order = crm.order(crm.lead())["message"]
    assert (order["orderStatus"], order["amountPaid"], order["items"][0]["txnType"]) == (
        "PENDING",
        None,
        "AUTHORIZE",
    )
    assert crm.upsale(order["orderId"])["message"]["orderStatus"] == "PENDING"


def test_a_lagging_query_shows_the_past(crm: Caller) -> None:
    crm.desk("switches", query_lag=30)
    orderId = crm.lead()
    crm.clock.ahead = 31
    crm.order(orderId)
    assert crm.row(orderId)["orderStatus"] == "PARTIAL"
    crm.clock.ahead = 62
    assert crm.row(orderId)["orderStatus"] == "COMPLETE"


def test_confirming_sends_the_mail_of_a_paid_order_only(crm: Caller) -> None:
    assert crm.call("/order/confirm/", orderId=crm.lead())["result"] == "ERROR"
    assert crm.call("/order/confirm/", orderId=crm.bought())["result"] == "SUCCESS"


def test_orders_are_found_by_dates_and_filters_page_by_page(crm: Caller) -> None:
    crm.desk("switches", partial_reuse=False)
    crm.lead()
    orderId = crm.bought()
    dates = {"startDate": "01/01/2020", "endDate": "12/31/2099"}
    message = crm.call("/order/query/", **dates, orderStatus="COMPLETE,REFUNDED")["message"]
    assert [row["orderId"] for row in message["data"]] == [orderId]
    second = crm.call("/order/query/", **dates, page=2, resultsPerPage=1)["message"]
    assert (second["totalResults"], second["page"], len(second["data"])) == (2, 2, 1)
    for start, end in (("01/01/2020", "1/2/20"), ("1/1/99", "12/31/2099"), ("02/30/2020", "12/31/2099")):
        assert crm.call("/order/query/", startDate=start, endDate=end)["result"] == "ERROR"


def test_transactions_tell_sales_from_declines(crm: Caller) -> None:
    orderId = crm.lead()
    crm.order(orderId, DECLINES)
    crm.order(orderId)
    rows = crm.call("/transactions/query/", orderId=orderId)["message"]["data"]
    assert [(row["responseType"], row["totalAmount"]) for row in rows] == [
        ("SUCCESS", "54.90"),
        ("SOFT_DECLINE", "54.90"),
    ]


def test_campaigns_list_their_products(crm: Caller) -> None:
    campaigns = crm.call("/campaign/query/", campaignId=7)["message"]["data"]
    assert [product["campaignProductId"] for product in campaigns["7"]["products"]] == [101, 102, 201]
    assert campaigns["7"]["products"][0]["price"] == "49.95"


REFUSED_CALLS = [
    ("/order/import/", {}, "No products exist in the order"),
    ("/order/import/", {"campaignId": 7}, "No products exist in the order"),
    ("/order/import/", order_params("", product1_id=14015), "No products exist in the order"),
    ("/order/import/", order_params("", product1_qty=0, **MAYA), {"product1_qty": "Not a valid input"}),
    (
        "/order/import/",
        order_params("", product1_price="ten", **MAYA),
        {"product1_price": "Not a valid input"},
    ),
    ("/order/import/", order_params("FFFFFFFFFF"), "Order not found"),
    (
        "/order/import/",
        order_params("", cardNumber="4242424242424241", **MAYA),
        {"cardNumber": "Not a valid input"},
    ),
    ("/order/import/", order_params("", cardYear="2020", **MAYA), "Transaction Declined: Expired Card"),
    (
        "/order/import/",
        order_params("", cardSecurityCode="", **MAYA),
        {"cardSecurityCode": "is a required field"},
    ),
    ("/leads/import/", {"campaignId": 7}, "First and last name are required fields."),
    (
        "/leads/import/",
        {"campaignId": 7, **MAYA, "emailAddress": ""},
        "An email address or a phone number is required.",
    ),
    ("/leads/import/", {**MAYA}, {"campaignId": "is a required field"}),
    ("/leads/import/", {**MAYA, "campaignId": "____"}, {"campaignId": "Not a valid input"}),
    (
        "/leads/import/",
        {**MAYA, "campaignId": 7, "state": "x" * 7},
        {"state": "must be no more than 6 characters"},
    ),
    ("/landers/clicks/import/", {}, {"pageType": "is a required field"}),
    ("/landers/clicks/import/", {"pageType": "leadPage"}, {"campaignId": "is a required field"}),
    ("/order/query/", {}, {"startDate": "is a required field", "endDate": "is a required field"}),
    ("/order/query/", {"orderId": "FFFFFFFFFF"}, "No orders matching those parameters could be found"),
    ("/upsale/import/", {}, {"orderId": "is a required field"}),
    ("/order/confirm/", {"orderId": "FFFFFFFFFF"}, "Order not found"),
    ("/order/preauth/", {}, "The sandbox does not play this. /order/preauth/"),
]


@pytest.mark.parametrize(("path", "params", "message"), REFUSED_CALLS)
def test_a_call_that_is_wrong_is_an_error_with_its_text(
    crm: Caller, path: str, params: dict[str, object], message: object
) -> None:
    assert crm.call(path, **params) == {"result": "ERROR", "message": message}
    assert crm.desk("charges")["total"] == 0


def test_a_page_type_out_of_the_list_is_told_the_list(crm: Caller) -> None:
    message = crm.call("/landers/clicks/import/", pageType="homePage")["message"]
    assert message["pageType"].startswith("Not a valid input. Must be in: 'presellPage', 'leadPage'")


@pytest.mark.parametrize("path", ["/leads/import/", "/nowhere/"])
@pytest.mark.parametrize("wrong", [{"password": "x"}, {"loginId": ""}])
def test_credentials_are_checked_before_anything_else(crm: Caller, path: str, wrong: dict[str, str]) -> None:
    reply = crm.call(path, **wrong)
    assert reply["result"] == "ERROR"
    assert "Could not authenticate credentials" in reply["message"]


@pytest.mark.parametrize("path", ["/leads/import/", "/leads/import"])
@pytest.mark.parametrize("way", ["form", "multipart", "query", "get"])
def test_every_way_to_send_a_call_is_understood(crm: Caller, path: str, way: str) -> None:
    params = {**CREDENTIALS, "campaignId": "7", **MAYA}
    sent = {
        "form": {"data": params},
        "multipart": {"files": {name: (None, value) for name, value in params.items()}},
        "query": {"params": params},
        "get": {"params": params},
    }[way]
    answer = requests.request("GET" if way == "get" else "POST", crm.url + path, timeout=PATIENCE, **sent)  # type: ignore[arg-type]
    assert answer.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert answer.json()["result"] == "SUCCESS"
    call = crm.desk("calls")[-1]
    assert (call["path"], call["in_query"]) == ("/leads/import/", way in ("query", "get"))
