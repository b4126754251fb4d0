"""The command line `python -m policy`: sources, settings, exit codes and what is said when it cannot run."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local.environment import PROJECT
from policy.check.command import main
from policy.check.pages import page
from policy.rules import RULES
from policy.rules.sqs import visibility_timeout
from tests.support.small_rules import SMALL_RULES, tags, visibility
from tests.support.states import SECRET, SIGNATURE, checkpoint, queue, saved, urn

SHORT = {"visibilityTimeoutSeconds": 30}
CANARY = "canary-7f3a"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """The exit code and the last line of the report, or the error."""
    code = main(["check", *arguments], SMALL_RULES)
    printed = capsys.readouterr()
    assert not (printed.out and printed.err)
    return code, (printed.err.rstrip() or printed.out.splitlines()[-1])


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The last line that argparse says."""
    with pytest.raises(SystemExit) as stopped:
        main([*arguments], SMALL_RULES)
    assert stopped.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_a_mandatory_finding_is_exit_code_1_and_advice_is_0(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(capsys, saved(folder, queue("a", SHORT))) == (
        1,
        "1 mandatory in 1 resource (stack dev, profile standard)",
    )
    assert check(capsys, saved(folder, queue("a", {"tags": {}}))) == (
        0,
        "1 advice in 1 resource (stack dev, profile standard)",
    )


def test_a_rule_that_failed_is_exit_code_1_and_its_error_is_not_shown(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["check", saved(folder, queue("odd", {"secret": CANARY}))], SMALL_RULES)

    printed = capsys.readouterr().out
    assert (code, printed.splitlines()[0]) == (1, "the whole program")
    assert "the rule itself failed (KeyError)" in printed
    assert CANARY not in printed


def test_the_profile_on_the_command_line_goes_before_the_settings(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.joinpath("order-policy.yaml").write_text("profile: {dev: dev, prod: strict}\n")
    file = saved(folder, queue("a", {"tags": {}}))

    assert check(capsys, file) == (0, "no findings in 1 resource (stack dev, profile dev)")
    assert check(capsys, file, "--stack", "prod") == (1, "1 mandatory in 1 resource (stack prod, profile strict)")
    assert check(capsys, file, "--profile", "standard") == (0, "1 advice in 1 resource (stack dev, profile standard)")


def test_settings_are_found_above_the_folder_or_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder.parent.joinpath("order-policy.yaml").write_text("profile: dev\n")
    folder.joinpath("other.yaml").write_text("rules: {ORD-TST-002: {least: 10}, ORD-TST-003: {level: off}}\n")
    file = saved(folder, queue("a", SHORT))

    assert check(capsys, file)[1] == "no findings in 1 resource (stack dev, profile dev)"
    assert (
        check(capsys, file, "--settings", "other.yaml")[1] == "no findings in 1 resource (stack dev, profile standard)"
    )
    folder.parent.joinpath("order-policy.yaml").unlink()
    assert check(capsys, file)[0] == 1


def test_settings_with_a_mistake_fail_the_run_and_are_not_believed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.joinpath("order-policy.yaml").write_text("rules: {ORD-TST-002: {levle: off}}\n")

    assert main(["check", saved(folder, queue("a", SHORT))], SMALL_RULES) == 1

    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "the whole program",
        "  mandatory  ORD-SET-001 set-sound: order-policy.yaml: ORD-TST-002: 'levle' is no setting: did you mean "
        "level?",
    ]
    assert lines[-1] == "2 mandatory in 1 resource (stack dev, profile standard)"


def test_standard_input_and_the_file_of_a_backend_are_sources_too(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    state = json.dumps(checkpoint(queue("a", SHORT)))
    folder.joinpath("shop.json").write_text(state)
    said = (1, "1 mandatory in 1 resource (stack dev, profile standard)")

    assert check(capsys, "shop.json") == said
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(state.encode())))
    assert check(capsys, "-") == said


def test_a_resource_that_the_program_only_reads_is_not_judged(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(capsys, saved(folder, queue("a", SHORT, external=True)))[0] == 0


def test_no_secret_of_a_state_is_in_any_report(folder: Path) -> None:
    secret = {SIGNATURE: SECRET, "ciphertext": CANARY}
    shown = {SIGNATURE: SECRET, "plaintext": json.dumps(CANARY)}
    state = saved(
        folder,
        queue("a", {"visibilityTimeoutSeconds": secret, "policy": shown, "tags": {"x": CANARY}}),
        queue("b", {**SHORT, "delaySeconds": 901, "name": shown, "policy": CANARY}),
    )
    reports = ("text", "markdown", "sarif", "junit")

    main(
        [
            "check",
            state,
            *(f"--report={form}={form}.out" for form in reports),
            "--baseline=known.json",
            "--update-baseline",
        ]
    )

    written = [folder / f"{form}.out" for form in reports] + [folder / "known.json"]
    assert [file.name for file in written if CANARY in file.read_text()] == []
    assert "ORD-SQS-002" in written[0].read_text()


def test_several_reports_are_written_in_one_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = saved(folder, queue("a", SHORT))

    code = main(
        [
            "check",
            file,
            "--format",
            "markdown",
            "--output",
            "a.md",
            "--report",
            "text=a.txt",
            "--report",
            "junit=a.xml",
        ],
        SMALL_RULES,
    )

    assert (code, capsys.readouterr()) == (1, ("", ""))
    assert [(folder / name).read_text().split()[0] for name in ("a.md", "a.txt", "a.xml")] == [
        "###",
        "aws:sqs/queue:Queue",
        "<?xml",
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("missing.json",),
            "missing.json cannot be read (No such file or directory): name a file, or - for standard input",
        ),
        (
            ("Pulumi.yaml",),
            "Pulumi.yaml is no state: it is no JSON. `pulumi stack export --file FILE` writes one",
        ),
        (
            ("state.json", "--settings", "none.yaml"),
            "there is no settings file none.yaml: name one, or leave --settings out",
        ),
        (
            ("state.json", "--update-baseline"),
            "--update-baseline needs to know which: name the file with --baseline FILE",
        ),
        (
            ("state.json", "--offline"),
            "--offline is for a preview, and a file needs no account: leave one of them out",
        ),
        (
            ("state.json", "--output", "none/a.txt"),
            "none/a.txt cannot be written (No such file or directory): name another file",
        ),
    ],
)
def test_what_cannot_run_is_exit_code_2_and_one_sentence(
    arguments: tuple[str, ...], says: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved(folder, queue("a"))
    folder.joinpath("Pulumi.yaml").write_text("name: shop\n")

    assert check(capsys, *arguments) == (2, f"error: {says}")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "the following arguments are required: COMMAND"),
        (("chekc",), "invalid choice: 'chekc' (choose from 'check', 'explain')"),
        (("check", "--profile", "prod"), "argument --profile: invalid choice: 'prod'"),
        (("check", "--report", "sarif"), "'sarif' is not FORMAT=FILE with FORMAT one of text, markdown, sarif, junit"),
        (
            ("check", "--report", "html=x"),
            "'html=x' is not FORMAT=FILE with FORMAT one of text, markdown, sarif, junit",
        ),
    ],
)
def test_a_wrong_command_line_is_exit_code_2(
    arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert says in refused(capsys, *arguments)


def test_help_documents_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["check", "--help"])

    assert stopped.value.code == 0
    assert capsys.readouterr().out.endswith(
        "\nexit codes:\n"
        "  0  nothing mandatory is found, or the baseline has it all\n"
        "  1  something mandatory is found\n"
        "  2  the command line is wrong, or the program, the settings or the baseline cannot be read\n"
    )


def test_explain_shows_the_page_of_a_rule_by_id_or_name(capsys: pytest.CaptureFixture[str]) -> None:
    for known_as in ("ORD-SQS-001", "sqs-visibility-timeout"):
        assert main(["explain", known_as]) == 0
        assert capsys.readouterr() == (page(visibility_timeout), "")


def test_explain_lists_the_rules_by_id(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"], [tags, visibility]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "| id | rule | class | dev | standard | strict |",
        "| --- | --- | --- | --- | --- | --- |",
        "| ORD-SET-001 | The settings file says only what there is | practice | mandatory | mandatory | mandatory |",
        "| ORD-SET-002 | A waiver ends on its day | practice | advisory | mandatory | mandatory |",
        "| ORD-SET-003 | A waiver covers something | practice | off | advisory | advisory |",
        "| ORD-TST-002 | A queue hides a message long enough | practice | off | mandatory | mandatory |",
        "| ORD-TST-003 | A queue says whose it is | practice | off | advisory | mandatory |",
    ]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("ord-sqs-1", "there is no rule ord-sqs-1: did you mean ORD-SQS-001?"),
        ("sqs-visibility", "there is no rule sqs-visibility: did you mean sqs-visibility-timeout?"),
        ("bananas", "there is no rule bananas: `order-policy explain` lists them all"),
    ],
)
def test_explain_names_the_rule_that_was_meant(asked: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", asked], RULES) == 2
    assert capsys.readouterr() == ("", f"error: {says}\n")


def test_the_module_runs_in_any_folder_without_engine_account_or_home(folder: Path) -> None:
    state = saved(folder, queue("a", {"tags": {}}))
    command: list[Any] = [PROJECT / ".venv" / "bin" / "python", "-P", "-m", "policy", "check", state]

    done = subprocess.run(command, cwd=folder, env={"PATH": os.devnull}, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (1, "")
    assert "ORD-SQS-002 sqs-dead-letter-queue: queue a has no dead-letter queue" in done.stdout
    assert urn("a") not in done.stdout
