"""One call of every kind that the client knows, and the method that makes it."""

from funnel.cards import Card, Secret
from funnel.crm.calls import (
    Call,
    CampaignQuery,
    ConfirmOrder,
    ConfirmPaypal,
    ImportClick,
    ImportLead,
    ImportOrder,
    ImportUpsale,
    Line,
    OrderQuery,
    TransactionsQuery,
)
from funnel.crm.client import Client
from funnel.crm.pricing import OrderCoupon, SalesTax

CARD_NUMBER, SECURITY_CODE = "4539578763621486", "731"
ORDER = ImportOrder(
    campaignId=459,
    orderId="D6C8C390A7",
    emailAddress="pat@example.com",
    lines=(Line(productId=15271),),
    payment=Card(Secret(CARD_NUMBER), 4, 2031, Secret(SECURITY_CODE)),
)
QUERY = OrderQuery(orderId="D6C8C390A7")
CALLS: dict[str, Call] = {
    type(call).__name__: call
    for call in (
        ImportClick(pageType="presellPage", campaignId=459),
        ImportLead(campaignId=459, firstName="Pat", lastName="Example", emailAddress="pat@example.com"),
        ORDER,
        ImportUpsale(orderId="D6C8C390A7", productId=15272),
        ConfirmPaypal(campaignId=459, token="EC-1", payerId="P1"),
        ConfirmOrder(orderId="D6C8C390A7"),
        QUERY,
        TransactionsQuery(orderId="D6C8C390A7"),
        CampaignQuery(campaignId=459),
        OrderCoupon(campaignId=459, couponCode="SAVE10", lines=(Line(productId=15271),)),
        SalesTax(campaignId=459, lines=(Line(productId=15271),), shipCountry="US"),
    )
}


def client_for(url: str, *, ca_file: str | None = None) -> Client:
    return Client(url, "apiuser", "apisecret", ca_file=ca_file)


def ask(client: Client, call: Call, deadline: float) -> object:
    """Makes the call by the method that is meant for it."""
    methods = {
        "ImportClick": client.import_click,
        "ImportLead": client.import_lead,
        "ImportOrder": client.import_order,
        "ImportUpsale": client.import_upsale,
        "ConfirmPaypal": client.confirm_paypal,
        "ConfirmOrder": client.confirm_order,
        "OrderQuery": client.order_query,
        "TransactionsQuery": client.transactions_query,
        "CampaignQuery": client.campaign_query,
        "OrderCoupon": client.order_coupon,
        "SalesTax": client.sales_tax,
    }
    return methods[type(call).__name__](call, deadline=deadline)
