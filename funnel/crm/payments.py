"""The ways to pay beside a card, each with the CRM's own parameters. What could be used to take money is a Secret."""

from dataclasses import dataclass
from typing import ClassVar

from funnel.cards import Card, Secret


@dataclass(frozen=True, eq=False, kw_only=True)
class Check:
    """A bank account in the US. The account type is CHECKING or SAVINGS."""

    paySource: ClassVar[str] = "CHECK"
    achAccountType: str
    achRoutingNumber: Secret
    achAccountNumber: Secret
    achAccountHolderType: str | None = None
    achNameOnCheck: str | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class DirectDebit:
    """A European bank account. `ddbic` is the bank's BIC."""

    paySource: ClassVar[str] = "DIRECTDEBIT"
    iban: Secret
    ddbic: str | None = None
    accountHolder: str | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class ApplePay:
    """A token that pays for one Import Order; upsales need no other."""

    paySource: ClassVar[str] = "APPLEPAY"
    applePayToken: Secret


@dataclass(frozen=True, eq=False, kw_only=True)
class GooglePay:
    """A token that pays for one Import Order; upsales need no other."""

    paySource: ClassVar[str] = "GOOGLEPAY"
    googlePayToken: Secret


@dataclass(frozen=True, kw_only=True)
class Prepaid:
    """Paid already, elsewhere."""

    paySource: ClassVar[str] = "PREPAID"
    prepaidType: str | None = None


@dataclass(frozen=True, kw_only=True)
class CashOnDelivery:
    """Paid at the door: the order becomes COD_PENDING."""

    paySource: ClassVar[str] = "COD"


@dataclass(frozen=True, kw_only=True)
class AccountOnFile:
    """What the CRM has kept of this customer: one instrument by its id, else its own choice."""

    paySource: ClassVar[str] = "ACCTONFILE"
    customerId: int
    paySourceId: int | None = None


@dataclass(frozen=True, kw_only=True)
class AmazonPay:
    """What the shopper agreed to at Amazon."""

    paySource: ClassVar[str] = "AMAZON"
    amazonOrderId: str
    amazonBillerId: int | None = None
    amazonAddressConsent: str | None = None


@dataclass(frozen=True, kw_only=True)
class Paypal:
    """Either workflow. With `paypalSdk` the answer holds paypalSdkParams instead of an address to go to."""

    paySource: ClassVar[str] = "PAYPAL"
    paypalBillerId: int | None = None
    paypalSdk: bool | None = None
    paypalClientMetadataId: str | None = None
    prepaidType: str | None = None


Payment = (
    Card | Check | DirectDebit | ApplePay | GooglePay | Prepaid | CashOnDelivery | AccountOnFile | AmazonPay | Paypal
)
