"""A graph while it is drawn: nodes one after another, named as they come."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

#: Of ai.onnx.ml, the last version that has the regressor of trees, whose leaves may add to several targets.
OPSETS = {"": 18, "ai.onnx.ml": 4}
TYPES = {"f32": TensorProto.FLOAT, "f64": TensorProto.DOUBLE, "i64": TensorProto.INT64, "string": TensorProto.STRING}


class Sketch:
    """Inputs, constants and nodes; each call gives the name of what it added."""

    def __init__(self) -> None:
        self._inputs: list[onnx.ValueInfoProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._nodes: list[onnx.NodeProto] = []

    def input(self, name: str, type: str, width: int) -> str:
        self._inputs.append(helper.make_tensor_value_info(name, TYPES[type], ["rows", width]))
        return name

    def constant(self, values: Any, dtype: Any = None) -> str:
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def add(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        name = f"{operator.lower()}_{len(self._nodes)}"
        node = helper.make_node(operator, inputs, [name], name=name, domain=domain, **attributes)
        self._nodes.append(node)
        return name

    def cast(self, of: str, type: str) -> str:
        return self.add("Cast", of, to=TYPES[type])

    def doubles(self, values: Any) -> str:
        return self.constant(values, np.float64)

    def model(self, output: str, width: int) -> onnx.ModelProto:
        """What was drawn, with one output of doubles."""
        self._nodes.append(helper.make_node("Identity", [output], ["output"], name="output"))
        given = helper.make_tensor_value_info("output", TensorProto.DOUBLE, ["rows", width])
        graph = helper.make_graph(self._nodes, "trees", self._inputs, [given], self._constants)
        opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
        return helper.make_model(graph, opset_imports=opsets, producer_name="automl-pack", ir_version=8)
