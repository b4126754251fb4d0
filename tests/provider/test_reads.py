"""`.get`: a resource that is deployed elsewhere is read, and one that is not there is an error."""

from __future__ import annotations

from tests.support.program import NewProgram

_READ = """
queue = aws.sqs.Queue.get("queue", {url!r})
pulumi.export("visibility", queue.visibility_timeout_seconds)
"""


def test_what_is_deployed_elsewhere_is_known_at_preview(new_program: NewProgram) -> None:
    program = new_program()
    url = program.aws.sqs.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "77"})["QueueUrl"]
    program.write(_READ.format(url=url))

    result = program.preview()

    assert result.code == 0, result.text
    assert "visibility: 77" in " ".join(result.text.split())


def test_what_is_not_there_is_an_error_already_at_preview(new_program: NewProgram) -> None:
    program = new_program()
    program.write(_READ.format(url=f"{program.aws.endpoint}/{program.aws.account}/orders"))

    result = program.preview()

    assert result.code != 0
    assert f"resource '{program.aws.endpoint}/{program.aws.account}/orders' does not exist" in result.text
