"""`python -m local watch`: the pipelines that are deployed in the embedded AWS, as they run.

`deployed.py` reads from the stack's state what there is, `reading.py` how it stands: a `Snapshot`, which `drawing.py`
makes lines of. It only looks on: no message is received, nothing that is counted is taken away.
"""
