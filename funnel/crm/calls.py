"""What we ask of the CRM: one dataclass per call, its fields named exactly as the CRM's parameters."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar

from funnel.crm.browser import BrowserData
from funnel.crm.payments import Payment


@dataclass(frozen=True, kw_only=True)
class Line:
    """A product of the campaign. Prices, where given, are per unit and replace the campaign's own."""

    productId: int
    qty: int = 1
    price: Decimal | None = None
    shipPrice: Decimal | None = None
    variantId: int | None = None


@dataclass(frozen=True, kw_only=True)
class Call:
    """Any call; a field that is None is not sent."""

    path: ClassVar[str]


@dataclass(frozen=True, kw_only=True)
class Person(Call):
    """A shopper's contact details and addresses: unprefixed is billing, ship… is delivery."""

    firstName: str | None = None
    lastName: str | None = None
    emailAddress: str | None = None
    phoneNumber: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    state: str | None = None
    postalCode: str | None = None
    country: str | None = None
    billShipSame: bool | None = None
    shipFirstName: str | None = None
    shipLastName: str | None = None
    shipAddress1: str | None = None
    shipAddress2: str | None = None
    shipCity: str | None = None
    shipState: str | None = None
    shipPostalCode: str | None = None
    shipCountry: str | None = None


@dataclass(frozen=True, kw_only=True)
class Extras(Call):
    """What an order carries besides people and products."""

    couponCode: str | None = None
    shipProfileId: int | None = None
    custom1: str | None = None
    custom2: str | None = None
    custom3: str | None = None
    custom4: str | None = None
    custom5: str | None = None


@dataclass(frozen=True, kw_only=True)
class Charge(Call):
    """What every charge may carry.

    A `payment` brings its own paySource; without one a paySource can be named alone. Both addresses to return
    to are needed where the bank may want to see the shopper (3DS), and for PayPal's new workflow.
    """

    paySource: str | None = None
    payment: Payment | None = None
    redirectsTo: str | None = None
    errorRedirectsTo: str | None = None
    salesUrl: str | None = None
    paypalBillerId: int | None = None
    browserData: BrowserData | None = None
    forceQA: bool | None = None
    skipQA: bool | None = None
    forceMerchantId: int | None = None


@dataclass(frozen=True, kw_only=True)
class ImportClick(Call):
    """A page view; the first one, without a sessionId, begins a session. affId and c1-c5 are in requestUri."""

    path = "/landers/clicks/import/"
    pageType: str
    sessionId: str | None = None
    campaignId: int | None = None
    requestUri: str | None = None
    userAgent: str | None = None
    httpReferer: str | None = None
    ipAddress: str | None = None
    fraudPixel: bool | None = None


@dataclass(frozen=True, kw_only=True)
class ImportLead(Person, Extras):
    """A customer and a PARTIAL order; with an orderId, an update of that order."""

    path = "/leads/import/"
    campaignId: int
    sessionId: str | None = None
    orderId: str | None = None
    ipAddress: str | None = None
    salesUrl: str | None = None
    disableCustomerDedup: bool | None = None


@dataclass(frozen=True, kw_only=True)
class ImportOrder(Person, Extras, Charge):
    """A charge. `salesTax` takes the place of the CRM's own."""

    path = "/order/import/"
    campaignId: int
    orderId: str | None = None
    sessionId: str | None = None
    ipAddress: str | None = None
    lines: tuple[Line, ...] = ()
    salesTax: Decimal | None = None
    insureShipment: bool | None = None
    shipmentInsurancePrice: Decimal | None = None
    disableCustomerDedup: bool | None = None


@dataclass(frozen=True, kw_only=True)
class ImportUpsale(Charge):
    """A charge to the instrument the order was paid with, unless a payment is given.

    Either one product by the product… fields, or `lines`. `replaceProductId` is a campaignProductId of the order
    that the new product stands in for. `productSalesTax` is added to the order's.
    """

    path = "/upsale/import/"
    orderId: str
    productId: int | None = None
    sessionId: str | None = None
    campaignId: int | None = None
    productQty: int | None = None
    productPrice: Decimal | None = None
    productShipPrice: Decimal | None = None
    productSalesTax: Decimal | None = None
    variantDetailId: int | None = None
    replaceProductId: int | None = None
    lines: tuple[Line, ...] = ()
    token: str | None = None
    payerId: str | None = None
    baToken: str | None = None


@dataclass(frozen=True, kw_only=True)
class ConfirmPaypal(Extras):
    """The charge of a legacy PayPal order after the shopper's return: token and payerId, or baToken alone."""

    path = "/transactions/confirmPaypal/"
    campaignId: int
    orderId: str | None = None
    sessionId: str | None = None
    token: str | None = None
    payerId: str | None = None
    baToken: str | None = None
    paypalBillerId: int | None = None
    paypalClientMetadataId: str | None = None
    prepaidType: str | None = None
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ConfirmOrder(Call):
    """Sends the confirmation mail at once rather than about half an hour after the sale."""

    path = "/order/confirm/"
    orderId: str


@dataclass(frozen=True, kw_only=True)
class OrderQuery(Call):
    """One order, by its id; no dates are needed then."""

    path = "/order/query/"
    orderId: str


@dataclass(frozen=True, kw_only=True)
class TransactionsQuery(Call):
    """What the gateway did, for an order or for whole days of the CRM's clock (US Eastern), both included."""

    path = "/transactions/query/"
    orderId: str | None = None
    startDate: date | None = None
    endDate: date | None = None
    txnType: str | None = None
    responseType: str | None = None
    page: int | None = None
    resultsPerPage: int | None = None


@dataclass(frozen=True, kw_only=True)
class CampaignQuery(Call):
    """Campaigns with their products; without a campaignId one page of all."""

    path = "/campaign/query/"
    campaignId: int | None = None
    page: int | None = None
    resultsPerPage: int | None = None
