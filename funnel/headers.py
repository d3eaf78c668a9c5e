"""The headers of every answer: what a page may load and run, who may frame it, and what a browser may keep of it."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from secrets import token_urlsafe
from typing import cast
from wsgiref.headers import Headers

from flask import Flask, Response, current_app, g, request

from funnel.campaign.theme import hash_of, style_of
from funnel.settings import Settings

REPORTS = "/csp-report"  # where browsers tell what a policy kept out
NONCE_BYTES = 16
RETRY_AFTER = {HTTPStatus.SERVICE_UNAVAILABLE: "60", HTTPStatus.TOO_MANY_REQUESTS: "900"}  # seconds
TWO_YEARS = 63_072_000  # seconds; what the browsers' preload list asks for is half of it
POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "worker-src": "'none'",
}
# No script of ours makes markup out of text, so none may; others do.
NO_TEXT_TO_SCRIPT = {"require-trusted-types-for": "'script'", "trusted-types": "'none'"}
HEADERS = {
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(self), usb=()",
}
# A picture of a theme may hold a script, and be opened by its own address.
OF_FILES = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "script-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
}
OF_CODE = {"Cross-Origin-Resource-Policy": "same-origin"}  # pictures may stand in a web mailer


def install(app: Flask, settings: Settings) -> None:
    """Templates write `nonce`, a word that nobody outside can know; each answer gets its own nonce in its place.

    So a page that is drawn once for everybody has one too, and so does the page of whatever goes wrong early.
    """
    app.jinja_env.globals["nonce"] = token_urlsafe(NONCE_BYTES)
    style = style_of(settings.campaign.theme)
    app.extensions["funnel-style"] = hash_of(style) if style else ""
    safety = transport(settings)
    app.after_request(lambda response: _completed(response, safety))


def transport(settings: Settings) -> dict[str, str]:
    """Browsers that have come by https come by nothing else from then on; subdomains only where the operator says so,
    for not all of them need be this shop's."""
    subdomains = "; includeSubDomains" if settings.hsts_subdomains else ""
    return {"Strict-Transport-Security": f"max-age={TWO_YEARS}{subdomains}"} if settings.https else {}


def of_files(settings: Settings) -> Callable[[Headers, str, str], None]:
    """What WhiteNoise calls for each file, to add to its headers."""
    common = {**OF_FILES, **transport(settings)}

    def add(given: Headers, _path: str, url: str) -> None:
        for name, value in (common | (OF_CODE if url.endswith((".js", ".css")) else {})).items():
            given[name] = value

    return add


def let_in(sources: Mapping[str, str]) -> None:
    """What the page of this request may load beside the usual, by directive. A script of somebody else may bring more
    of its own, and needs no Trusted Types."""
    g.let_in = {**g.get("let_in", {}), **sources}


def written(directives: Mapping[str, str]) -> str:
    """A policy as its header, with where to report."""
    told = {**directives, "report-uri": REPORTS}  # not report-to: not every browser knows it, and who does tells late
    return "; ".join(f"{name} {words}".strip() for name, words in told.items())


def script_by_nonce() -> str:
    return f"'nonce-{_stand_in()}'"


def _completed(response: Response, safety: dict[str, str]) -> Response:
    more, usual = g.get("let_in", {}), {**HEADERS, **safety}
    if "Content-Security-Policy" not in response.headers:
        usual["Content-Security-Policy"] = _policy(more)
        if not more:  # what comes from elsewhere seldom says that it may be embedded
            usual["Cross-Origin-Embedder-Policy"] = "require-corp"
    if later := RETRY_AFTER.get(HTTPStatus(response.status_code)):
        usual["Retry-After"] = later
    if request.endpoint != "static":
        usual["Cache-Control"] = "no-store"
    given = {name.lower() for name, _ in response.headers}  # looked at once: Werkzeug would walk it for each name
    response.headers.extend({name: value for name, value in usual.items() if name.lower() not in given})
    return _with_nonce(response)


def _policy(more: Mapping[str, str]) -> str:
    foreign = "script-src" in more
    scripts = f"{script_by_nonce()} 'strict-dynamic'" if foreign else script_by_nonce()
    usual = {**POLICY, "script-src": scripts, **({} if foreign else NO_TEXT_TO_SCRIPT)}
    usual["style-src"] += f" {style}" if (style := current_app.extensions["funnel-style"]) else ""
    return written({**usual, **{name: f"{usual.get(name, '')} {words}".strip() for name, words in more.items()}})


def _with_nonce(response: Response) -> Response:
    nonce, stand_in = token_urlsafe(NONCE_BYTES), _stand_in()
    policy = response.headers["Content-Security-Policy"]
    response.headers["Content-Security-Policy"] = policy.replace(stand_in, nonce)
    if response.mimetype == "text/html" and not response.direct_passthrough:
        response.set_data(response.get_data().replace(stand_in.encode(), nonce.encode()))
    return response


def _stand_in() -> str:
    return cast(str, current_app.jinja_env.globals["nonce"])
