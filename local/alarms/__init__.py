"""CloudWatch's alarms, evaluated by its rules, without a clock, a network or a thread.

`alarms.py` is what a driver talks to: it takes alarms as DescribeAlarms answers them, data points (`metrics.py`) and
the time, and answers with the changes of state and the actions that they call. `definitions.py` reads the alarms,
`evaluation.py` judges data points, `syntax.py` and `expressions.py` are metric math, and `composite.py` the rules of
composite alarms. What these do not know they name, with the alarm, and never pass over.
"""
