"""The CRM's fraud check, in a frame of its own: it cannot touch the checkout page, nor hold it up."""

from flask import Blueprint, Response, abort, make_response, render_template

from funnel import headers, web
from funnel.pixels import Pixel, read_pixel
from funnel.steps import PATHS

bp = Blueprint("pixel", __name__)

LOOK_EVERY = 2  # seconds until the frame looks again, while the CRM has not told what to show
LOOKS = 8
# No script runs in this page itself. The frames inside are in a sandbox each: they keep their own origins, which they
# need, but lead nobody away.
POLICY = {
    "default-src": "'none'",
    "object-src": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'self'",
    "base-uri": "'none'",
}


@bp.get(PATHS["pixel"])
def show() -> Response:
    settings = web.rooms().settings
    if not settings.campaign.checkout.fraud_pixel:
        abort(404)
    origins = [*settings.campaign.checkout.fraud_pixel_hosts, *filter(None, [settings.local_crm])]
    markup = web.visit().pixel
    pixel = read_pixel(markup, origins) if markup else Pixel()
    page = make_response(render_template("pages/pixel.html", pixel=pixel))
    known = " ".join(origins)
    page.headers["Content-Security-Policy"] = headers.written({**POLICY, "frame-src": known, "img-src": known})
    page.headers["X-Frame-Options"] = "SAMEORIGIN"
    if markup is None and (look := web.looks()) < LOOKS:
        page.headers["Refresh"] = f"{LOOK_EVERY}; url={PATHS['pixel']}?look={look + 1}"
    return page
