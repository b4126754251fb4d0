"""The command line `python -m policy`, which is also installed as `order-policy`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from policy.check import baseline, sources
from policy.check.pages import explain
from policy.check.report import Report, entries
from policy.check.reports import FORMS
from policy.check.reports.text import text
from policy.check.usage import UsageError
from policy.graph import Graph
from policy.judgement import Judgement, judge
from policy.rule import Profile, Rule
from policy.rules import RULES
from policy.settings import FILE, find, load
from policy.state import Program
from policy.waivers import SETTINGS_RULES

_INTERRUPTED = 130
"""Exit code of a command that the user ended, as shells have it."""
_SCRIPT = "order-policy"
"""The name that an installation gives it."""
_EXIT_CODES = """\
exit codes:
  0  nothing mandatory is found, or the baseline has it all
  1  something mandatory is found
  2  the command line is wrong, or the program, the settings or the baseline cannot be read
"""


class _Target(NamedTuple):
    """A report and where it goes; `-` is standard output."""

    form: str
    file: str


def main(arguments: Sequence[str] | None = None, rules: Sequence[Rule] = RULES) -> int:
    """Run one command; its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options, rules)
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return _INTERRUPTED


def _check(options: argparse.Namespace, rules: Sequence[Rule]) -> int:
    if options.offline and options.file:
        raise UsageError("--offline is for a preview, and a file needs no account: leave one of them out")
    if options.update_baseline and not options.baseline:
        raise UsageError("--update-baseline needs to know which: name the file with --baseline FILE")
    targets = [_Target(options.format, options.output), *options.report]
    file, old = _settings_file(options), _old_baseline(options)
    if options.file:
        program = sources.from_file(options.file)
        stack = options.stack or program.stack
    else:
        program = sources.from_preview(options.stack, file, without_account=options.offline)
        stack = program.stack
    all_rules = (*rules, *SETTINGS_RULES)
    settings = load(file, all_rules, stack)
    if options.profile:
        settings = replace(settings, profile=Profile(options.profile))
    judgements = judge(Graph(program.resources), rules, settings)
    known, notes = _compare(options, old, judgements)
    report = Report(
        entries=[*entries(judgements, known)],
        rules=all_rules,
        settings=settings,
        source="Pulumi.yaml" if options.file in {None, "-"} else options.file,
        stack=stack,
        resources=_real(program),
        notes=notes,
        has_baseline=options.baseline is not None,
    )
    for target in targets:
        _write(report, target)
    return 1 if report.failed else 0


def _settings_file(options: argparse.Namespace) -> Path | None:
    """The settings file that is named, or the one that the pack finds too."""
    if options.settings is None:
        return find()
    if not Path(options.settings).is_file():
        raise UsageError(f"there is no settings file {options.settings}: name one, or leave --settings out")
    return Path(options.settings)


def _old_baseline(options: argparse.Namespace) -> baseline.Baseline | None:
    """The baseline that is named, unless there is none yet and it is to be made."""
    if options.baseline is None or (options.update_baseline and not Path(options.baseline).exists()):
        return None
    return baseline.read(Path(options.baseline))


def _compare(
    options: argparse.Namespace, old: baseline.Baseline | None, judgements: Sequence[Judgement]
) -> tuple[Set[baseline.Key], list[str]]:
    """The findings that the baseline has, and what there is to say of it; it is written where that is asked for."""
    if options.baseline is None:
        return frozenset(), []
    file = Path(options.baseline)
    if old is None:
        made = baseline.counted(judgements)
        baseline.write(file, made)
        return baseline.known(judgements, made), [f"{file} is made, with {_findings(made)}."]
    known, new = baseline.known(judgements, old), baseline.lowered(old, judgements)
    gone = sum(old.values()) - sum(new.values())
    if not gone:
        return known, []
    if options.update_baseline:
        baseline.write(file, new)
        return known, [f"{file} is lowered from {_findings(old)} to {sum(new.values())}."]
    are, them = ("is", "it") if gone == 1 else ("are", "them")
    return known, [f"{gone} of {_findings(old)} in {file} {are} gone: --update-baseline takes {them} out."]


def _findings(counts: baseline.Baseline) -> str:
    number = sum(counts.values())
    return "1 finding" if number == 1 else f"{number} findings"


def _real(program: Program) -> int:
    """How many resources there are besides the stack and its providers."""
    return sum(not resource.type.startswith("pulumi:") for resource in program.resources)


def _write(report: Report, target: _Target) -> None:
    if target.file == "-":
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        sys.stdout.write(text(report, colour=colour) if target.form == "text" else FORMS[target.form](report))
        return
    try:
        Path(target.file).write_text(FORMS[target.form](report))
    except OSError as error:
        raise UsageError(f"{target.file} cannot be written ({error.strerror}): name another file") from error


def _explain(options: argparse.Namespace, rules: Sequence[Rule]) -> int:
    sys.stdout.write(explain(options.rule, (*rules, *SETTINGS_RULES)))
    return 0


def _target(given: str) -> _Target:
    form, _, file = given.partition("=")
    if form not in FORMS or not file:
        raise argparse.ArgumentTypeError(f"{given!r} is not FORMAT=FILE with FORMAT one of {', '.join(FORMS)}")
    return _Target(form, file)


def _parser() -> argparse.ArgumentParser:
    program = _SCRIPT if Path(sys.argv[0]).name == _SCRIPT else "python -m policy"
    parser = argparse.ArgumentParser(prog=program, description="Rules over whole pipelines on AWS.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    check = commands.add_parser(
        "check",
        help="judge a preview of the program in this folder, or a state",
        description="Judge a preview of the program in this folder, or a state.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    check.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="what `pulumi stack export` wrote, or the file of a stack in a backend; - is standard input. Without it "
        "`pulumi preview` runs",
    )
    check.add_argument("--stack", default="", help="the stack to preview; for a file, whose profile holds")
    check.add_argument("--offline", action="store_true", help="preview a new stack, with no account and no backend")
    check.add_argument("--settings", metavar="FILE", help=f"default: {FILE} in this folder or above it")
    check.add_argument("--profile", choices=[*Profile], help="instead of the one in the settings")
    check.add_argument("--format", choices=[*FORMS], default="text", help="of what is printed (default: text)")
    check.add_argument("--output", default="-", metavar="FILE", help="write it there instead of printing it")
    check.add_argument(
        "--report", action="append", default=[], type=_target, metavar="FORMAT=FILE", help="another report; repeatable"
    )
    check.add_argument("--baseline", metavar="FILE", help="findings that are known and do not fail")
    check.add_argument(
        "--update-baseline", action="store_true", help="make the baseline, or take out of it what is gone"
    )
    check.set_defaults(run=_check)
    page = commands.add_parser("explain", help="show the page of a rule, or the list of all")
    page.add_argument("rule", nargs="?", metavar="RULE-ID", help="such as ORD-SQS-001")
    page.set_defaults(run=_explain)
    return parser
