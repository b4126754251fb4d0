"""What cannot change once it is there: every other input makes a new one."""

from __future__ import annotations

from typing import Any

from local.aws import Aws
from local.provider.resources import iam_role_policy_attachment as attachment
from local.provider.resources import lambda_layer_version as layer_version
from tests.provider.cases.case import Case, shown

_ATTACHED = 'policy_arn="arn:aws:iam::aws:policy/ReadOnlyAccess", role=owner.name'
_LIBRARY = """
    code=code("library"),
    compatible_architectures=["arm64", "x86_64"],
    compatible_runtimes=["python3.12", "python3.13"],
    description="first",
    layer_name="library",
    license_info="MIT",
    skip_destroy=False,
"""


def _look_at_attachment(aws: Aws, attachment_id: str) -> dict[str, Any] | None:
    role, _, arn = attachment_id.partition("/")
    policies = aws.iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    return next((shown(aws, policy) for policy in policies if policy.get("PolicyArn") == arn), None)


def _look_at_layer(aws: Aws, arn: str) -> dict[str, Any]:
    return shown(
        aws, aws.lambda_.get_layer_version_by_arn(Arn=arn), "Content", "CreatedDate", "LayerVersionArn", "Version"
    )


def _always(seen: dict[str, Any]) -> Any:
    return {"created": seen, "changed": seen, "bare": seen}


FIXED = {
    "attachment": Case(
        sdk="iam.RolePolicyAttachment",
        created=_ATTACHED,
        changed=_ATTACHED,
        bare=_ATTACHED,
        seen=_always({"PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess", "PolicyName": "ReadOnlyAccess"}),
        look=_look_at_attachment,
        remove=lambda aws, found: attachment.delete(aws, found, {}),
    ),
    "library": Case(
        sdk="lambda_.LayerVersion",
        created=_LIBRARY,
        changed=_LIBRARY,
        bare=_LIBRARY,
        seen=_always(
            {
                "CompatibleArchitectures": ["arm64", "x86_64"],
                "CompatibleRuntimes": ["python3.12", "python3.13"],
                "Description": "first",
                "LayerArn": "arn:aws:lambda:eu-central-1:ACCOUNT:layer:library",
                "LicenseInfo": "MIT",
            }
        ),
        look=_look_at_layer,
        remove=lambda aws, arn: layer_version.delete(aws, arn, {}),
        ignored_at_import=("code",),
    ),
}
