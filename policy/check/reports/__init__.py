"""The forms of a report, each a function that makes the whole text of one."""

from collections.abc import Callable, Mapping

from policy.check.report import Report
from policy.check.reports.junit import junit
from policy.check.reports.markdown import markdown
from policy.check.reports.sarif import sarif
from policy.check.reports.text import text

FORMS: Mapping[str, Callable[[Report], str]] = {"text": text, "markdown": markdown, "sarif": sarif, "junit": junit}
