"""From a folder to what Lambda runs: one zip, the same bytes on every machine, with its locked dependencies."""
