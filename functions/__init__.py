"""Run: the code that processes orders."""
