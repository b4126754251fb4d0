"""The rules, grouped by subject. A new rule is one function and one `Rule` in the list of its file."""

from policy.rule import Rule
from policy.rules import sqs

RULES: tuple[Rule, ...] = (*sqs.RULES,)
