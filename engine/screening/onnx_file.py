"""A student as an ONNX file, for programs that have neither torch nor this package.

The graph is written operation by operation (https://onnx.ai/onnx/operators): torch's own exporter
knows no name for the sums over spans of edges by which networks here are quick. Here a sum over
edges is `ScatterElements` with the reduction `add`, which ONNX has since opset 16. Not `ScatterND`:
several threads of onnxruntime add to one row at once there, and lose some of it (seen with 1.32).
"""

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.errors import UserError
from ..base.packed import PackedGraphs
from ..base.vocabulary import ATOM_FIELDS, BOND_FIELDS
from ..base.workspace import COMMAND, writing_to
from ..inference.bundle import bundle_files, info_of
from ..settings.networks import NetworkConfig
from ..settings.properties import Property, possible_range
from .student import Student

if TYPE_CHECKING:
    from torch import Tensor

    Values = np.ndarray | np.generic | Tensor

_OPSET, _FORMAT = 18, 9
"""Of the operators, and of the file: both from 2023, so that older runtimes read it too."""

_WRITTEN = NetworkConfig()
"""What networks are made of that can be written; but for their size."""

_ANY = {"layers", "width", "dropout", "layer_dropout", "atom_fields", "pooling"}


def write_onnx(folder: Path, target: Path) -> None:
    """Write the student of a model as an ONNX file.

    Args:
        folder: the model's.
        target: the file.

    Raises:
        UserError: when the model has no student, or it is of a kind that cannot be written; when
            `onnx` is not installed; or the file cannot be written.
    """
    if find_spec("onnx") is None:
        raise UserError("The package onnx is not installed here: `pip install onnx`, then again.")
    files = bundle_files(folder)
    info = info_of(files)
    student = Student.of(files, info)
    if student is None:
        raise UserError(
            f"The model {info.name!r} has no student, which is what is written as ONNX: make one "
            f"with `{COMMAND} distil MODEL TABLE`, which takes ten minutes."
        )
    content = onnx_of(student, info.answers)
    try:
        with writing_to(target, [folder / name for name in files.names]) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise UserError(f"{target} cannot be written: {error.strerror or error}.") from error


def onnx_of(student: Student, answers: Sequence[Property]) -> bytes:
    """A student's ONNX file.

    Args:
        student: which one.
        answers: the J properties that it answers, in its order.

    Raises:
        UserError: when its network has parts that are not written.
    """
    import onnx
    from onnx import TensorProto, helper

    _demand_written(student.network.config)
    writer = _Writer()
    writer.values(student, answers)
    whole, wide = TensorProto.INT64, TensorProto.DOUBLE
    inputs = [
        helper.make_tensor_value_info("atoms", whole, ["atoms", len(ATOM_FIELDS)]),
        helper.make_tensor_value_info("graph", whole, ["atoms"]),
        helper.make_tensor_value_info("sender", whole, ["edges"]),
        helper.make_tensor_value_info("receiver", whole, ["edges"]),
        helper.make_tensor_value_info("bonds", whole, ["edges", len(BOND_FIELDS)]),
    ]
    output = helper.make_tensor_value_info("values", wide, ["graphs", len(answers)])
    graph = helper.make_graph(writer.nodes, "student", inputs, [output], writer.constants)
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_FORMAT,
        producer_name="PolyGIN Studio",
    )
    told = {
        "properties": json.dumps(student.info.names),
        "units": json.dumps([each.unit for each in answers]),
        "graphs": str(student.info.graphs),
        "atom_fields": json.dumps(ATOM_FIELDS),
        "bond_fields": json.dumps(BOND_FIELDS),
    }
    helper.set_model_props(model, told)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def _demand_written(config: NetworkConfig) -> None:
    """Refuse networks with parts that are not written."""
    odd = [
        name
        for name in NetworkConfig.model_fields
        if name not in _ANY and getattr(config, name) != getattr(_WRITTEN, name)
    ]
    if not {*config.pooling} <= {*_WRITTEN.pooling}:
        odd.append("pooling")
    if odd:
        raise UserError(f"A student with other {odd[0]} than usual cannot be written as ONNX.")


def inputs_of(graphs: PackedGraphs) -> dict[str, np.ndarray]:
    """What the file takes for some graphs, by the names of its inputs; int64.

    Args:
        graphs: N graphs of one atom or more each, as `engine.chem.graphs.chain_graph_of_drawing`
            makes them.
    """
    sizes, bonds = np.diff(graphs.atom_start), np.diff(graphs.bond_start)
    ends = graphs.ends.astype(np.int64) + np.repeat(graphs.atom_start[:-1], bonds)[:, None]
    return {
        "atoms": graphs.atoms.astype(np.int64),
        "graph": np.repeat(np.arange(graphs.size), sizes),
        "sender": np.concatenate([ends[:, 0], ends[:, 1]]),
        "receiver": np.concatenate([ends[:, 1], ends[:, 0]]),
        "bonds": np.concatenate([graphs.bonds, graphs.bonds]).astype(np.int64),
    }


class _Writer:
    """Writes a network down as operations, each the next one's input."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def op(self, kind: str, *inputs: "str | Values", **settings: Any) -> str:
        """Add an operation; arrays among its inputs become constants.

        Returns:
            The name of its result.
        """
        from onnx import helper

        names = [each if isinstance(each, str) else self._constant(each) for each in inputs]
        result = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, names, [result], **settings))
        return result

    def _constant(self, values: "Values") -> str:
        from onnx import numpy_helper

        own = values if isinstance(values, np.ndarray | np.generic) else values.detach().cpu()
        array = np.asarray(own)
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def values(self, student: Student, answers: Sequence[Property]) -> None:
        """The whole student; its result is called `values`, `(G, J)` in the properties' units."""
        from onnx import TensorProto, helper

        pooled = self._pooled(student.network)
        outputs = self._heads(student.network.heads, pooled)
        # Bulk moduli are of the order of 1e9: the last step is computed in double precision.
        wide = self.op("Cast", outputs, to=TensorProto.DOUBLE)
        scale = student.scale
        scaled = self.op("Add", self.op("Mul", wide, scale.deviation), scale.mean)
        logarithmic = np.array([each.scale == "log10" for each in answers])
        if logarithmic.any():
            exponent = self.op("Min", self.op("Max", scaled, np.float64(-300)), np.float64(300))
            power = self.op("Pow", np.float64(10), exponent)
            scaled = self.op("Where", logarithmic, power, scaled)
        low, high = np.array([possible_range(each.base) for each in answers]).T
        kept = self.op("Max", scaled, low)
        self.nodes.append(helper.make_node("Min", [kept, self._constant(high)], ["values"]))

    def _pooled(self, network: Any) -> str:
        """One vector for each graph, as `GIN.encode` and `readout.pool` make it."""
        config = network.config
        columns = np.array([list(ATOM_FIELDS).index(name) for name in config.atom_fields])
        fields = self.op("Gather", "atoms", columns, axis=1)  # V × fields
        atoms = self._embedded(network.atom_tables, fields)
        count = self.op("Add", self.op("ReduceMax", "graph", keepdims=1), np.array([1]))  # G
        ones = self.op("Expand", np.ones((1, 1), np.float32), self._rows(atoms))  # V × 1
        sizes = self._sum(ones, "graph", count, 1)  # G × 1
        shape = self.op("Concat", count, np.array([config.width]), axis=0)
        virtual = self.op("Expand", network.virtual_start.unsqueeze(0), shape)  # G × width
        for number, layer in enumerate(network.layers):
            atoms = self._layer(layer, self.op("Add", atoms, self._of_graph(virtual)))
            if number < len(network.virtual_updates):
                total = self._sum(atoms, "graph", count, config.width)
                mean = self.op("Div", total, self.op("Sqrt", sizes))
                update = self._update(
                    network.virtual_updates[number], self.op("Add", virtual, mean)
                )
                virtual = self.op("Add", virtual, update)
        return self._joined(config, atoms, virtual, sizes, count)

    def _joined(
        self, config: NetworkConfig, atoms: str, virtual: str, sizes: str, count: str
    ) -> str:
        from ..models.readout import TYPICAL_ATOMS

        total = self._sum(atoms, "graph", count, config.width)
        parts = {
            "mean": self.op("Div", total, sizes),
            "sum": self.op("Div", total, np.float32(TYPICAL_ATOMS)),
            "virtual": virtual,
        }
        return self.op("Concat", *(parts[kind] for kind in config.pooling), axis=1)

    def _layer(self, layer: Any, atoms: str) -> str:
        """As `GINLayer`: what neighbours send along bonds, and the update."""
        width = layer.bond_tables[0].weight.shape[1]
        sent = self.op("Gather", atoms, "sender", axis=0)  # E × width
        bonds = self._embedded(layer.bond_tables, "bonds")
        messages = self.op("Relu", self.op("Add", sent, bonds))
        received = self._sum(messages, "receiver", self._rows(atoms, 1), width)
        own = self.op("Mul", atoms, 1 + layer.own)
        return self.op("Add", atoms, self._update(layer.update, self.op("Add", received, own)))

    def _embedded(self, tables: Any, codes: str) -> str:
        """The sum of one row of a table for each field of `codes`, `(N, fields)`."""
        from ..models.messages import joint_table

        first = np.cumsum([0, *(len(table.weight) for table in tables)])[:-1]
        rows = self.op("Gather", joint_table(tables), self.op("Add", codes, first), axis=0)
        return self.op("ReduceSum", rows, np.array([1]), keepdims=0)

    def _update(self, update: Any, values: str) -> str:
        """Two linear layers with their normalisation folded in, as `Update` computes them."""
        first, norm, _, second, last_norm = update
        hidden = self._silu(self._linear(values, *norm.folded_into(first.weight)))
        return self._linear(hidden, *last_norm.folded_into(second.weight))

    def _heads(self, heads: Any, pooled: str) -> str:
        """As `PropertyHeads`: `(G, J)`."""
        linear = heads.hidden[0]
        hidden = self._silu(self._linear(pooled, linear.weight, linear.bias))
        each = self.op("Reshape", hidden, np.array([-1, *heads.weight.shape]))
        products = self.op("Mul", each, heads.weight)
        return self.op("Add", self.op("ReduceSum", products, np.array([2]), keepdims=0), heads.bias)

    def _linear(self, values: str, weight: "Tensor", bias: "Tensor") -> str:
        return self.op("Gemm", values, weight, bias, transB=1)

    def _silu(self, values: str) -> str:
        return self.op("Mul", values, self.op("Sigmoid", values))

    def _of_graph(self, graphs: str) -> str:
        """Its graph's row for each atom."""
        return self.op("Gather", graphs, "graph", axis=0)

    def _rows(self, values: str, width: int | None = None) -> str:
        """The shape `(N, 1)` of rows as many as there are; or `(N,)` alone."""
        rows = self.op("Gather", self.op("Shape", values), np.array([0]), axis=0)
        return rows if width else self.op("Concat", rows, np.array([1]), axis=0)

    def _sum(self, values: str, index: str, count: str, width: int) -> str:
        """Rows of `(N, width)` added up by `index`, `(N,)`, to `(count, width)`."""
        shape = self.op("Concat", count, np.array([width]), axis=0)
        zeros = self.op("Expand", np.zeros((1, 1), np.float32), shape)
        places = self.op(
            "Expand", self.op("Unsqueeze", index, np.array([1])), self.op("Shape", values)
        )
        return self.op("ScatterElements", zeros, places, values, axis=0, reduction="add")
