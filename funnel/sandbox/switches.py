"""The choices the vendor never published: what each may be, what it is unless told otherwise, and why."""

from dataclasses import dataclass, field
from typing import Any


def choice(default: str, choices: tuple[str, ...], why: str) -> Any:
    return field(default=default, metadata={"choices": choices, "why": why})


def yes_or_no(default: bool, why: str) -> Any:
    return field(default=default, metadata={"choices": ("true", "false"), "why": why})


def number(default: float, why: str) -> Any:
    return field(default=default, metadata={"choices": (), "why": why})


@dataclass(frozen=True)
class Switches:
    """Every field's metadata holds its choices and the reason for its default; the front page shows them."""

    price_rule: str = choice(
        "unit",
        ("unit", "line"),
        "A price sent with a line is per unit and multiplied by the quantity, or that of the whole line. "
        "Unpublished; 'unit' is how the parameter is described.",
    )
    partial_reuse: bool = yes_or_no(
        True,
        "A lead without orderId gets the PARTIAL already there for the same campaign and ipAddress. "
        "Observed by integrators, so on.",
    )
    dedup_param_respected: bool = yes_or_no(
        True,
        "disableCustomerDedup=1 gives a fresh PARTIAL. An assumption from the parameter's name; "
        "off plays a CRM that does not listen.",
    )
    complete_order_import: str = choice(
        "error",
        ("error", "charge-again", "return"),
        "Import Order on an order already paid: refused, charged a second time (the worst case), "
        "or answered with the order. Unpublished; an error forces the client to guard.",
    )
    require_ship_address: str = choice(
        "resend",
        ("resend", "stored", "never"),
        "Import Order needs the shipping address in the same call, or the lead's will do, or none is needed. "
        "'resend' was recorded; billShipSame=1 always lifts it (an assumption).",
    )
    unknown_session: str = choice(
        "ignore",
        ("ignore", "error", "new"),
        "A sessionId never given out: taken as it is, refused, or (Import Click) answered with a new one. "
        "Unpublished; 'ignore' loses nothing.",
    )
    paypal_workflow: str = choice(
        "legacy",
        ("legacy", "new"),
        "PayPal by paypalUrl and Confirm PayPal, or by MERC_REDIRECT without it. "
        "Both are documented; an account has one of them.",
    )
    single_transaction: bool = yes_or_no(
        False,
        "The campaign only authorises: orders stay PENDING and upsales join them. A campaign setting, off by default.",
    )
    upsell_window_minutes: float = number(
        120,
        "Minutes after the sale in which upsales are taken; 0 keeps the window open. "
        "Two hours is the documented default.",
    )
    replace_charges: str = choice(
        "full",
        ("full", "difference"),
        "An upsale with replaceProductId charges the new product's price, or what it costs more than the replaced one. "
        "Unpublished. The replaced product leaves the order either way.",
    )
    coupon_refusal: str = choice(
        "error",
        ("error", "zero"),
        "Order Coupon refuses a code that is none, or answers with discounts of 0. Both were seen by integrators.",
    )
    unknown_coupon: str = choice(
        "ignore",
        ("ignore", "error"),
        "Import Order with a couponCode that is none: taken without a discount, or refused. Unpublished.",
    )
    amounts_as: str = choice(
        "text",
        ("text", "number"),
        "Order Coupon and Sales Tax answer with text or with JSON numbers. Integrators read both.",
    )
    tax_service: str = choice(
        "on",
        ("on", "zero", "error"),
        "Sales Tax answers from the sandbox's table, with 0, or with an error. "
        "An account has a tax service or has none; what it answers without is unpublished.",
    )
    tax_when_unsent: str = choice(
        "none",
        ("none", "table"),
        "An order without salesTax is charged none, or by the sandbox's table. A salesTax that is sent always stands.",
    )
    insurance_price: float = number(
        0, "What insureShipment=1 costs without shipmentInsurancePrice. A campaign setting; nothing by default."
    )
    reorder_days: float = number(
        0, "Days in which a customer cannot order the same product again. A campaign setting, 0 (off) by default."
    )
    decline_limit: float = number(
        0, "Declines after which a customer's orders are refused. The CRM's own fraud protection; 0 (off) by default."
    )
    fraud_plugin: bool = yes_or_no(
        True, "Import Click with fraudPixel=1 brings a pixel; without the plugin, false. An account setting."
    )
    error_msg: str = choice(
        "merged",
        ("merged", "appended"),
        "errorMsg joins the query that errorRedirectsTo has already, or is put behind it with a second question mark. "
        "Documented only for an address without a query.",
    )
    query_lag: float = number(0, "Seconds by which the queries lag behind. 0: none is documented; a busy CRM may lag.")
    slow_seconds: float = number(
        8, "Seconds the slow test cards take. Charges take 1.5 s as a rule, and far longer at times."
    )
