"""Import Lead: a person, and the PARTIAL order that everything after hangs on."""

from dataclasses import replace

from funnel.sandbox.api.params import (
    Params,
    campaign_id,
    check_lengths,
    existing_order,
    is_yes,
    session_id,
)
from funnel.sandbox.api.replies import ALREADY_PROCESSED, NO_CONTACT, NO_NAMES, Refusal, Reply, success
from funnel.sandbox.calls import masked
from funnel.sandbox.orders import Order
from funnel.sandbox.shapes import lead_shape
from funnel.sandbox.world import World

ADDRESS = (
    "firstName",
    "lastName",
    "companyName",
    "address1",
    "address2",
    "city",
    "state",
    "postalCode",
    "country",
)
SHIP_BY_BILL = {f"ship{name[0].upper()}{name[1:]}": name for name in ADDRESS}
ATTRIBUTION = ("affId", *(f"{name}{number}" for name in ("sourceValue", "custom") for number in range(1, 6)))
CONTACT = (
    *ADDRESS,
    *SHIP_BY_BILL,
    "emailAddress",
    "phoneNumber",
    "ipAddress",
    "salesUrl",
    "billShipSame",
    "couponCode",
    *ATTRIBUTION,
)


def import_lead(world: World, params: Params, site: str) -> Reply:
    check_lengths(params)
    campaignId = campaign_id(world, params)
    check_person(params)
    sessionId = session_id(world, params)
    order = order_to_update(world, params, campaignId)
    if order is None:
        return success(lead_shape(world.new_order(campaignId, contact_of(params), sessionId)))
    return success(lead_shape(updated(world, order, params, sessionId)))


def check_person(params: Params) -> None:
    if not (params.get("firstName", "").strip() and params.get("lastName", "").strip()):
        raise Refusal(NO_NAMES)
    if not (params.get("emailAddress", "").strip() or params.get("phoneNumber", "").strip()):
        raise Refusal(NO_CONTACT)


def order_to_update(world: World, params: Params, campaignId: int) -> Order | None:
    """The order named, which must not be paid yet (an assumption), or one the CRM reuses by itself."""
    if not params.get("orderId"):
        return reused_partial(world, params, campaignId)
    order = existing_order(world, params)
    if not order.resubmittable:
        raise Refusal(ALREADY_PROCESSED)
    return order


def reused_partial(world: World, params: Params, campaignId: int) -> Order | None:
    """The latest PARTIAL of the same campaign and ipAddress: two shoppers behind one address share it.

    A CRM that does not listen to disableCustomerDedup takes any PARTIAL where no ipAddress tells them apart.
    """
    ipAddress, listens = params.get("ipAddress", ""), world.switches.dedup_param_respected
    asked_not_to = listens and (is_yes(params, "disableCustomerDedup") or not ipAddress)
    if asked_not_to or not world.switches.partial_reuse:
        return None
    return next(
        (
            order
            for order in reversed(world.orders())
            if order.orderStatus == "PARTIAL"
            and order.campaignId == campaignId
            and ipAddress in ("", order.contact.get("ipAddress"))
        ),
        None,
    )


def updated(world: World, order: Order, params: Params, sessionId: str) -> Order:
    """The order with what this call says of the person; what it does not mention stays."""
    contact = {**order.contact, **contact_of(params)}
    if params.get("billShipSame") == "1":
        contact |= shipping_from_billing(contact)
    return world.keep(replace(order, contact=contact, sessionId=sessionId or order.sessionId))


def contact_of(params: Params) -> dict[str, str]:
    """What the call says of the person, in its order and without its card; billShipSame=1 copies shipping."""
    contact = {name: value for name, value in masked(params).items() if name in CONTACT}
    return contact | shipping_from_billing(contact) if contact.get("billShipSame") == "1" else contact


def shipping_from_billing(contact: dict[str, str]) -> dict[str, str]:
    return {ship: contact[bill] for ship, bill in SHIP_BY_BILL.items() if bill in contact}
