"""Who the shopper is, as typed on the lead page, at checkout, and while it is being typed."""

from typing import Any

from wtforms import StringField

from funnel.forms.checks import email, may_be_empty, needed, optional, phone
from funnel.forms.email_typos import likely_domain, with_domain
from funnel.forms.fields import text_field
from funnel.forms.form import ShopperForm
from funnel.forms.tidying import tidy_text
from funnel.language.phrase import phrase
from funnel.people import Contact

NAME_LIMIT = 30  # characters; these limits are the CRM's, by its public rules file
EMAIL_LIMIT = 255
CONTACT_FIELDS = ("firstName", "lastName", "emailAddress", "phoneNumber")
PHONE_ROOM = 30  # to type in: brackets and spaces go before the number is sent


class ContactForm(ShopperForm):
    """Who the shopper is. `country` is where a telephone number without a calling code belongs."""

    firstName = text_field(
        phrase("First name"),
        "given-name",
        NAME_LIMIT,
        needed(phrase("Enter your first name")),
        autocapitalize="words",
        spellcheck="false",
    )
    lastName = text_field(
        phrase("Last name"),
        "family-name",
        NAME_LIMIT,
        needed(phrase("Enter your last name")),
        autocapitalize="words",
        spellcheck="false",
    )
    emailAddress = text_field(
        phrase("Email address"),
        "email",
        EMAIL_LIMIT,
        needed(phrase("Enter your email address")),
        email,
        hint=phrase("For your order confirmation"),
        type="email",
        autocapitalize="none",
        spellcheck="false",
    )
    phoneNumber = StringField(
        may_be_empty(phrase("Phone number")),
        filters=[tidy_text],
        validators=[optional, phone],
        description=phrase("Only used if there is a problem with delivery"),
        render_kw={"type": "tel", "autocomplete": "tel", "maxlength": str(PHONE_ROOM)},
    )

    do = StringField()

    def __init__(self, *, country: str, **filled: Any) -> None:
        super().__init__(**filled)
        self.country_called = country
        if self.phoneNumber.raw_data is None and self.phoneNumber.data:
            self.phoneNumber.data = f"+{self.phoneNumber.data}"  # as kept it has no plus, and would be read as local

    @property
    def likely_domain(self) -> str | None:
        """What to ask after: "Did you mean gmail.com?" """
        return likely_domain(self.emailAddress.data or "") if "emailAddress" in self else None

    @property
    def takes_likely_domain(self) -> bool:
        """The button that answers that question with yes."""
        return bool(self.do.data == "mend" and self.likely_domain)

    def mend_email(self) -> None:
        """The address as meant. Other mistakes can wait for the button that sends the form."""
        if domain := self.likely_domain:
            self.emailAddress.data = with_domain(self.emailAddress.data or "", domain)
            if self.emailAddress.validate(self):
                self.wrong -= {"emailAddress"}
            self.forget_mistakes()

    def contact(self) -> Contact:
        """What was typed, once the form has validated."""
        return Contact(**{name: self[name].data for name in CONTACT_FIELDS})


class LeadForm(ContactForm):
    """The lead page's form."""


class DraftForm(ContactForm):
    """What stands in the contact fields of a page before it is sent."""

    def draft(self) -> Contact | None:
        """What of it is good, once it has been validated; None where that is less than the CRM takes for a lead."""
        draft = Contact(**{name: "" if name in self.wrong else self[name].data for name in CONTACT_FIELDS})
        reachable = draft.emailAddress or draft.phoneNumber
        return draft if draft.firstName and draft.lastName and reachable else None
