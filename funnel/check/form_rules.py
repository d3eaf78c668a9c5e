"""Forms: their tokens, where they lead, and fields that everybody can fill in."""

import re
from collections.abc import Iterator

from funnel.check.finding import Finding
from funnel.check.markup import REMOTE, Element, is_written
from funnel.check.subject import Rule, Subject, Template

TYPED = ("text", "email", "tel", "number", "password", "search", "url", "date")
UNLABELLED = ("hidden", "submit", "button", "reset", "image")
FIELDS = ("input", "select", "textarea")
CHARGES = re.compile(r'value="(yes|pay|paypal)"|cardNumber')
AUTOCOMPLETE = {
    "firstName": "given-name",
    "lastName": "family-name",
    "emailAddress": "email",
    "phoneNumber": "tel",
    "address1": "address-line1",
    "address2": "address-line2",
    "city": "address-level2",
    "state": "address-level1",
    "postalCode": "postal-code",
    "country": "country",
    "cardNumber": "cc-number",
    "cardExpiryDate": "cc-exp",
    "cardSecurityCode": "cc-csc",
}


def form_without_token(_subject: Subject, template: Template) -> Iterator[Finding]:
    for form in _posting(template):
        if "csrf_token" not in form.inner:
            yield template.at(
                "form-without-token", form.line, "this form is refused without {{ kit.hidden(form.csrf_token) }}"
            )


def form_without_attempt(_subject: Subject, template: Template) -> Iterator[Finding]:
    for form in _posting(template):
        if CHARGES.search(form.inner) and "attempt" not in form.inner:
            yield template.at(
                "form-without-attempt", form.line, "this form charges, so it needs {{ kit.hidden(form.attempt) }}"
            )


def remote_form(_subject: Subject, template: Template) -> Iterator[Finding]:
    for each in template.elements:
        target = each.attributes.get("action") or each.attributes.get("formaction") or ""
        if REMOTE.match(target):
            yield template.at("remote-form", each.line, f"browsers refuse to send this form to {target}")


def field_without_label(_subject: Subject, template: Template) -> Iterator[Finding]:
    named = {each.attributes["for"] for each in template.elements if "for" in each.attributes}
    for each in template.elements:
        if each.tag not in FIELDS or each.computed or each.attributes.get("type") in UNLABELLED:
            continue
        spoken = "aria-label" in each.attributes or "aria-labelledby" in each.attributes
        if not spoken and not each.inside("label") and each.attributes.get("id") not in named:
            yield template.at("field-without-label", each.line, f"{_name(each)} has no label that names its id")


def field_without_autocomplete(_subject: Subject, template: Template) -> Iterator[Finding]:
    for each in template.elements:
        name = each.attributes.get("name", "")
        bare = name.removeprefix("ship")
        token = AUTOCOMPLETE.get(bare[:1].lower() + bare[1:])
        typed = each.tag == "select" or (each.tag == "input" and each.attributes.get("type", "text") in TYPED)
        if typed and token and not each.computed and not each.attributes.get("autocomplete"):
            yield template.at(
                "field-without-autocomplete", each.line, f'browsers fill in {_name(each)} with autocomplete="{token}"'
            )


def ticked_bump(_subject: Subject, template: Template) -> Iterator[Finding]:
    for each in template.elements:
        box = each.tag == "input" and each.attributes.get("type") == "checkbox"
        asks = "billShipSame" not in each.raw and "agree" not in each.raw
        if box and asks and re.search(r"\bchecked\b", each.always):
            yield template.at("ticked-bump", each.line, "a box that costs or allows something is never ticked before")


RULES: tuple[Rule, ...] = (
    form_without_token,
    form_without_attempt,
    remote_form,
    field_without_label,
    field_without_autocomplete,
    ticked_bump,
)


def _posting(template: Template) -> Iterator[Element]:
    return (each for each in template.elements if each.tag == "form" and _posts(each))


def _posts(form: Element) -> bool:
    return form.attributes.get("method", "").lower() == "post"


def _name(field: Element) -> str:
    name = field.attributes.get("name", "")
    return f'the field "{name}"' if name and not is_written(name) else f"this {field.tag}"
