"""Event source mappings as Lambda runs them: for SQS queues, Kinesis streams and the streams of DynamoDB tables.

- `queue.py` and `stream.py` decide, and do nothing else: no thread, no clock, no AWS. `actions.py` is what they say.
- `live/` carries it out on the embedded AWS, and `virtual/` on models, in no time.
"""
