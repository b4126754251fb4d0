"""Prove: rules over the whole pipeline, decided at preview, before anything exists."""
