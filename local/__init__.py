"""Rehearse: the same Pulumi program on an embedded AWS, with the real engine and real handlers."""
