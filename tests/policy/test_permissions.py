"""Who may do what: policy documents, and the policies of roles, queues, keys and topics, as far as they are known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from policy.facts import Object, Resource, State
from policy.graph import Graph
from policy.graph.documents import ACCOUNT, ANYONE, Request, Statement, allows, denies, statements
from policy.graph.patterns import Name, Truth, either, every
from policy.graph.requests import to_key, to_resource
from policy.tokens import (
    KEY,
    KEY_GRANT,
    KEY_POLICY,
    POLICY,
    POLICY_ATTACHMENT,
    QUEUE_POLICY,
    ROLE,
    ROLE_POLICY,
    ROLE_POLICY_ATTACHMENT,
    ROLE_POLICY_ATTACHMENTS,
)
from tests.support.resources import ACCOUNT as ARN
from tests.support.resources import UNKNOWN, queue, resource

QUEUE_ARN = ARN.format("sqs", "orders-1a2b")
TOPIC_ARN = ARN.format("sns", "store")
ROLE_ARN = "arn:aws:iam::000000000001:role/worker"
OTHER_ROLE_ARN = "arn:aws:iam::000000000001:role/other"
KEY_ARN = ARN.format("kms", "key/key-1a2b")
KEY_PROPERTIES = {"arn": KEY_ARN, "keyId": "key-1a2b", "id": "key-1a2b"}
KEY_OF_ORDERS = resource(KEY, "key", KEY_PROPERTIES)
ROOT = {"AWS": "arn:aws:iam::000000000001:root"}
RECEIVE = {"Effect": "Allow", "Action": "sqs:ReceiveMessage", "Resource": QUEUE_ARN}
ACCOUNT_KEYS = ("aws:sourceaccount", "aws:sourceowner")
YES, NO, UNDECIDED = True, False, State.UNKNOWN


def document(*found: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [*found]})


def says(found: Mapping[str, Any], action: str = "sqs:ReceiveMessage", **more: Any) -> Truth:
    """What one statement says of a request of a role."""
    given: Any = {"by": role(), **more}
    return Statement(Object(found)).is_about(Request(action, Name(QUEUE_ARN), **given))


def role(name: str = "worker", **properties: Any) -> Resource:
    known = {"name": name, "id": name, "arn": f"arn:aws:iam::000000000001:role/{name}"}
    return resource(ROLE, name, {**known, **properties})


def policy_of(
    owner: Resource, text: str = document(RECEIVE), name: str = "policy", **dependencies: Resource
) -> Resource:
    return resource(ROLE_POLICY, name, {"role": owner.properties["name"], "policy": text, "name": name}, **dependencies)


def may(*resources: Resource, action: str = "sqs:ReceiveMessage", on: Resource | str = QUEUE_ARN) -> Truth:
    """Whether the role `worker` may do something."""
    graph = Graph([*resources, *([on] if isinstance(on, Resource) else [])])
    return graph.permissions.allowed(graph.of_type(ROLE)[0], action, on)


ORDERS = queue()


@pytest.mark.parametrize(
    ("pattern", "verdict"),
    [
        ("sqs:ReceiveMessage", YES),
        ("SQS:receivemessage", YES),
        ("sqs:Receive*", YES),
        ("sqs:*", YES),
        ("*", YES),
        ("*:*", YES),
        ("sqs:?eceiveMessage", YES),
        ("sqs:Receive", NO),
        ("sqs:ReceiveMessageBatch", NO),
        ("sqs.ReceiveMessage", NO),
        ("sns:*", NO),
        (["sqs:SendMessage", "sqs:Receive*"], YES),
        (["sqs:SendMessage", UNKNOWN], UNDECIDED),
        (["sqs:*", UNKNOWN], YES),
        ([], NO),
    ],
)
def test_an_action_is_named_by_wildcards_and_in_any_case(pattern: Any, verdict: Truth) -> None:
    assert says({"Action": pattern, "Resource": "*"}) == verdict


@pytest.mark.parametrize(
    ("pattern", "verdict"),
    [
        (QUEUE_ARN, YES),
        ("*", YES),
        ("arn:aws:sqs:*:*:orders-????", YES),
        ("arn:*:sqs:*", YES),
        (QUEUE_ARN.upper(), NO),
        (f"{QUEUE_ARN}-not", NO),
        ("arn:aws:sqs:eu-central-1:000000000001:${aws:PrincipalTag/queue}", UNDECIDED),
        (UNKNOWN, UNDECIDED),
        ([UNKNOWN, QUEUE_ARN], YES),
    ],
)
def test_a_resource_is_named_by_wildcards_and_in_its_case(pattern: Any, verdict: Truth) -> None:
    assert says({"Action": "*", "Resource": pattern}) == verdict


@pytest.mark.parametrize(
    ("elements", "verdict"),
    [
        ({"NotAction": "sqs:*", "Resource": "*"}, NO),
        ({"NotAction": "sns:*", "Resource": "*"}, YES),
        ({"NotAction": ["sns:*", "sqs:Receive*"], "Resource": "*"}, NO),
        ({"NotAction": UNKNOWN, "Resource": "*"}, UNDECIDED),
        ({"Action": "*", "NotResource": QUEUE_ARN}, NO),
        ({"Action": "*", "NotResource": TOPIC_ARN}, YES),
        ({"Action": "sns:*", "Resource": UNKNOWN}, NO),
    ],
)
def test_what_is_excluded_is_not_named_and_the_rest_is(elements: Mapping[str, Any], verdict: Truth) -> None:
    assert says(elements) == verdict


CONTEXT = {
    "aws:securetransport": Name("true"),
    "aws:sourcearn": Name(TOPIC_ARN),
    "aws:sourceaccount": True,
    "aws:sourceorgid": State.UNSET,
}


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        ({}, YES),
        ({"ArnEquals": {"aws:SourceArn": TOPIC_ARN}}, YES),
        ({"ArnLike": {"AWS:SourceArn": "arn:aws:sns:*:*:*"}}, YES),
        ({"ArnLike": {"aws:SourceArn": [QUEUE_ARN, TOPIC_ARN]}}, YES),
        ({"ArnLike": {"aws:SourceArn": QUEUE_ARN}}, NO),
        ({"ArnNotLike": {"aws:SourceArn": QUEUE_ARN}}, YES),
        ({"StringEquals": {"aws:SourceArn": "arn:aws:sns:*:*:*"}}, NO),
        ({"StringLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}}, YES),
        ({"StringEqualsIgnoreCase": {"aws:SourceArn": TOPIC_ARN.upper()}}, YES),
        ({"ForAnyValue:StringEqualsIfExists": {"aws:SourceArn": TOPIC_ARN}}, YES),
        ({"StringEquals": {"aws:SourceAccount": "000000000009"}}, YES),
        ({"Bool": {"aws:SecureTransport": "false"}}, NO),
        ({"Bool": {"aws:SecureTransport": False}}, NO),
        ({"Bool": {"aws:SecureTransport": True}}, YES),
        ({"StringEquals": {"aws:SourceOrgID": "o-1"}}, NO),
        ({"StringEqualsIfExists": {"aws:SourceOrgID": "o-1"}}, YES),
        ({"StringNotEquals": {"aws:SourceOrgID": "o-1"}}, YES),
        ({"StringEquals": {"aws:PrincipalTag/team": "orders"}}, UNDECIDED),
        ({"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}, UNDECIDED),
        ({"ArnEquals": {"aws:SourceArn": UNKNOWN}}, UNDECIDED),
        ({"ArnEquals": UNKNOWN}, UNDECIDED),
        (UNKNOWN, UNDECIDED),
        ({"ArnEquals": {"aws:SourceArn": QUEUE_ARN}, "StringEquals": UNKNOWN}, NO),
        ({"ArnEquals": {"aws:SourceArn": TOPIC_ARN, "aws:SourceOrgPaths": "o-1/*"}}, UNDECIDED),
    ],
)
def test_a_condition_is_compared_with_what_the_request_says(condition: Any, verdict: Truth) -> None:
    assert says({"Action": "*", "Resource": "*", "Condition": condition}, context=CONTEXT) == verdict


@pytest.mark.parametrize(
    ("principal", "service", "by_role", "by_account", "by_anyone"),
    [
        ("*", YES, YES, YES, YES),
        ({"AWS": "*"}, YES, YES, YES, YES),
        ({"AWS": ["000000000009", "*"]}, YES, YES, YES, YES),
        ({"Service": "sns.amazonaws.com"}, YES, NO, NO, NO),
        ({"Service": ["s3.amazonaws.com", "sns.amazonaws.com"]}, YES, NO, NO, NO),
        ({"Service": "sns.eu-south-1.amazonaws.com"}, UNDECIDED, NO, NO, NO),
        ({"Service": "s3.amazonaws.com"}, NO, NO, NO, NO),
        ({"Federated": "sns.amazonaws.com"}, NO, NO, NO, NO),
        ({"AWS": ROLE_ARN}, NO, YES, NO, NO),
        ({"AWS": OTHER_ROLE_ARN}, NO, NO, NO, NO),
        ({"AWS": "000000000001"}, NO, NO, YES, NO),
        (ROOT, NO, NO, YES, NO),
        ({"AWS": UNKNOWN}, UNDECIDED, UNDECIDED, UNDECIDED, UNDECIDED),
        (UNKNOWN, UNDECIDED, UNDECIDED, UNDECIDED, UNDECIDED),
    ],
)
def test_a_principal_is_a_role_an_account_a_service_or_anyone(
    principal: Any, service: Truth, by_role: Truth, by_account: Truth, by_anyone: Truth
) -> None:
    elements = {"Action": "*", "Resource": "*", "Principal": principal}
    requesters = ("sns.amazonaws.com", role(), ACCOUNT, ANYONE)
    assert [says(elements, by=by) for by in requesters] == [service, by_role, by_account, by_anyone]


def test_what_is_for_all_but_some_is_not_decided() -> None:
    assert says({"Action": "*", "Resource": "*", "NotPrincipal": {"AWS": OTHER_ROLE_ARN}}) == UNDECIDED


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        ({"StringEquals": {"AWS:SourceAccount": "000000000001"}}, YES),
        ({"ArnLike": {"aws:SourceArn": [UNKNOWN]}}, YES),
        ({"StringEquals": {"aws:PrincipalOrgID": ["o-1"]}}, YES),
        ({"ArnLike": {"aws:SourceArn": "*"}}, NO),
        ({"StringNotEquals": {"aws:SourceAccount": "000000000001"}}, NO),
        ({"StringEqualsIfExists": {"aws:SourceAccount": "000000000001"}}, NO),
        ({"Null": {"aws:SourceArn": "false"}}, NO),
        ({"Bool": {"aws:SecureTransport": "true"}}, NO),
        ({"StringEquals": UNKNOWN}, UNDECIDED),
        (UNKNOWN, UNDECIDED),
        (None, NO),
    ],
)
def test_a_condition_narrows_when_it_names_who_asks_or_for_whom(condition: Any, verdict: Truth) -> None:
    assert Statement(Object({"Condition": condition})).narrowed_by() == verdict


def test_a_document_is_a_text_an_object_or_not_known_and_may_have_one_statement() -> None:
    one = {"Statement": RECEIVE}
    request = Request("sqs:ReceiveMessage", Name(QUEUE_ARN), role())
    for holder, verdict in (
        ({"policy": json.dumps(one)}, YES),
        ({"policy": one}, YES),
        ({"policy": {"Statement": [UNKNOWN]}}, UNDECIDED),
        ({"policy": UNKNOWN}, UNDECIDED),
        ({"policy": "not JSON"}, NO),
        ({}, NO),
    ):
        found = statements(Object(holder).object("policy"))
        assert (holder, allows(found, request), denies(found, request)) == (holder, verdict, NO)


def test_three_values_are_joined_so_that_only_what_matters_is_unknown() -> None:
    values = (YES, NO, UNDECIDED)
    assert [[either((a, b)) for b in values] for a in values] == [
        [YES, YES, YES],
        [YES, NO, UNDECIDED],
        [YES, UNDECIDED, UNDECIDED],
    ]
    assert [[every((a, b)) for b in values] for a in values] == [
        [YES, NO, UNDECIDED],
        [NO, NO, NO],
        [UNDECIDED, NO, UNDECIDED],
    ]


DENY = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}
ATTACHED = {"policy": document(RECEIVE), "arn": "arn:aws:iam::000000000001:policy/reader", "name": "reader"}
READER = resource(POLICY, "reader", ATTACHED)
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
SQS = "arn:aws-cn:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"


def attach(arn: str, token: str = ROLE_POLICY_ATTACHMENT, **properties: Any) -> Resource:
    return resource(token, "attachment", {"role": "worker", "policyArn": arn, **properties})


@pytest.mark.parametrize(
    ("resources", "verdict"),
    [
        pytest.param([role()], NO, id="no policy"),
        pytest.param([role(), policy_of(role())], YES, id="inline"),
        pytest.param([role(inlinePolicies=[{"name": "a", "policy": document(RECEIVE)}])], YES, id="in the role"),
        pytest.param([role(inlinePolicies=[{}])], NO, id="as the provider says that there is none"),
        pytest.param([role(inlinePolicies=UNKNOWN)], NO, id="left out, in a first preview"),
        pytest.param([role(inlinePolicies=[{"policy": UNKNOWN}])], UNDECIDED, id="in the role, not known"),
        pytest.param([role(), policy_of(role(), UNKNOWN)], UNDECIDED, id="inline, not known"),
        pytest.param([role(), policy_of(role("other"))], NO, id="of another role"),
        pytest.param([role(), attach(READER.properties["arn"]), READER], YES, id="attached"),
        pytest.param([role(), attach(SQS)], YES, id="managed by AWS"),
        pytest.param([role(), attach(BASIC)], NO, id="managed by AWS, for something else"),
        pytest.param([role(), attach("arn:aws:iam::aws:policy/New")], UNDECIDED, id="managed by AWS, not known here"),
        pytest.param([role(), attach("arn:aws:iam::000000000001:policy/x")], UNDECIDED, id="attached, from elsewhere"),
        pytest.param([role(managedPolicyArns=[BASIC, SQS])], YES, id="managed, in the role"),
        pytest.param([role(managedPolicyArns=[BASIC, UNKNOWN])], UNDECIDED, id="managed, in the role, not known"),
        pytest.param([role(), attach(SQS, POLICY_ATTACHMENT, roles=["worker"])], YES, id="attached to several"),
        pytest.param([role(), attach(SQS, POLICY_ATTACHMENT, roles=["other"])], NO, id="attached to others"),
        pytest.param(
            [role(), resource(ROLE_POLICY_ATTACHMENTS, "all", {"roleName": "worker", "policyArns": [BASIC, SQS]})],
            YES,
            id="attached all at once",
        ),
        pytest.param([role(), attach(SQS, role=UNKNOWN)], UNDECIDED, id="attached to a role that is not known"),
        pytest.param([role(), policy_of(role(), document(RECEIVE, DENY))], NO, id="allowed and denied"),
        pytest.param([role(), policy_of(role()), policy_of(role(), document(DENY), "deny")], NO, id="denied elsewhere"),
        pytest.param(
            [role(), policy_of(role(), document(RECEIVE, {**DENY, "Condition": {"StringEquals": {"aws:x": "y"}}}))],
            UNDECIDED,
            id="denied on a condition",
        ),
        pytest.param(
            [
                role(),
                policy_of(role(), document(RECEIVE, {**DENY, "Condition": {"Bool": {"aws:SecureTransport": "false"}}})),
            ],
            YES,
            id="denied without TLS",
        ),
        pytest.param(
            [role(permissionsBoundary="arn:aws:iam::aws:policy/AdministratorAccess"), policy_of(role())],
            YES,
            id="within its boundary",
        ),
        pytest.param([role(permissionsBoundary=BASIC), policy_of(role())], NO, id="outside its boundary"),
        pytest.param([role(permissionsBoundary=UNKNOWN), policy_of(role())], UNDECIDED, id="boundary not known"),
    ],
)
def test_a_role_may_what_its_policies_allow_and_none_denies(resources: list[Resource], verdict: Truth) -> None:
    assert may(*resources, on=ORDERS) == verdict


def test_a_policy_that_comes_from_a_role_in_a_preview_is_that_roles_and_decides() -> None:
    new = role(arn=UNKNOWN, id=UNKNOWN, name=UNKNOWN)
    inline = policy_of(new, document({**RECEIVE, "Resource": "*"}), role=new)
    attachment = resource(
        ROLE_POLICY_ATTACHMENT, "a", {"role": UNKNOWN, "policyArn": UNKNOWN}, role=new, policyArn=READER
    )

    assert may(new, inline, on=ORDERS) == YES
    assert may(new, attachment, READER, on=ORDERS) == YES


def test_an_arn_written_by_hand_names_the_queue_before_the_provider_knows_it() -> None:
    new = queue(deployed=False)
    assert may(role(), policy_of(role()), on=new) == YES
    for pattern, verdict in (
        (ARN.format("sqs", "payments"), NO),
        (ARN.format("sqs", "orders-*"), UNDECIDED),
        ("https://sqs.eu-central-1.amazonaws.com/000000000001/orders-1a2b", UNDECIDED),
    ):
        assert may(role(), policy_of(role(), document({**RECEIVE, "Resource": pattern})), on=new) == verdict


def test_a_role_of_another_program_may_what_nobody_here_knows() -> None:
    elsewhere = Resource("urn:elsewhere", ROLE, "elsewhere", {"name": "elsewhere"}, managed=False)
    graph = Graph([elsewhere, ORDERS])
    assert graph.permissions.allowed(elsewhere, "sqs:ReceiveMessage", ORDERS) == UNDECIDED


def test_nobody_here_knows_what_a_queue_of_another_program_lets_a_role_do() -> None:
    assert may(role()) == UNDECIDED
    assert may(role(), policy_of(role())) == YES


def test_the_policy_of_a_refreshed_role_that_is_a_resource_of_its_own_counts_once() -> None:
    listed = role(inlinePolicies=[{"name": "policy", "policy": document(RECEIVE)}])
    own = policy_of(listed)
    graph = Graph([listed, own])
    assert [policy.holder for policy in graph.permissions.policies(listed)] == [own]


def test_a_policy_in_a_role_counts_beside_another_whose_name_is_not_known() -> None:
    listed = role(inlinePolicies=[{"name": UNKNOWN, "policy": document(RECEIVE)}])
    other = resource(ROLE_POLICY, "other", {"role": "worker", "policy": document(), "name": UNKNOWN})
    assert may(listed, other, on=ORDERS) == YES


def queue_policy(*found: Mapping[str, Any], **properties: Any) -> Resource:
    return resource(
        QUEUE_POLICY, "access", {"queueUrl": ORDERS.properties["url"], "policy": document(*found), **properties}
    )


@pytest.mark.parametrize(
    ("statement", "verdict"),
    [
        ({**RECEIVE, "Principal": {"AWS": ROLE_ARN}}, YES),
        ({**RECEIVE, "Principal": "*"}, YES),
        ({**RECEIVE, "Principal": ROOT}, NO),
        ({**RECEIVE, "Principal": {"AWS": OTHER_ROLE_ARN}}, NO),
    ],
)
def test_a_queue_may_let_a_role_in_by_its_own_policy(statement: Mapping[str, Any], verdict: Truth) -> None:
    assert may(role(), queue_policy(statement), on=ORDERS) == verdict
    assert may(role(), on=queue(policy=document(statement))) == verdict


def test_a_queue_keeps_out_a_role_whose_own_policy_allows_it() -> None:
    assert may(role(), policy_of(role()), queue_policy({**DENY, "Principal": "*"}), on=ORDERS) == NO


def test_a_separate_policy_takes_the_place_of_the_queues_own_and_an_unknown_one_may() -> None:
    allowing = queue(policy=document({**RECEIVE, "Principal": "*"}))
    assert may(role(), queue_policy(), on=allowing) == NO
    assert may(role(), queue_policy(queueUrl=UNKNOWN), on=ORDERS) == UNDECIDED


DECRYPT = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY_ARN}
DELEGATE = {"Effect": "Allow", "Principal": ROOT, "Action": "kms:*", "Resource": "*"}
ADMINISTER = {**DELEGATE, "Principal": {"AWS": OTHER_ROLE_ARN}}
DECRYPTS = policy_of(role(), document(DECRYPT))


def grant(operations: list[str], **properties: Any) -> Resource:
    given = {"keyId": "key-1a2b", "granteePrincipal": ROLE_ARN, "operations": operations, **properties}
    return resource(KEY_GRANT, "grant", given)


@pytest.mark.parametrize(
    ("resources", "policy", "verdict"),
    [
        pytest.param([DECRYPTS], None, YES, id="the policy that AWS gives a key leaves it to roles"),
        pytest.param([], None, NO, id="a role that may not"),
        pytest.param([DECRYPTS], document(DELEGATE), YES, id="the account"),
        pytest.param([DECRYPTS], document(ADMINISTER), NO, id="another role only"),
        pytest.param([], document({**DELEGATE, "Principal": {"AWS": ROLE_ARN}}), YES, id="the role by the key alone"),
        pytest.param([DECRYPTS], UNKNOWN, UNDECIDED, id="not known"),
        pytest.param([grant(["Encrypt", "Decrypt"])], document(ADMINISTER), YES, id="a grant"),
        pytest.param([grant(["Encrypt"])], document(ADMINISTER), NO, id="a grant of something else"),
        pytest.param([grant(["Decrypt"], granteePrincipal=OTHER_ROLE_ARN)], None, NO, id="a grant to another"),
        pytest.param([grant(["Decrypt"], keyId=UNKNOWN)], None, UNDECIDED, id="a grant of a key that is not known"),
        pytest.param(
            [grant(["Decrypt"], granteePrincipal=UNKNOWN)], None, UNDECIDED, id="a grant to whom is not known"
        ),
    ],
)
def test_a_key_is_used_by_roles_as_far_as_its_own_policy_leaves_it_to_them(
    resources: list[Resource], policy: str | None, verdict: Truth
) -> None:
    key = resource(KEY, "key", {**KEY_PROPERTIES, "policy": policy}, policy=KEY_OF_ORDERS)
    assert may(role(), *resources, action="kms:Decrypt", on=key) == verdict


def test_a_key_policy_of_its_own_takes_the_place_of_the_default() -> None:
    separate = resource(KEY_POLICY, "access", {"keyId": "key-1a2b", "policy": document(ADMINISTER)})
    assert may(role(), DECRYPTS, separate, action="kms:Decrypt", on=KEY_OF_ORDERS) == NO


def test_an_alias_of_a_key_in_a_policy_does_not_stand_for_the_key() -> None:
    by_alias = policy_of(role(), document({**DECRYPT, "Resource": ARN.format("kms", "alias/orders")}))
    assert may(role(), by_alias, action="kms:Decrypt", on=KEY_OF_ORDERS) == NO


def test_a_service_is_let_in_for_its_source_and_kept_out_by_a_deny() -> None:
    send = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
        "Condition": {"ArnEquals": {"aws:SourceArn": TOPIC_ARN}},
    }
    for found, source, verdict in (
        ([send], TOPIC_ARN, YES),
        ([send], QUEUE_ARN, NO),
        ([send, {**DENY, "Principal": "*"}], TOPIC_ARN, NO),
        ([], TOPIC_ARN, NO),
    ):
        permissions = Graph([ORDERS, queue_policy(*found)]).permissions
        context = {"aws:sourcearn": Name(source)}
        assert permissions.lets_in(ORDERS, "sqs:SendMessage", "sns.amazonaws.com", context) == verdict
    assert Graph([ORDERS]).permissions.lets_in(ORDERS, "sqs:SendMessage", "sns.amazonaws.com", {}) == NO


def test_a_service_says_for_which_source_and_account_it_asks_and_eventbridge_says_it_to_no_key() -> None:
    in_china = queue(arn="arn:aws-cn:sqs:cn-north-1:000000000001:orders")
    tls = {"aws:securetransport": Name("true")}
    of_topic = {"aws:sourcearn": Name(TOPIC_ARN), **dict.fromkeys(ACCOUNT_KEYS, Name("000000000001"))}
    of_bucket = {"aws:sourcearn": Name("arn:aws-cn:s3:::uploads"), **dict.fromkeys(ACCOUNT_KEYS, YES)}
    of_nobody_known = {"aws:sourcearn": Name(UNDECIDED), **dict.fromkeys(ACCOUNT_KEYS, UNDECIDED)}

    assert to_resource("sns.amazonaws.com", TOPIC_ARN, ORDERS) == tls | of_topic
    assert to_key("sns.amazonaws.com", TOPIC_ARN, ORDERS) == tls | of_topic
    assert to_resource("s3.amazonaws.com", "uploads", in_china) == tls | of_bucket
    assert to_resource("events.amazonaws.com", "rule-of-others", ORDERS) == tls | of_nobody_known
    organization = ("aws:sourceorgid", "aws:sourceorgpaths")
    unsaid = dict.fromkeys(("aws:sourcearn", *ACCOUNT_KEYS, *organization), State.UNSET)
    assert to_key("events.amazonaws.com", TOPIC_ARN, ORDERS) == tls | unsaid
