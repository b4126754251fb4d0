"""What a program loads for a pipeline: all of pulumi-aws would take seconds."""

from __future__ import annotations

import subprocess
import sys

from local.environment import PROJECT

# What the SDK only could load is in `sys.modules` as well, as a module of another type.
_PROGRAM = """
import sys
from components import OrderPipeline
from tests.support.recorder import Recorder

Recorder().run(lambda: OrderPipeline("orders", {"code": "functions/orders"}))
for name, module in sorted(sys.modules.items()):
    if name.startswith("pulumi_aws.") and hasattr(module, "__path__") and type(module).__name__ == "module":
        print(name.removeprefix("pulumi_aws."))
"""


def test_only_the_modules_of_pulumi_aws_that_are_in_use_are_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], cwd=PROJECT, capture_output=True, text=True, check=False)

    assert (done.stderr, done.stdout.split()) == ("", ["cloudwatch", "iam", "lambda_", "sns", "sqs"])
