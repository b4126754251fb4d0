"""One resource of every type, or more, with what AWS has to show for it at each stage of its life."""

from __future__ import annotations

from tests.provider.cases.case import Case
from tests.provider.cases.functions import FUNCTIONS
from tests.provider.cases.iam import IAM
from tests.provider.cases.mappings import MAPPINGS
from tests.provider.cases.messaging import MESSAGING
from tests.provider.cases.monitoring import MONITORING

CASES: dict[str, Case] = {**MESSAGING, **IAM, **MONITORING, **FUNCTIONS, **MAPPINGS}
