"""Serves the policy pack to the Pulumi engine that starts it; for people it is the command line `python -m policy`."""

import sys

from policy.engine.serving import is_asked, serve

if __name__ == "__main__":
    if is_asked(sys.argv[1:]):
        serve()  # until the engine ends it
    else:
        # Only here: a process that the engine starts has no use for the command line.
        from policy.check.command import main

        sys.exit(main(sys.argv[1:]))
