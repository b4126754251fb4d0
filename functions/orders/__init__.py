"""The order handler."""
