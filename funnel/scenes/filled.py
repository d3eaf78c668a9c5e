"""What shoppers of the scenes type, and a form that has looked at it."""

from dataclasses import asdict
from http import HTTPStatus
from typing import TypeVar

from funnel.forms.form import ShopperForm
from funnel.people import Contact

MEND = HTTPStatus.UNPROCESSABLE_ENTITY  # of a page that tells mistakes
Form = TypeVar("Form", bound=ShopperForm)


def as_typed(contact: Contact) -> dict[str, str]:
    return dict(asdict(contact))


def checked(form: Form) -> Form:
    """With its mistakes, but for the missing token: a scene has no session that could have given one."""
    form.validate()
    form.csrf_token.errors = []
    return form
