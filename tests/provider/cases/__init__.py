"""One resource of every type, or more, with what AWS has to show for it at each stage of its life."""

from __future__ import annotations

from tests.provider.cases.attached import ATTACHED
from tests.provider.cases.buckets import BUCKETS
from tests.provider.cases.case import Case
from tests.provider.cases.events import EVENTS
from tests.provider.cases.fixed import FIXED
from tests.provider.cases.functions import FUNCTIONS
from tests.provider.cases.gateway import GATEWAY
from tests.provider.cases.iam import IAM
from tests.provider.cases.mappings import MAPPINGS
from tests.provider.cases.messaging import MESSAGING
from tests.provider.cases.monitoring import MONITORING
from tests.provider.cases.parameters import PARAMETERS
from tests.provider.cases.security import SECURITY
from tests.provider.cases.storage import STORAGE
from tests.provider.cases.streams import STREAMS
from tests.provider.cases.tables import TABLES

CASES: dict[str, Case] = {
    **SECURITY,
    **PARAMETERS,
    **MESSAGING,
    **ATTACHED,
    **EVENTS,
    **STORAGE,
    **BUCKETS,
    **TABLES,
    **STREAMS,
    **IAM,
    **MONITORING,
    **FUNCTIONS,
    **MAPPINGS,
    **GATEWAY,
    **FIXED,
}
