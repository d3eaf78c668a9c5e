"""Who a shopper is and where parcels and bills go, in Konnektive's words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Contact:
    """phoneNumber is digits and hyphens, empty when none was given."""

    firstName: str
    lastName: str
    emailAddress: str
    phoneNumber: str = ""


@dataclass(frozen=True)
class Addresses:
    """Billing (address1 …) and delivery (shipAddress1 …). With billShipSame both say the same.

    Countries are ISO 3166-1 codes of two letters; states are the codes of ISO 3166-2 without the country,
    or empty.
    """

    billShipSame: bool
    address1: str
    address2: str
    city: str
    state: str
    postalCode: str
    country: str
    shipAddress1: str
    shipAddress2: str
    shipCity: str
    shipState: str
    shipPostalCode: str
    shipCountry: str
