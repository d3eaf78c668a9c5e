"""What every form is, and the two smallest: an upsell's answer, and a bare button."""

from collections.abc import Iterable, Iterator
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, StringField
from wtforms.validators import ValidationError

from funnel.forms.checks import name_of
from funnel.forms.tidying import tidy_text
from funnel.language.phrase import phrase

CHECK_DETAILS = phrase("Check your details")
ONE_INPUT = {"cardMonth": "cardExpiryDate", "cardYear": "cardExpiryDate"}  # the CRM's two are one of ours


class ShopperForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A form with its own CSRF token, which reads typed text only: no files, no JSON."""

    leading: tuple[str, ...] = ()  # names of the fields that the page shows first
    leads_to = ""  # the id of the field that mends what is said of the whole form
    wrong: frozenset[str] = frozenset()  # names of the fields that did not pass, whatever of it is shown

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """What was posted, unless the caller asks for an empty form."""
            return None if formdata is None or request.method != "POST" else request.form or None

        def get_translations(self, form: Any) -> None:
            return None

    def validate(self, extra_validators: Any = None) -> bool:
        right = bool(super().validate(extra_validators))
        self.wrong = frozenset(field.name for field in self if field.errors)
        return right

    def complain(self, sentence: str, *, about: str | None = None) -> None:
        """Add a mistake that was found later, of one field or of the whole form."""
        if about:
            self.wrong |= {about}
            self[about].errors = [*self[about].errors, sentence]
        else:
            self.form_errors: list[str] = [*self.form_errors, sentence]

    def forget_mistakes(self) -> None:
        """For a page that has other things to say. What may not be shown again was emptied when it was checked."""
        self.form_errors = []
        for field in self:
            field.errors = []

    def refused(self, names: Iterable[str]) -> None:
        """Mark the fields that the CRM would not take; its own words are never shown."""
        for name in dict.fromkeys(ONE_INPUT.get(name, name) for name in names):
            if name in self:
                self.complain(phrase("Check your {field:small}", field=name_of(self[name])), about=name)
            elif CHECK_DETAILS not in self.form_errors:
                self.complain(CHECK_DETAILS)

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """(field's id, or "" where none mends it, sentence) of all a shopper can mend, as on the page."""
        yield from ((self.leads_to, sentence) for sentence in self.form_errors)
        shown = dict.fromkeys([*filter(self.__contains__, self.leading), *(field.name for field in self)])
        for field in map(self.__getitem__, shown):
            if not isinstance(field, HiddenField):
                yield from ((field.id, sentence) for sentence in field.errors)


def csrf_failed(form: FlaskForm) -> bool:
    """Whether the form's token was missing, old or another visit's; its other errors then mean little."""
    return "csrf_token" in form and bool(form.csrf_token.errors)


class PlainForm(ShopperForm):
    """A button and nothing else."""


class UpsellForm(ShopperForm):
    """Yes or no to one offer, or the wish to be asked again; the attempt is the key of the charge that a yes makes."""

    attempt = HiddenField(filters=[tidy_text])
    choice = StringField()

    def validate_choice(self, field: Field) -> None:
        if field.data not in ("yes", "no", "again"):
            raise ValidationError(phrase("Choose yes or no"))

    @property
    def accepted(self) -> bool:
        return bool(self.choice.data == "yes")

    @property
    def reopens(self) -> bool:
        return bool(self.choice.data == "again")
