"""Mappings in virtual time: thousands of seconds in a blink, and the same seed gives the same run.

`simulation.py` is the way in. The models of what is around a mapping are `queues.py`, `fifo.py`, `streams.py`,
`functions.py` and `sinks.py`; `queue_mapping.py` and `stream_mapping.py` are the processes that run mappings on them.
"""

from local.mappings.virtual.simulation import Simulation

__all__ = ["Simulation"]
