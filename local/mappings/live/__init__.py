"""Drives the event source mappings of an embedded AWS, in a process of its own.

`process.py` starts and stops it, `driver.py` finds the mappings and gives each a runner (`queues.py`, `streams.py`),
which carries out what the mapping says, and `watch.py` publishes metrics and evaluates alarms.

What it keeps is how far each shard is done, in the folder of the embedded AWS, for each of its epochs. Killed and
started again it goes on there; messages that it had received come back after their visibility timeout. The embedded AWS
itself loses everything when it is killed, queues and mappings and all: nothing outside it can make up for that.
"""
