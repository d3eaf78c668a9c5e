"""What a page may not do to people: invented clocks and stocks, words that shame, praise that is an example."""

import re
from collections.abc import Iterator

from jinja2 import nodes

from funnel.campaign.copy_table import parts
from funnel.check.finding import Finding
from funnel.check.subject import Rule, Subject, Template

SHAMING = re.compile(
    r"""\bno\b.{0,20}\b(i|yo)\b.*\b(don['’]t|do\ not|hate|prefer|rather|like|odio)\b
      | \bno\b.{0,20}\b(prefiero|odio)\b
      | \bi(['’]d|\ would)?\ (don['’]t|do\ not|hate|dislike|rather|prefer)\b
        .*\b(save|saving|savings|money|pay|full\ price|miss|lose|better|deal|care)\b
      | \bi['’]ll\ (pay|miss|lose|regret)\b | \bmiss\ out\b
      | \b(prefiero|quiero)\ (pagar|perder) | \bno\ (me\ gusta|quiero)\ (ahorrar|aprovechar|mejorar)
      | \bme\ lo\ pierdo\b | \bodio\ (ahorrar|las\ ofertas)\b | \brenuncio\ a\b""",
    re.IGNORECASE | re.VERBOSE,
)
URGENT = re.compile(
    r"""\b\d{1,2}:\d{2}\b.{0,30}\b(left|remaining|queda)|\b(ends|expires|left|termina|acaba|quedan?)\b.{0,20}\b\d{1,2}:\d{2}\b
      | \bonly\ \d+\ (left|remaining|in\ stock)\b | \bs[oó]lo\ quedan\ \d+\b | \bquedan\ s[oó]lo\ \d+\b
      | \b(ends|expires)\ in\ \d+\ (minute|hour|second) | \b(termina|acaba|vence)\ en\ \d+\ (minuto|hora|segundo)""",
    re.IGNORECASE | re.VERBOSE,
)
CLOCK = re.compile(r"count-?down|\btimer\b", re.IGNORECASE)
REAL_END = re.compile(r"\bends_(in|at)\b|\bends\b")
NO_CLOCK = "no such end is known to the funnel; ends_after_minutes in an upsell's table is kept to, and shown"
NO_SHAME = 'say "No thanks"; a no is no reason to be ashamed'


def shaming_decline(_subject: Subject, template: Template) -> Iterator[Finding]:
    for each in template.elements:
        if each.tag in ("button", "a", "label") and SHAMING.search(each.text):
            yield template.at("shaming-decline", each.line, NO_SHAME)
        if each.tag == "input" and SHAMING.search(each.attributes.get("value", "")):
            yield template.at("shaming-decline", each.line, NO_SHAME)


def timer_without_end(_subject: Subject, template: Template) -> Iterator[Finding]:
    for number, line in enumerate(template.text.splitlines(), 1):
        if URGENT.search(line) and not REAL_END.search(line):
            yield template.at("timer-without-end", number, NO_CLOCK)
    for each in template.elements:
        marks = " ".join(f"{name} {value}" for name, value in each.attributes.items() if name != "href")
        if each.tag not in ("link", "script") and CLOCK.search(marks) and not REAL_END.search(each.raw + each.inner):
            yield template.at("timer-without-end", each.line, NO_CLOCK)


def countdown_to_nothing(_subject: Subject, template: Template) -> Iterator[Finding]:
    """The kit's countdown with a number of one's own, or with a moment that no offer has."""
    for call in template.tree.find_all(nodes.Call) if template.tree else ():
        name = getattr(call.node, "attr", getattr(call.node, "name", ""))
        if name == "countdown" and any(isinstance(given, nodes.Const) for given in call.args[:1]):
            yield template.at("timer-without-end", call.lineno, NO_CLOCK)


RULES: tuple[Rule, ...] = (shaming_decline, timer_without_end, countdown_to_nothing)


def of_copy(subject: Subject) -> Iterator[Finding]:
    """The same of the words in funnel.toml; and praise that is still the example's."""
    for place, value in parts(subject.settings.campaign.copy_table):
        if isinstance(value, str) and SHAMING.search(value):
            yield subject.at("shaming-decline", place, NO_SHAME)
        if isinstance(value, str) and URGENT.search(value):
            yield subject.at("timer-without-end", place, NO_CLOCK)
        if isinstance(value, dict) and value.get("example") is True and subject.settings.production:
            yield subject.at("example-testimonial", place, "still the example; put a real customer's words here")
