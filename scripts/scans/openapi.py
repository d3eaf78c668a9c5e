"""Every route of the funnel as OpenAPI, for scanners: any text in any place, the fields of all forms in every form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flask import Flask
from fuzz import FORM_FIELDS

QUERIES = ["affId", "c1", "utm_source", "token", "PayerID", "ba_token", "errorMsg", "coupon", "again", "look"]
TEXT = {"type": "string"}
VARIABLE = re.compile(r"<(?:\w+:)?(\w+)>")


def described(app: Flask, token: str) -> dict[str, Any]:
    """`token` is the one that every form bears."""
    paths: dict[str, dict[str, Any]] = {}
    for path, method, names in routes(app):
        paths.setdefault(path, {})[method] = operation(method, names, token)
    return {"openapi": "3.0.3", "info": {"title": "The funnel", "version": "1"}, "paths": paths}


def routes(app: Flask) -> Iterator[tuple[str, str, list[str]]]:
    for rule in app.url_map.iter_rules():
        names = VARIABLE.findall(rule.rule)
        for method in (rule.methods or set()) & {"GET", "POST"}:
            yield VARIABLE.sub(r"{\1}", rule.rule), method.lower(), names


def operation(method: str, names: list[str], token: str) -> dict[str, Any]:
    inside = [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]
    asked = [{"name": name, "in": "query", "schema": TEXT} for name in QUERIES]
    told: dict[str, Any] = {"parameters": [*inside, *asked], "responses": {"default": {"description": "a page"}}}
    if method == "post":
        fields = {**dict.fromkeys(FORM_FIELDS, TEXT), "csrf_token": {**TEXT, "enum": [token]}}
        form = {"type": "object", "properties": fields, "required": ["csrf_token"]}
        told["requestBody"] = {"content": {"application/x-www-form-urlencoded": {"schema": form}}}
    return told
