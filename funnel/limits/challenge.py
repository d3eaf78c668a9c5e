"""Whether a shopper is a person, as Turnstile, hCaptcha or reCAPTCHA see it; asked only under suspicion."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlencode

from funnel.crm.errors import CrmError
from funnel.crm.wire import Wire

CONNECT_TIMEOUT = 2.0  # seconds
DEADLINE = 4.0  # seconds, all in all; a shopper waits for it
LONGEST_TOKEN = 4096  # characters; reCAPTCHA's are half of that


@dataclass(frozen=True)
class Provider:
    """`sources` are what its script needs to be let in, by directive of the Content-Security-Policy."""

    script: str
    css_class: str
    field: str
    verify: str
    sources: Mapping[str, str]


_CLOUDFLARE = "https://challenges.cloudflare.com"
_HCAPTCHA = "https://hcaptcha.com https://*.hcaptcha.com"
PROVIDERS = {
    "turnstile": Provider(
        f"{_CLOUDFLARE}/turnstile/v0/api.js",
        "cf-turnstile",
        "cf-turnstile-response",
        f"{_CLOUDFLARE}/turnstile/v0/siteverify",
        {"script-src": _CLOUDFLARE, "frame-src": _CLOUDFLARE},
    ),
    "hcaptcha": Provider(
        "https://js.hcaptcha.com/1/api.js",
        "h-captcha",
        "h-captcha-response",
        "https://api.hcaptcha.com/siteverify",
        {"script-src": _HCAPTCHA, "frame-src": _HCAPTCHA, "style-src": _HCAPTCHA, "connect-src": _HCAPTCHA},
    ),
    "recaptcha": Provider(
        "https://www.google.com/recaptcha/api.js",
        "g-recaptcha",
        "g-recaptcha-response",
        "https://www.google.com/recaptcha/api/siteverify",
        {
            "script-src": "https://www.google.com/recaptcha/ https://www.gstatic.com/recaptcha/",
            "frame-src": "https://www.google.com/recaptcha/ https://recaptcha.google.com/recaptcha/",
        },
    ),
}


class Seen(StrEnum):
    PERSON = "person"
    UNPROVEN = "unproven"  # nothing was ticked, too late, twice, or a machine
    UNKNOWN = "unknown"  # nobody could be asked


@dataclass(frozen=True)
class Challenge:
    """One call to the provider for one token, over by its deadline. `verify_url` stands in for the provider's own."""

    provider: Provider
    site_key: str
    secret: str = field(repr=False)
    verify_url: str = ""
    wire: Wire = field(default_factory=lambda: Wire(connect_timeout=CONNECT_TIMEOUT), repr=False)

    def look_at(self, token: str, ip: str) -> Seen:
        """A token counts once, which is the provider's to watch over."""
        if not 0 < len(token) <= LONGEST_TOKEN:
            return Seen.UNPROVEN
        asked = urlencode({"secret": self.secret, "response": token, "remoteip": ip})
        try:
            told = json.loads(self.wire.fresh(self.verify_url or self.provider.verify, asked, DEADLINE))
        except (CrmError, ValueError, RecursionError):
            return Seen.UNKNOWN
        if not isinstance(told, dict):
            return Seen.UNKNOWN
        return Seen.PERSON if told.get("success") is True else Seen.UNPROVEN
