"""From the sums of leaves to what a model gives."""

from __future__ import annotations

import numpy as np

from .sketch import Sketch


def sigmoid(sketch: Sketch, sums: str, slope: float = 1.0) -> str:
    scaled = sums if slope == 1.0 else sketch.add("Mul", sums, sketch.doubles(slope))
    return sketch.add("Sigmoid", scaled)


def two_classes(sketch: Sketch, second: str) -> str:
    """The probabilities of both classes from that of the second."""
    return sketch.add("Concat", sketch.add("Sub", sketch.doubles(1.0), second), second, axis=1)


def softmax(sketch: Sketch, sums: str) -> str:
    return sketch.add("Softmax", sums, axis=1)


def signed_square(sketch: Sketch, sums: str) -> str:
    return sketch.add("Mul", sums, sketch.add("Abs", sums))


def log1p_exp(sketch: Sketch, sums: str) -> str:
    """``log(1 + exp(x))``, without an exponential that is too large."""
    small = sketch.add("Exp", sketch.add("Neg", sketch.add("Abs", sums)))
    rest = sketch.add("Log", sketch.add("Add", sketch.doubles(1.0), small))
    return sketch.add("Add", sketch.add("Max", sums, sketch.doubles(0.0)), rest)


def softmax_of(sums: np.ndarray) -> np.ndarray:
    """The same for rows at hand, where a model itself gives no probabilities."""
    powers = np.exp(sums - sums.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
