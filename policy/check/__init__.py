"""`python -m policy check`: the rules over a preview or a state, with reports."""
