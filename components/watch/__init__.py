"""Watch: alarms and dashboards as data, for whatever a pipeline consumes.

`queue.py` and `function.py` say what is watched, `alarms.py` and `dashboard.py` make it, and `settings.py` reads what a
user adjusts.
"""
