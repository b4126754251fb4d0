"""What a user gets to see instead of a report."""


class UsageError(Exception):
    """The command cannot do what it was asked; the message says in a sentence how to mend that."""
