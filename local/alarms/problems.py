"""What is said of an alarm that cannot be evaluated here."""

from __future__ import annotations


class NotKnown(ValueError):  # noqa: N818 - not an error of the program: it is shown beside the alarm
    """Something of an alarm that CloudWatch may know and the local runtime does not, in words."""
