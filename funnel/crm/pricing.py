"""The calls that ask what an order would come to, before it is placed."""

from dataclasses import dataclass

from funnel.crm.calls import Call, Line


@dataclass(frozen=True, kw_only=True)
class OrderCoupon(Call):
    """What a coupon takes off these lines. That the CRM heeds a shipping profile here is an assumption."""

    path = "/order/coupon/"
    campaignId: int
    couponCode: str
    lines: tuple[Line, ...]
    shipProfileId: int | None = None


@dataclass(frozen=True, kw_only=True)
class SalesTax(Call):
    """The sales tax on these lines, from the tax service the account is connected with."""

    path = "/order/salestax/"
    campaignId: int
    lines: tuple[Line, ...]
    firstName: str | None = None
    lastName: str | None = None
    shipAddress1: str | None = None
    shipCity: str | None = None
    shipState: str | None = None
    shipPostalCode: str | None = None
    shipCountry: str | None = None
    couponCode: str | None = None
    taxExemption: str | None = None
    salesUrl: str | None = None
