"""The report for a CI server: JUnit's XML, a suite for each rule and a case for each resource that it speaks of.

https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

import itertools
import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from policy.check.report import Entry, Report, Standing
from policy.rule import Level, Rule

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: Report) -> str:
    """Failures are what fails the run; the rest is skipped, and a rule that finds nothing is a case that passes."""
    suites = Element("testsuites", name="order-policy")
    for rule in sorted(report.rules, key=lambda rule: rule.id):
        found = [entry for entry in report.entries if entry.rule is rule]
        if found or report.settings.level(rule) is not Level.OFF:
            _suite(suites, rule, found)
    _count(suites)
    indent(suites)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(suites, encoding="unicode")}\n'


def _suite(parent: Element, rule: Rule, entries: list[Entry]) -> None:
    suite = SubElement(parent, "testsuite", name=f"{rule.id} {rule.name}")
    for urn, group in itertools.groupby(entries, lambda entry: entry.urn):
        of_resource = list(group)
        case = SubElement(suite, "testcase", classname=rule.id, name=urn or of_resource[0].name)
        words = _NOT_XML.sub("?", "\n".join(map(_words, of_resource)))
        if any(entry.standing is Standing.MANDATORY for entry in of_resource):
            SubElement(case, "failure", message=words.partition("\n")[0], type=rule.name).text = f"{words}\n{rule.url}"
        else:
            SubElement(case, "skipped", message=words)
    if not entries:
        SubElement(suite, "testcase", classname=rule.id, name=rule.title)
    _count(suite)


def _words(entry: Entry) -> str:
    return entry.message if entry.standing is Standing.MANDATORY else f"{entry.standing}: {entry.message}"


def _count(element: Element) -> None:
    for name, path in (("tests", "testcase"), ("failures", "failure"), ("skipped", "skipped")):
        element.set(name, str(len(element.findall(f".//{path}"))))
