"""Functions that are straight lines between given points."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import CannotConvert
from .foreign import described
from .frame import Frame, side_by_side
from .graph import Graph
from .walk import writes


def between(g: Graph, x: str, xs: Any, ys: Any) -> str:
    """``numpy.interp``: ``[rows, 1]``, flat beyond the ends, and NaN of NaN."""
    xs, ys = np.asarray(xs, np.float64), np.asarray(ys, np.float64)
    if len(xs) == 1:
        return g.op("Add", g.op("Mul", x, 0.0), float(ys[0]))
    reached = g.cast(g.op("GreaterOrEqual", x, xs[None, 1:]), "f64")
    place = g.op("Squeeze", g.cast(g.sum(reached), "i64"), [1])
    widths = np.diff(xs)
    slopes = np.divide(np.diff(ys), widths, out=np.zeros(len(widths)), where=widths > 0)
    # Behind the last point the function goes on flat.
    slopes = np.append(slopes, 0.0)
    start, value, slope = (g.gather(list_[:, None], place, axis=0) for list_ in (xs, ys, slopes))
    line = g.op("Add", g.op("Mul", g.op("Sub", x, start), slope), value)
    return g.op("Where", g.op("Less", x, float(xs[0])), float(ys[0]), line)


@writes("values", "IsotonicRegression")
def _isotonic(g: Graph, fitted: Any, x: Frame) -> str:
    return isotonic(g, fitted, x.numbers(g))


@writes("transform", "IsotonicRegression")
def _isotonic_step(g: Graph, fitted: Any, x: Frame) -> Frame:
    return Frame.of_numbers(isotonic(g, fitted, x.numbers(g)), 1)


def isotonic(g: Graph, fitted: Any, x: str) -> str:
    xs, ys = fitted.X_thresholds_, fitted.y_thresholds_
    if xs.dtype == np.float32:
        x = g.cast(g.cast(x, "f32"), "f64")
    line = between(g, x, xs, ys)
    if xs.dtype == np.float32:
        line = g.cast(g.cast(line, "f32"), "f64")
    if fitted.out_of_bounds == "clip":
        return line
    if fitted.out_of_bounds == "raise":
        raise CannotConvert(
            f"{described(fitted)}(out_of_bounds='raise'): a graph cannot refuse a row", "'clip' has one"
        )
    is_out = g.op("Or", g.op("Less", x, float(xs[0])), g.op("Greater", x, float(xs[-1])))
    return g.op("Where", is_out, np.nan, line)


@writes("transform", "QuantileTransformer")
def _quantiles(g: Graph, fitted: Any, x: Frame) -> Frame:
    is_normal = fitted.output_distribution == "normal"
    return side_by_side(
        Frame.of_numbers(_quantile(g, block.read(g), points, fitted.references_, is_normal), 1)
        for block, points in zip(x.columns(g), fitted.quantiles_.T)
    )


def _quantile(g: Graph, x: str, points: np.ndarray, shares: np.ndarray, is_normal: bool) -> str:
    """Where points are the same, the middle of what comes from above and from below."""
    from_below = between(g, x, points, shares)
    from_above = between(g, g.op("Neg", x), -points[::-1], -shares[::-1])
    line = g.op("Mul", g.op("Sub", from_below, from_above), 0.5)
    low, high = float(points[0]), float(points[-1])
    if is_normal:
        is_highest = g.op("Greater", g.op("Add", x, _NEAR), high)
        is_lowest = g.op("Less", g.op("Sub", x, _NEAR), low)
    else:
        is_highest, is_lowest = g.op("Equal", x, high), g.op("Equal", x, low)
    line = g.op("Where", is_lowest, 0.0, g.op("Where", is_highest, 1.0, line))
    return normal_quantile(g, line) if is_normal else line


@writes("inverse", "QuantileTransformer")
def _quantiles_back(g: Graph, fitted: Any, x: Frame) -> Frame:
    if fitted.output_distribution != "uniform":
        raise CannotConvert(
            f"{described(fitted)}(output_distribution='normal'): its inverse has no graph",
            "that of 'uniform' has one, and that of PowerTransformer",
        )
    return side_by_side(
        Frame.of_numbers(between(g, block.read(g), fitted.references_, points), 1)
        for block, points in zip(x.columns(g), fitted.quantiles_.T)
    )


#: How near to the ends a value is at the end, and the largest quantile that scikit-learn gives.
_NEAR = 1e-7
_MOST = 5.199337582605575

# Wichura's algorithm AS 241, exact to 16 digits: quotients of polynomials, the constant first.
_MIDDLE = (
    (3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
     45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727),
    (1.0, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077,
     21213.794301586595867, 39307.895800092710610, 28729.085735721942674, 5226.4952788528545610),
)  # fmt: skip
_SIDE = (
    (1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
     1.27045825245236838258, 0.241780725177450611770, 0.0227238449892691845833, 0.000774545014278341407640),
    (1.0, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550,
     0.148103976427480074590, 0.0151986665636164571966, 0.000547593808499534494600, 1.05075007164441684324e-9),
)  # fmt: skip


def normal_quantile(g: Graph, p: str) -> str:
    """Of shares from 0 to 1, held within what scikit-learn gives."""
    from_middle = g.op("Sub", p, 0.5)
    square = g.op("Sub", 0.180625, g.op("Mul", from_middle, from_middle))
    middle = g.op("Mul", from_middle, _quotient(g, square, *_MIDDLE))
    rest = g.op("Sub", 0.5, g.op("Abs", from_middle))
    # Shares that are held at the ends anyway do not come to where a third quotient would be needed.
    depth = g.op("Sqrt", g.op("Neg", g.op("Log", g.op("Where", g.op("Less", rest, 1e-9), 1e-9, rest))))
    side = _quotient(g, g.op("Sub", depth, 1.6), *_SIDE)
    side = g.op("Where", g.op("Greater", side, _MOST), _MOST, side)
    side = g.op("Mul", side, g.op("Sign", from_middle))
    is_middle = g.op("LessOrEqual", g.op("Abs", from_middle), 0.425)
    return g.op("Where", is_middle, middle, side)


def _quotient(g: Graph, x: str, above: tuple[float, ...], below: tuple[float, ...]) -> str:
    return g.op("Div", _polynomial(g, x, above), _polynomial(g, x, below))


def _polynomial(g: Graph, x: str, factors: tuple[float, ...]) -> str:
    value: Any = factors[-1]
    for factor in factors[-2::-1]:
        value = g.op("Add", g.op("Mul", x, value), factor)
    return value
