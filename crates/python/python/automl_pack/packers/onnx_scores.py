"""Which output of an ONNX graph has the scores, and what it says of the classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ..errors import CannotConvert

FLOATS = {TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16}
CLASSIFIERS = {"LinearClassifier", "SVMClassifier", "TreeEnsembleClassifier"}
#: Nodes on the way from a classifier's label to the output, that do not change which label it is.
PASSING = {"Identity", "Cast", "Reshape", "Squeeze", "Flatten"}
LABELS = ("classlabels_int64s", "classlabels_ints", "classlabels_strings", "values_int64s", "values_strings")


def scores_output(name: str, graph: onnx.GraphProto, wanted: str | None) -> str:
    """The output with probabilities, logits or values. A ZipMap before it is taken away."""
    declared = [made for made in graph.output if wanted in (None, made.name)]
    if not declared:
        raise CannotConvert(f"{name}: output={wanted!r}: it has {', '.join(made.name for made in graph.output)}")
    scores = [made for made in declared if _is_scores(made)]
    if len(scores) > 1:
        scores = [made for made in scores if "prob" in made.name.lower()] or scores
    if len(scores) != 1:
        raise CannotConvert(
            f"{name}: which output has the scores cannot be told: {'several have' if scores else 'none has'} numbers "
            f"with a point, of {', '.join(made.name for made in declared)}",
            "Onnx(..., output=) says so",
        )
    return _without_zipmap(graph, scores[0])


def zipped_classes(graph: onnx.GraphProto) -> tuple[Any, ...] | None:
    """The classes that a ZipMap names."""
    for node in graph.node:
        if node.op_type == "ZipMap":
            return _labels(node)
    return None


def labelled_classes(graph: onnx.GraphProto, scores: str) -> tuple[Any, ...] | None:
    """The classes that the label output, which stands beside the scores, chooses from."""
    makers = {made: node for node in graph.node for made in node.output}
    for output in graph.output:
        if output.name == scores or _is_scores(output):
            continue
        node = makers.get(output.name)
        while node is not None and node.op_type in PASSING:
            node = makers.get(node.input[0])
        if node is not None:
            return _chosen_from(graph, node)
    return None


def label_output(graph: onnx.GraphProto, scores: str) -> str | None:
    """The output that has the label itself."""
    for output in graph.output:
        if output.name != scores and not _is_scores(output):
            return output.name
    return None


def are_probabilities(values: np.ndarray) -> bool:
    """Whether numbers are what no logits are: between 0 and 1, with rows that sum to 1."""
    if values.ndim != 2 or values.shape[1] < 2 or not np.isfinite(values).all():
        return False
    return bool((values >= 0).all() and np.abs(values.sum(axis=1) - 1).max() < 1e-4)


def _is_scores(output: onnx.ValueInfoProto) -> bool:
    if output.type.HasField("sequence_type"):
        return True
    return output.type.tensor_type.elem_type in FLOATS


def _without_zipmap(graph: onnx.GraphProto, output: onnx.ValueInfoProto) -> str:
    if not output.type.HasField("sequence_type"):
        return output.name
    for node in graph.node:
        if node.op_type == "ZipMap" and output.name in node.output:
            matrix = node.input[0]
            output.CopyFrom(helper.make_tensor_value_info(matrix, TensorProto.FLOAT, None))
            graph.node.remove(node)
            return matrix
    raise CannotConvert(f"output {output.name!r}: a sequence that no ZipMap made has no probabilities")


def _chosen_from(graph: onnx.GraphProto, node: onnx.NodeProto) -> tuple[Any, ...] | None:
    """What a node chooses labels from: a classifier, an encoder of places, or a list and places in it."""
    if node.op_type in CLASSIFIERS or node.op_type == "LabelEncoder":
        return _labels(node)
    if node.op_type in ("ArrayFeatureExtractor", "Gather"):
        for constant in graph.initializer:
            if constant.name == node.input[0]:
                return tuple(_text(label) for label in numpy_helper.to_array(constant).ravel().tolist())
    return None


def _labels(node: onnx.NodeProto) -> tuple[Any, ...] | None:
    for attribute in node.attribute:
        if attribute.name in LABELS:
            given = helper.get_attribute_value(attribute)
            if len(given):
                return tuple(_text(label) for label in given)
    return None


def _text(label: Any) -> Any:
    return label.decode() if isinstance(label, bytes) else label
