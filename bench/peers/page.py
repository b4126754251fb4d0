"""`docs/policy-peers.md`, from the results of a comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from bench.peers.comparison import PROJECT, Ours, Tree
from bench.peers.tools import PEERS

PAGE = PROJECT / "docs" / "policy-peers.md"
_INTRODUCTION = """\
# The policy pack beside its peers

<!-- Written by `.venv/bin/python -m bench.peers --page` from bench/peers/results/peers.json; do not edit. -->

The tests of the policy pack hold good programs and single mistakes in them (`tests/policy/programs`,
`tests/policy/mistakes`). Here the same mistakes are shown to the tools that check CloudFormation, as there is no other
pack for Pulumi with rules about queues, streams and their functions.

`.venv/bin/python -m bench.peers` installs the tools (Node.js 20 or newer is needed), translates each program into a
CloudFormation template by the table in `bench/peers/types.yaml`, runs all tools, and writes this page. Nothing is sent
anywhere.

How it counts:

- A tool catches a mistake when it says something of the template with the mistake that it does not say of the good one:
  another rule, or another resource. It counts whatever the rule is about.
- Of a resource that the mistake adds it does not count what the tool says of every resource of that type.
- Separate resources of Pulumi are what CloudFormation has them as: a redrive policy is in its queue, a role's policy in
  its role, a target in its rule. References that would then go round in a circle are ARNs by name.
- Not every tool follows a mapping to its function through an alias, which the programs use, or to its source by
  Fn::GetAtt. So each template is there twice more: with the function itself in the mapping, and with the source's ARN
  as text. What a tool says only of these has a \\*.
- What has no word in CloudFormation is left out of a tool's count.
- cdk-nag runs `AwsSolutionsChecks`, `ServerlessChecks` and its two rules about functions that are in no pack. CDK is
  its own validation, which runs with it, and "refused" when it makes no template at all; serverless-rules runs inside
  cfn-lint; checkov has no account of its platform. A rule that fails by itself finds nothing.
- Ours is the profile `strict`. The rule is in italics when only a deployed program shows the mistake.
"""


def page(results: Tree, ours: Ours) -> str:
    """The whole page."""
    mistakes = sorted(results["mistakes"], key=lambda mistake: (mistake["rule"], mistake["name"]))
    parts = [
        _INTRODUCTION,
        "## In short\n",
        _summary(results, mistakes, ours),
        "## Mistake by mistake\n",
        _table(["mistake", "ours", *PEERS], [_row(mistake, ours) for mistake in mistakes]),
        _reasons(mistakes),
        "## What is said of the good programs\n",
        "Each of these is what a team has to read, suppress or act on although nothing is wrong by our rules; some\n"
        "are sound advice on other things than the flow of messages.\n",
        _noise(results),
    ]
    return "\n".join(part for part in parts if part)


def _summary(results: Tree, mistakes: Sequence[Tree], ours: Ours) -> str:
    sayable = [mistake for mistake in mistakes if not mistake["unsaid"]]
    caught = [mistake for mistake in mistakes if ours.caught[mistake["name"]] != "never"]
    early = sum(ours.caught[mistake["name"]] == "preview" for mistake in mistakes)
    noise = sum(map(len, ours.good.values()))
    rows = [["ours", "", f"**{len(caught)}** of {len(mistakes)}, {early} of them at the first preview", str(noise)]]
    for peer in PEERS:
        hits = sum(bool(_cell(mistake, peer)) for mistake in sayable)
        behind = sum(not mistake["found"][peer]["rules"] and bool(_cell(mistake, peer)) for mistake in sayable)
        noise = sum(sum(found[peer].values()) for found in results["programs"].values())
        rows.append(
            [
                peer,
                results["versions"][peer],
                f"{hits} of {len(sayable)}" + (f", {behind} of them \\*" if behind else ""),
                str(noise),
            ]
        )
    together = sum(any(_cell(mistake, peer) for peer in PEERS) for mistake in sayable)
    rows.append(["all peers together", "", f"{together} of {len(sayable)}", ""])
    return _table(["tool", "version", "mistakes caught", "findings on the good programs"], rows)


def _row(mistake: Tree, ours: Ours) -> list[str]:
    when = ours.caught[mistake["name"]]
    rule = {"preview": mistake["rule"], "up": f"*{mistake['rule']}*", "never": "-"}[when]
    peers = ["cannot say it" if mistake["unsaid"] else _cell(mistake, peer) or "-" for peer in PEERS]
    return [mistake["name"], rule, *peers]


def _cell(mistake: Tree, peer: str) -> str:
    found = mistake["found"][peer]
    return ", ".join([*found["rules"], *(f"{rule} \\*" for rule in found["in another style"])])


def _reasons(mistakes: Sequence[Tree]) -> str:
    unsaid = [mistake for mistake in mistakes if mistake["unsaid"]]
    if not unsaid:
        return ""
    # "live.region: a stack is in one region" is about live.region: the reason is what differs.
    reasons = [dict.fromkeys(text.rpartition(": ")[2] for text in mistake["unsaid"]) for mistake in unsaid]
    lines = [f"- {mistake['name']}: {'; '.join(said)}" for mistake, said in zip(unsaid, reasons, strict=True)]
    return "\n".join(["What CloudFormation cannot say:\n", *lines, ""])


def _noise(results: Tree) -> str:
    rows: list[list[str]] = []
    for peer in PEERS:
        total: Counter[str] = Counter()
        for found in results["programs"].values():
            total.update(found[peer])
        rows.append([peer, ", ".join(f"{rule} ({count})" for rule, count in total.most_common()) or "-"])
    return _table(["tool", "rules, and how often"], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", r"\|") for cell in line) + " |" for line in lines) + "\n"
