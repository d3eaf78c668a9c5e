"""Jinja's side of a template: its syntax, and that all it names is there."""

import re
from collections.abc import Iterator
from typing import TypeVar

from jinja2 import nodes

from funnel.check.finding import Finding
from funnel.check.subject import Rule, Subject, Template
from funnel.mistakes import nearest
from funnel.slots.slots import FOLDER

COMMENT = re.compile(r"\{#(.*?)#\}", re.DOTALL)
OFFER_PAGE = re.compile(r"pages/upsell-[\w-]+\.html")
JINJAS_OWN = frozenset({"loop", "self", "super", "caller", "varargs", "kwargs"})
OF_SLOTS = frozenset({"order"})  # all that a slot is handed
ASSETS = ("asset", "picture_of", "picture")
TRUSTED = ("theme_style",)  # may be written as it is
Wanting = nodes.Extends | nodes.Include | nodes.Import | nodes.FromImport
Node = TypeVar("Node", bound=nodes.Node)


def syntax(_subject: Subject, template: Template) -> Iterator[Finding]:
    if error := template.broken:
        yield template.at("syntax", error.lineno, f"Jinja cannot read this: {error.message}")


def unknown_variable(subject: Subject, template: Template) -> Iterator[Finding]:
    known = _known(subject, template)
    for name in _all(template, nodes.Name):
        if name.ctx == "load" and name.name not in known:
            close = nearest(name.name, sorted(known))
            yield template.at("unknown-variable", name.lineno, f'nobody hands this page "{name.name}"{close}')


def unknown_filter(subject: Subject, template: Template) -> Iterator[Finding]:
    for kind, used, known in (("filter", nodes.Filter, subject.env.filters), ("test", nodes.Test, subject.env.tests)):
        for each in _all(template, used):
            if each.name not in known:
                close = nearest(each.name, sorted(known))
                yield template.at("unknown-filter", each.lineno, f'there is no {kind} "{each.name}"{close}')


def missing_template(subject: Subject, template: Template) -> Iterator[Finding]:
    for line, names, may_miss in _wanted(template):
        if not may_miss and not any(subject.named(name) for name in names):
            yield template.at("missing-template", line, f"there is no template {' or '.join(names)}")


def unknown_block(subject: Subject, template: Template) -> Iterator[Finding]:
    parents = list(subject.ancestors(template))
    known = {block.name for parent in parents for block in _all(parent, nodes.Block)}
    for block in _all(template, nodes.Block) if parents else ():
        outer = any(
            block is not other and block in other.find_all(nodes.Block) for other in _all(template, nodes.Block)
        )
        if block.name not in known and not outer:
            close = nearest(block.name, sorted(known))
            yield template.at(
                "unknown-block", block.lineno, f'what it extends has no block "{block.name}"{close}: it is never shown'
            )


def missing_file(subject: Subject, template: Template) -> Iterator[Finding]:
    for call in _all(template, nodes.Call):
        path = call.args[0].value if call.args and isinstance(call.args[0], nodes.Const) else None
        if _called(call) in ASSETS and isinstance(path, str) and subject.folders.find(path) is None:
            yield template.at("missing-file", call.lineno, f"there is no file {path} in static/")


def unescaped(_subject: Subject, template: Template) -> Iterator[Finding]:
    for each in _all(template, nodes.Filter):
        if each.name == "safe" and not (isinstance(each.node, nodes.Name) and each.node.name in TRUSTED):
            yield template.at(
                "unescaped", each.lineno, '"safe" writes text as HTML; what a shopper typed could become a script'
            )


RULES: tuple[Rule, ...] = (
    syntax,
    unknown_variable,
    unknown_filter,
    missing_template,
    unknown_block,
    missing_file,
    unescaped,
)


def _all(template: Template, kind: type[Node]) -> Iterator[Node]:
    return (node for node in template.nodes if isinstance(node, kind))


def _known(subject: Subject, template: Template) -> set[str]:
    """Globals, what the comments at the tops tell, and what is set on the way; what includes it hands it on."""
    known = set(subject.env.globals) | JINJAS_OWN | (OF_SLOTS if template.name.startswith(f"{FOLDER}/") else set())
    around = [template, *subject.ancestors(template), *_shipped_namesake(subject, template), *_layout(subject)]
    if not _documented(template):
        around += [user for each in around[:1] for user in _users(subject, each)]
    for each in around:
        known |= _documented(each) | _assigned(each)
    return known


def _documented(template: Template) -> set[str]:
    """The names after "Props:" and in backticks, in the comment at the top."""
    comment = COMMENT.match(template.text.lstrip())
    if comment is None:
        return set()
    without_asides = re.sub(r"\([^()]*(\([^()]*\)[^()]*)*\)", " ", comment[1])
    listed = without_asides.partition("Props:")[2]
    return set(re.findall(r"[a-z_]\w*", listed)) | set(re.findall(r"`(\w+)`", comment[1]))


def _assigned(template: Template) -> set[str]:
    names = {each.name for each in _all(template, nodes.Name) if each.ctx in ("store", "param")}
    names |= {each.target for each in _all(template, nodes.Import)} | {
        each.name for each in _all(template, nodes.Macro)
    }
    for each in _all(template, nodes.FromImport):
        names |= {name[1] if isinstance(name, tuple) else name for name in each.names}
    return names


def _shipped_namesake(subject: Subject, template: Template) -> list[Template]:
    """An own page is handed what the shipped one of its name is; an offer's page what every upsell is."""
    name = "pages/upsell.html" if OFFER_PAGE.fullmatch(template.name) else template.name
    shipped = subject.named(f"shipped/{name}")
    return [shipped, *subject.ancestors(shipped)] if shipped else []


def _layout(subject: Subject) -> list[Template]:
    return [layout for layout in (subject.named("layout.html"), subject.named("shipped/layout.html")) if layout]


def _users(subject: Subject, template: Template) -> list[Template]:
    direct = [each for each in subject.templates if any(template.name in names for _, names, _ in _wanted(each))]
    return [related for user in direct for related in (user, *subject.ancestors(user))]


def _wanted(template: Template) -> Iterator[tuple[int, list[str], bool]]:
    """Where other templates are named, by which names, and whether they may be missing."""
    wanting: list[Wanting] = [*_all(template, nodes.Extends), *_all(template, nodes.Include)]
    wanting += [*_all(template, nodes.Import), *_all(template, nodes.FromImport)]
    for each in wanting:
        if names := _names(each.template):
            yield each.lineno, names, bool(getattr(each, "ignore_missing", False))


def _names(node: nodes.Expr) -> list[str]:
    if isinstance(node, nodes.Const):
        return [node.value] if isinstance(node.value, str) else list(node.value)
    if isinstance(node, nodes.List | nodes.Tuple) and all(isinstance(item, nodes.Const) for item in node.items):
        return [item.value for item in node.items if isinstance(item, nodes.Const)]
    return []


def _called(call: nodes.Call) -> str:
    node = call.node
    return node.name if isinstance(node, nodes.Name) else node.attr if isinstance(node, nodes.Getattr) else ""
