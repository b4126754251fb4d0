"""Facts and helpers that rules of several files share."""
