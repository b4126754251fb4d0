"""Metric math, computed over the periods of one evaluation.

Every time series of an alarm has the same periods.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor

from local.alarms.problems import NotKnown
from local.alarms.series import Series, differences, drawn, repeated
from local.alarms.syntax import Array, Call, Name, Node, Number, Operation, Text, parse, walk

Value = float | Series | list[Series] | None
"""A scalar, a time series, or many; `None` is a scalar of no data points."""

_OPERATORS: Mapping[str, Callable[[float, float], float]] = {
    "!=": lambda left, right: left != right,
    "*": lambda left, right: left * right,
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "/": lambda left, right: left / right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    "==": lambda left, right: left == right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "AND": lambda left, right: left != 0 and right != 0,
    "OR": lambda left, right: left != 0 or right != 0,
    "^": lambda left, right: left**right,
}


def read_expression(text: str, ids: Collection[str]) -> Node:
    """Read an expression and see that everything in it is known.

    Args:
        text: The expression.
        ids: The ids of the alarm's metrics and expressions.

    Raises:
        NotKnown: It names what it does not know: a function, an id.
    """
    if text.lstrip().upper().startswith("SELECT "):
        raise NotKnown("a query of Metrics Insights (SELECT) is not known to the local runtime")
    expression = parse(text)
    for part in walk(expression):
        if isinstance(part, Call):
            _check(part)
        elif isinstance(part, Name) and part.name not in {*ids, *_WORDS}:
            raise NotKnown(f"{text!r} names {part.name}, which is no metric or expression of the alarm")
    return expression


def compute(
    wanted: str, expressions: Mapping[str, Node], metrics: Mapping[str, Series], period: int, length: int
) -> Series:
    """The time series of one expression of an alarm.

    Args:
        wanted: The id of the expression, or of a metric.
        expressions: The alarm's expressions by their ids.
        metrics: The alarm's metrics by their ids.
        period: Length of a period, seconds.
        length: How many periods.

    Raises:
        NotKnown: Its result is not one time series.
    """
    result = _Scope(expressions, metrics, period, length).value(Name(wanted))
    if not isinstance(result, tuple):
        raise NotKnown(f"{wanted} is no single time series, which an alarm must watch")
    return result


@dataclass(frozen=True)
class _Scope:
    expressions: Mapping[str, Node]
    metrics: Mapping[str, Series]
    period: int
    length: int

    def value(self, node: Node) -> Value:
        match node:
            case Number(value):
                return value
            case Name(name) if name in self.metrics:
                return self.metrics[name]
            case Name(name) if name in self.expressions:
                return self.value(self.expressions[name])
            case Operation(sign, left, right):
                return _operate(_OPERATORS[sign], self.value(left), self.value(right))
            case Array(items):
                return [series for item in items for series in _as_many(self.value(item))]
            case Call(function, arguments):
                return _FUNCTIONS[function].compute(self, arguments)
            case Text() | Name():
                raise NotKnown(f"{node} is no value of metric math")

    def series(self, value: Value) -> Series:
        """A time series, or the same value in every period."""
        if isinstance(value, list):
            raise NotKnown("many time series are given where metric math takes one")
        return value if isinstance(value, tuple) else (value,) * self.length


def _operate(operate: Callable[[float, float], float], left: Value, right: Value) -> Value:
    """Operators: of two series, the one that lacks a value counts as 0 where the other has one.

    "Basic arithmetic functions" and "Comparison and logical operators" of
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
    A comparison is 1 or 0. What would divide by zero is dropped. Where neither has a value there is none, nor where a
    series that has none meets a number.
    """
    match left, right:
        case list(), list():
            raise NotKnown("an operator between two arrays of time series is not known to the local runtime")
        case list(), _:
            return [_of_series(operate, series, right) for series in left]
        case _, list():
            return [_of_series(operate, left, series) for series in right]
        case (tuple(), _) | (_, tuple()):
            return _of_series(operate, left, right)
        case _:
            return _number(operate, left, right)


def _of_series(
    operate: Callable[[float, float], float], left: float | Series | None, right: float | Series | None
) -> Series:
    match left, right:
        case tuple(), tuple():
            return tuple(
                None if one is None and other is None else _number(operate, one or 0.0, other or 0.0)
                for one, other in zip(left, right, strict=True)
            )
        case tuple(), _:
            return tuple(_number(operate, one, right) for one in left)
        case _, tuple():
            return tuple(_number(operate, left, other) for other in right)
        case _:
            raise AssertionError("one of them is a series")


def _number(
    operate: Callable[[float, float], float | complex], left: float | None, right: float | None
) -> float | None:
    if left is None or right is None:
        return None
    try:
        result = operate(left, right)
    except ArithmeticError:
        return None
    return None if isinstance(result, complex) else float(result)  # of a negative number to a broken power


def _if(scope: _Scope, arguments: Sequence[Node]) -> Value:
    """`IF(condition, value, otherwise)`: true is what is not 0.

    True without a value is 0; false without one, and a condition without one, drop the data point.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#using-IF-expressions
    """
    condition, then, *rest = [scope.value(argument) for argument in arguments]
    otherwise = rest[0] if rest else None
    yes_series, no_series = scope.series(then), scope.series(otherwise)
    if not isinstance(condition, (tuple, list)):
        return yes_series if condition else no_series
    choices = zip(scope.series(condition), yes_series, no_series, strict=True)
    return tuple(None if test is None else (yes or 0.0) if test else no for test, yes, no in choices)


def _fill(scope: _Scope, arguments: Sequence[Node]) -> Value:
    """`FILL(series, number | series | REPEAT | LINEAR)`: values where there are none.

    `REPEAT` takes the value before, `LINEAR` a line between the values before and after; where these are not, there is
    still none.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#metric-math-syntax-functions-list
    """
    target, filler = arguments

    def filled(series: Series) -> Series:
        match filler:
            case Name("REPEAT"):
                return repeated(series)
            case Name("LINEAR"):
                return drawn(series)
            case _:
                pairs = zip(series, scope.series(scope.value(filler)), strict=True)
                return tuple(other if value is None else value for value, other in pairs)

    return _each(filled, scope.value(target))


def _reduced(reduce: Callable[[Sequence[float]], float], *, counts_missing: bool = False) -> _Compute:
    """`MAX(m1)` is a scalar over all periods, `MAX([m1, m2])` a series, of what there is in each period.

    AWS says of `AVG` only that a missing value counts as 0.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#metric-math-syntax-functions-list
    """

    def over(values: Sequence[float | None], missing: int) -> float | None:
        existing = [value for value in values if value is not None]
        zeros = [0.0] * missing if counts_missing else []
        return reduce([*existing, *zeros]) if existing else None

    def compute(scope: _Scope, arguments: Sequence[Node]) -> Value:
        value = scope.value(arguments[0])
        if not isinstance(value, list):
            return over(scope.series(value), 0)
        columns = [[series[place] for series in value] for place in range(scope.length)]
        return tuple(over(column, column.count(None)) for column in columns)

    return compute


def _each(change: Callable[[Series], Series], value: Value) -> Value:
    match value:
        case list():
            return [change(series) for series in value]
        case tuple():
            return change(value)
        case _:
            raise NotKnown("a number is given where metric math takes a time series")


def _each_of(change: Callable[[Series, _Scope], Series]) -> _Compute:
    """Each time series for itself."""
    return lambda scope, arguments: _each(lambda series: change(series, scope), scope.value(arguments[0]))


def _changed(change: Callable[[float], float]) -> _Compute:
    """Each data point for itself."""
    return _each_of(lambda series, _: tuple(None if value is None else float(change(value)) for value in series))


def _metrics(scope: _Scope, arguments: Sequence[Node]) -> Value:
    """`METRICS()`: every metric, and no expression; `METRICS("errors")`: those with that in their id."""
    part = arguments[0].value if arguments and isinstance(arguments[0], Text) else ""
    return [series for name, series in scope.metrics.items() if part in name]


def _as_many(value: Value) -> list[Series]:
    match value:
        case list():
            return value
        case tuple():
            return [value]
        case _:
            raise NotKnown("a number stands in an array of time series")


_Compute = Callable[[_Scope, Sequence[Node]], Value]


@dataclass(frozen=True)
class _Function:
    compute: _Compute
    least: int = 1
    most: int = 1


_WORDS = ("LINEAR", "REPEAT")
_FUNCTIONS: Mapping[str, _Function] = {
    "ABS": _Function(_changed(abs)),
    "AVG": _Function(_reduced(lambda values: sum(values) / len(values), counts_missing=True)),
    "CEIL": _Function(_changed(ceil)),
    "DIFF": _Function(_each_of(lambda series, _: differences(series))),
    "FILL": _Function(_fill, 2, 2),
    "FLOOR": _Function(_changed(floor)),
    "IF": _Function(_if, 2, 3),
    "MAX": _Function(_reduced(max)),
    "METRICS": _Function(_metrics, 0, 1),
    "MIN": _Function(_reduced(min)),
    "PERIOD": _Function(lambda scope, _: float(scope.period)),
    "RATE": _Function(_each_of(lambda series, scope: differences(series, scope.period))),
    "SUM": _Function(_reduced(sum)),
    "TIME_SERIES": _Function(lambda scope, arguments: scope.series(scope.value(arguments[0]))),
}
"""The functions that alarms of this project need, and what is near them."""


def _check(call: Call) -> None:
    function = _FUNCTIONS.get(call.function)
    if function is None:
        raise NotKnown(
            f"the function {call.function} is not known to the local runtime, which knows {', '.join(_FUNCTIONS)}"
        )
    if not function.least <= len(call.arguments) <= function.most:
        raise NotKnown(
            f"{call.function} takes {function.least} to {function.most} arguments, got {len(call.arguments)}"
        )
