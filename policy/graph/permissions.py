"""Permissions: what roles may do, by their own policies and by those of queues, keys, topics and streams."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from policy.facts import Fact, Object, Resource, State
from policy.graph.documents import ACCOUNT, UNKNOWN_STATEMENT, Context, Request, Statement, allows, denies, statements
from policy.graph.patterns import Name, Truth, either, every, name_of, opposite
from policy.graph.references import Reference, known_texts, names_of, names_to_look_for
from policy.tokens import (
    KEY,
    KEY_GRANT,
    KEY_POLICY,
    POLICY,
    POLICY_ATTACHMENT,
    QUEUE,
    QUEUE_POLICY,
    ROLE,
    ROLE_POLICY,
    ROLE_POLICY_ATTACHMENT,
    ROLE_POLICY_ATTACHMENTS,
    STREAM,
    STREAM_POLICY,
    TABLE,
    TABLE_POLICY,
    TOPIC,
    TOPIC_POLICY,
)

if TYPE_CHECKING:
    from policy.graph import Graph

_ATTACHMENTS = (
    (ROLE_POLICY_ATTACHMENT, "role", "policyArn"),
    (ROLE_POLICY_ATTACHMENTS, "roleName", "policyArns"),
    (POLICY_ATTACHMENT, "roles", "policyArn"),
)
"""Types that attach policies to roles, with the property that names the roles and the one that names the policies."""
_POLICIES = (
    (QUEUE, QUEUE_POLICY, "queueUrl"),
    (KEY, KEY_POLICY, "keyId"),
    (TOPIC, TOPIC_POLICY, "arn"),
    (STREAM, STREAM_POLICY, "resourceArn"),
    (TABLE, TABLE_POLICY, "resourceArn"),
)
"""Types with policies of their own, the type of such a policy as a separate resource, and its property that says whose
it is."""
_LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
_SAMPLE = ("xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:GetSamplingStatisticSummaries")
_TRACE = ("xray:PutTraceSegments", "xray:PutTelemetryRecords", *_SAMPLE)
_MANAGED: Mapping[str, tuple[str, ...]] = {
    "AdministratorAccess": ("*",),
    "AmazonSQSFullAccess": ("sqs:*",),
    "AWSLambdaBasicExecutionRole": _LOGS,
    "AWSLambdaDynamoDBExecutionRole": (
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
        *_LOGS,
    ),
    "AWSLambdaKinesisExecutionRole": (
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
        "kinesis:ListStreams",
        "kinesis:SubscribeToShard",
        *_LOGS,
    ),
    "AWSLambdaSQSQueueExecutionRole": (
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        *_LOGS,
    ),
    "AWSLambdaVPCAccessExecutionRole": (
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
        *_LOGS,
    ),
    "AWSXRayDaemonWriteAccess": _TRACE,
    "AWSXrayWriteOnlyAccess": _TRACE,
}
"""Policies of AWS itself that the roles of functions have, each on every resource.

https://docs.aws.amazon.com/lambda/latest/dg/security-iam-awsmanpol.html
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""
_MANAGED_ARN = re.compile(r"arn:[\w-]+:iam::aws:policy/(?:.*/)?(?P<name>[^/]+)")


@dataclass(frozen=True)
class Policy:
    """A policy document and whose it is."""

    holder: Resource | None
    """The resource with the document; none for a policy of AWS itself, and for one outside this program."""
    statements: list[Statement]
    is_set: bool = True
    """Whether there is one: a resource without one has what AWS gives it."""

    @staticmethod
    def of(holder: Resource) -> Policy:
        """The policy in the property of that name."""
        document = holder.object("policy")
        return Policy(holder, statements(document), document.content is not State.UNSET)


_UNKNOWN = Policy(None, [UNKNOWN_STATEMENT])


class Permissions:
    """Who may do what, as far as the program says."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._by_role: dict[str, list[Policy]] = {}
        self._by_resource: dict[str, Policy] = {}

    def policies(self, role: Resource) -> list[Policy]:
        """All policies of a role, attached or its own."""
        if role.urn not in self._by_role:
            self._by_role[role.urn] = [*self._policies(role)]
        return self._by_role[role.urn]

    def _policies(self, role: Resource) -> list[Policy]:
        if not role.managed:
            return [_UNKNOWN]  # of a role that is only read, its policies are not
        separate = self._of_roles.get(role.urn, [])
        names = {policy.holder.text("name") for policy in separate if policy.holder} - {*State}
        # A refreshed role lists the policies that are resources of their own.
        own = [
            Policy(role, statements(item.object("policy")))
            for item in [Object(State.UNKNOWN) if isinstance(item, State) else item for item in _items(role)]
            if item.fact("name") not in names
        ]
        unknown = [_UNKNOWN] if None in self._of_roles else []
        return [*separate, *own, *self._attached(role, "managedPolicyArns"), *unknown]

    def policy(self, resource: Reference) -> Policy:
        """The policy of a queue, key, topic, stream or table: a property of it, or a resource of its own."""
        if not isinstance(resource, Resource):
            return _UNKNOWN
        if resource.urn not in self._by_resource:
            own = self._of_resources.get(resource.urn) or Policy.of(resource)
            known = own.is_set or (resource.managed and resource.type not in self._of_resources)
            self._by_resource[resource.urn] = own if known else _UNKNOWN
        return self._by_resource[resource.urn]

    def allowed(self, role: Resource, action: str, resource: Reference, output: str = "arn") -> Truth:
        """Whether a role may do something to a resource of its account.

        Args:
            role: The role.
            action: The action, without wildcards.
            resource: The resource, or the ARN of one outside this program.
            output: The output of the resource by which policies name it.

        Returns:
            `True`, `False`, or `UNKNOWN`: a policy is not known, or a condition asks for what only AWS knows.
        """
        request = Request(action, name_of(resource, output), role)
        policies = [statement for policy in self.policies(role) for statement in policy.statements]
        own = self.policy(resource).statements
        by_role = every((allows(policies, request), self._within_boundary(role, request)))
        if isinstance(resource, Resource) and resource.type == KEY:
            by_role = every((by_role, self.delegates(resource, action)))
        return every(
            (
                opposite(either((denies(policies, request), denies(own, request)))),
                either((by_role, allows(own, request), self._granted(role, action, resource))),
            )
        )

    def lets_in(self, resource: Reference, action: str, service: str, context: Context) -> Truth:
        """Whether the policy of a resource lets a service do something to it.

        Args:
            resource: The queue, key or topic.
            action: The action, without wildcards.
            service: The service, such as `sns.amazonaws.com`.
            context: What the service says of the request: for which source it asks, and of which account.
        """
        request = Request(action, name_of(resource), service, context)
        found = self.policy(resource).statements
        return every((opposite(denies(found, request)), allows(found, request)))

    def delegates(self, key: Resource, action: str) -> Truth:
        """Whether a key leaves it to the policies of roles who may use it, as the policy does that AWS gives a new key.

        https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
        """
        policy = self.policy(key)
        return allows(policy.statements, Request(action, name_of(key), ACCOUNT)) if policy.is_set else True

    def _granted(self, role: Resource, action: str, resource: Reference) -> Truth:
        """https://docs.aws.amazon.com/kms/latest/developerguide/grants.html."""
        grants = (
            self._grants.get(resource.urn, []) + self._grants.get(None, []) if isinstance(resource, Resource) else []
        )
        operation = Name(action.partition(":")[2])
        return either(
            every((State.UNKNOWN if owner is None else owner == role.urn, either(map(operation.matches, operations))))
            for owner, operations in grants
        )

    def _within_boundary(self, role: Resource, request: Request) -> Truth:
        """https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html."""
        boundaries = self._attached(role, "permissionsBoundary")
        return every(allows(boundary.statements, request) for boundary in boundaries)

    def _attached(self, holder: Resource, name: str) -> list[Policy]:
        """The policies that a property names by their ARNs."""
        found = self._graph.refers(holder, name, POLICY)
        names = {text for policy in found for text in names_of(policy)}
        outside = [text for text in known_texts(holder.fact(name)) if not names & {*names_to_look_for(POLICY, text)}]
        unknown = State.UNKNOWN in holder.listed(name)
        return [
            *map(Policy.of, found),
            *map(_managed, outside),
            *([_UNKNOWN] if unknown and not self._graph.depends_on(holder, name, POLICY) else []),
        ]

    @cached_property
    def _of_roles(self) -> dict[str | None, list[Policy]]:
        """Policies by the URN of their role; by `None` those of a role that is not known yet."""
        graph = self._graph
        found: dict[str | None, list[Policy]] = {}
        for holder in graph.of_type(ROLE_POLICY):
            for role in self._owners(holder, "role", ROLE):
                found.setdefault(role, []).append(Policy.of(holder))
        for token, roles, policies in _ATTACHMENTS:
            for holder in graph.of_type(token):
                for role in self._owners(holder, roles, ROLE):
                    found.setdefault(role, []).extend(self._attached(holder, policies))
        return found

    @cached_property
    def _of_resources(self) -> dict[str, Policy]:
        """Separate policies by the URN of their resource; by its type, one whose resource is not known yet."""
        found: dict[str, Policy] = {}
        for token, separate, name in _POLICIES:
            for holder in self._graph.of_type(separate):
                for owner in self._owners(holder, name, token):
                    found[owner or token] = Policy.of(holder)
        return found

    @cached_property
    def _grants(self) -> dict[str | None, list[tuple[str | None, list[Fact]]]]:
        """Roles that have a grant of a key, by its URN, with what they may do; `None` for what is not known yet."""
        found: dict[str | None, list[tuple[str | None, list[Fact]]]] = {}
        for grant in self._graph.of_type(KEY_GRANT):
            operations = grant.listed("operations")
            for key in self._owners(grant, "keyId", KEY):
                for role in self._owners(grant, "granteePrincipal", ROLE) if key else [None]:
                    found.setdefault(key, []).append((role, operations))
        return found

    def _owners(self, holder: Resource, name: str, token: str) -> list[str | None]:
        """The URNs of what a property names; `None` when it is not known yet; nothing when it is outside."""
        found: list[str | None] = [resource.urn for resource in self._graph.refers(holder, name, token)]
        unknown = State.UNKNOWN in holder.listed(name)
        return found or ([None] if unknown else [])


def _items(role: Resource) -> Iterator[Object | State]:
    for item in role.listed("inlinePolicies"):
        if not isinstance(item, Object):
            yield State.UNKNOWN
        elif item.fact("policy") is not State.UNSET:  # a role without any has one that is empty
            yield item


def _managed(arn: str) -> Policy:
    found = _MANAGED_ARN.fullmatch(arn)
    if not found or found["name"] not in _MANAGED:
        return _UNKNOWN
    return Policy(None, [Statement(Object({"Effect": "Allow", "Action": [*_MANAGED[found["name"]]], "Resource": "*"}))])
