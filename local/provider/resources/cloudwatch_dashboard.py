"""`aws.cloudwatch.Dashboard`: AWS has one call that creates and changes it."""

from __future__ import annotations

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import parsed_json
from local.provider.resource import Properties, ResourceType


def create(aws: Aws, news: Properties) -> str:
    name: str = news["dashboardName"]
    aws.cloudwatch.put_dashboard(DashboardName=name, DashboardBody=news["dashboardBody"])
    return name


def read(aws: Aws, name: str) -> Properties:
    found = aws.cloudwatch.get_dashboard(DashboardName=name)
    return {"dashboardArn": found["DashboardArn"], "dashboardBody": found["DashboardBody"], "dashboardName": name}


def update(aws: Aws, _id: str, _olds: Properties, news: Properties) -> None:
    create(aws, news)


def delete(aws: Aws, name: str, _: Properties) -> None:
    aws.cloudwatch.delete_dashboards(DashboardNames=[name])


TYPE = ResourceType(
    sdk=aws.cloudwatch.Dashboard,
    inputs=frozenset({"dashboardBody", "dashboardName"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    replace_on=frozenset({"dashboardName"}),
    compare_as={"dashboardBody": parsed_json},
)
