"""What CatBoost makes of categories: whether a row has one, and what was counted of it in training.

CatBoost knows a category by the hash of its text alone, and several categories of a row together by a hash of their
hashes. A graph looks texts up, multiplies their hashes as CatBoost does, and looks the product up among what was
counted (ctr, in CatBoost's words). The texts must be known for that: they are those of the given rows.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import CannotConvert
from .columns import Features, look_up, place_of_number, place_of_text

if TYPE_CHECKING:
    from .catboost import Model

#: What hashes are multiplied by, in 64 bits that wrap around.
FACTOR = np.uint64(0x4906BA494954CB65)
#: The hash of a text that is none of those in training: no text of 32 bits has it.
UNSEEN = np.uint64(0x5EED_0F_A_7E47)
#: What stands in a table of counts where nothing does.
EMPTY = (1 << 64) - 1
#: How many combinations of categories are looked through for those that were counted.
MOST_COMBINATIONS = 4_000_000


@dataclass(frozen=True)
class Split:
    """What is above the threshold goes right."""

    column: int
    threshold: float
    missing_left: bool


class Categories:
    """The splits that ask for categories, and the columns that are made for them."""

    def __init__(self, what: str, features: Features, model: Model, columns: list[str], cells: dict[int, np.ndarray]):
        self._what = what
        self._features = features
        self._model = model
        self._columns = columns
        #: Of each of CatBoost's categorical features, the values that the given rows have, and their hashes.
        self._known = {
            of["feature_index"]: _hashes_of(cells[of["flat_feature_index"]], model.hashes) for of in model.categories
        }
        self._places = {of["feature_index"]: of["flat_feature_index"] for of in model.categories}
        self._bits: dict[str, str] = {}

    def splits(self) -> list[Split]:
        """In the order of CatBoost's numbers: values asked for one by one, then borders of counts."""
        asked = (of for of in self._model.categories if of.get("values"))
        one_by_one = [self._equal(of["feature_index"], of["values"]) for of in asked]
        return [*itertools.chain(*one_by_one), *self._counts()]

    def _equal(self, feature: int, values: list[int]) -> list[Split]:
        """A column for each value, 1 where a row has it."""
        wanted = [np.uint64(value % (1 << 32)) for value in values]
        self._refuse_unknown(feature, set(wanted) - set(self._hashes(feature).tolist()))
        table = self._hashes(feature)[:, None] == np.array(wanted)[None, :]
        first = self._features.append(self._look_up(feature, table.astype(np.float64)), len(values))
        return [Split(first + at, 0.5, True) for at in range(len(values))]

    def _counts(self) -> list[Split]:
        """A column for each kind of count, and a split for each of its borders."""
        splits = []
        for identifier, of_table in itertools.groupby(self._model.ctrs, lambda ctr: ctr["identifier"]):
            ctrs = list(of_table)
            table = CountTable.read(self._model.tables[identifier])
            values = np.column_stack([table.values(ctr) for ctr in ctrs])
            first = self._features.append(self._values_of(ctrs[0]["elements"], table, values), len(ctrs))
            splits += [Split(first + at, border, True) for at, ctr in enumerate(ctrs) for border in ctr["borders"]]
        return splits

    def _values_of(self, elements: list[dict[str, Any]], table: CountTable, values: np.ndarray) -> str:
        self._refuse_uncovered(elements, table)
        sketch = self._features.sketch
        place = sketch.add(
            "LabelEncoder",
            self._product(elements),
            domain="ai.onnx.ml",
            keys_int64s=table.keys.astype(np.int64).tolist(),
            values_int64s=list(range(len(table.keys))),
            default_int64=len(table.keys),
        )
        return look_up(sketch, place, values)

    def _product(self, elements: list[dict[str, Any]]) -> str:
        """The hash of the elements of a row together, ``[rows, 1]``."""
        sketch, product = self._features.sketch, None
        factor = sketch.constant([[FACTOR.astype(np.int64)]])
        for element in _in_order(elements):
            own = self._times_factor(element)
            product = sketch.add("Mul", own if product is None else sketch.add("Add", product, own), factor)
        assert product is not None
        return product

    def _times_factor(self, element: dict[str, Any]) -> str:
        sketch = self._features.sketch
        if element["combination_element"] == "float_feature":
            return sketch.add("Mul", self._is_above(element), sketch.constant([[FACTOR.astype(np.int64)]]))
        feature = element["cat_feature_index"]
        hashes = _signed(self._hashes(feature))
        if element["combination_element"] == "cat_feature_exact_value":
            hashes = (self._hashes(feature) == np.uint64(element["value"] % (1 << 32))).astype(np.uint64)
        return self._look_up(feature, (hashes * FACTOR).astype(np.int64).reshape(-1, 1))

    def _is_above(self, element: dict[str, Any]) -> str:
        """1 where a number is above a border."""
        name = json.dumps(element, sort_keys=True)
        if name not in self._bits:
            sketch, of = self._features.sketch, self._model.numbers[element["float_feature_index"]]
            number = sketch.cast(self._features.number(of["flat_feature_index"]), "f32")
            above = sketch.add("Greater", number, sketch.constant([[element["border"]]], np.float32))
            if of["nan_value_treatment"] == "AsTrue":
                above = sketch.add("Or", above, sketch.add("IsNaN", number))
            self._bits[name] = sketch.cast(above, "i64")
        return self._bits[name]

    def _hashes(self, feature: int) -> np.ndarray:
        """Those of the known values, of any other, and of a missing one, which CatBoost refuses: but an empty text
        comes as one."""
        known = self._known[feature]
        return np.array([*known.values(), UNSEEN, known.get("", UNSEEN)], np.uint64)

    def _look_up(self, feature: int, table: np.ndarray) -> str:
        sketch, place, values = self._features.sketch, self._places[feature], list(self._known[feature])
        if place in self._features.numbers:
            return look_up(sketch, place_of_number(sketch, self._features.number(place), values), table)
        return look_up(sketch, place_of_text(sketch, self._features.text(place), values), table)

    def _refuse_uncovered(self, elements: list[dict[str, Any]], table: CountTable) -> None:
        """All that was counted must be counted of values that are known."""
        choices = [self._choices(element) for element in _in_order(elements)]
        if np.prod([float(len(of)) for of in choices]) > MOST_COMBINATIONS:
            raise CannotConvert(
                f"{self._what}: columns {self._names(elements)} have more than {MOST_COMBINATIONS} combinations of "
                "categories",
                "train with max_ctr_complexity=1",
            )
        products = np.zeros(1, np.uint64)
        for of in choices:
            products = (FACTOR * (products[:, None] + FACTOR * of[None, :])).ravel()
        unknown = len(table.keys) - np.isin(table.keys, products).sum()
        if unknown:
            self._refuse(self._names(elements), int(unknown))

    def _choices(self, element: dict[str, Any]) -> np.ndarray:
        """What an element may give to a product."""
        if element["combination_element"] == "cat_feature_value":
            return _signed(np.array([*self._known[element["cat_feature_index"]].values()], np.uint64))
        return np.array([0, 1], np.uint64)

    def _refuse_unknown(self, feature: int, unknown: set[Any]) -> None:
        if unknown:
            self._refuse(repr(self._columns[self._places[feature]]), len(unknown))

    def _refuse(self, names: str, count: int) -> None:
        raise CannotConvert(
            f"{self._what}: {count} of the categories of {names} that it was trained on are not in the given rows, and "
            "CatBoost keeps no more than their hashes",
            "give rows that have them all, such as those of the training, or train with fewer categories",
        )

    def _names(self, elements: Iterable[dict[str, Any]]) -> str:
        features = dict.fromkeys(e["cat_feature_index"] for e in elements if "cat_feature_index" in e)
        return " × ".join(repr(self._columns[self._places[feature]]) for feature in features)


@dataclass(frozen=True)
class CountTable:
    """What was counted of each category, or combination of them, in training."""

    keys: np.ndarray
    counts: np.ndarray
    denominator: int

    @staticmethod
    def read(table: dict[str, Any]) -> CountTable:
        stride, cells = table["hash_stride"], table["hash_map"]
        rows = [cells[first : first + stride] for first in range(0, len(cells), stride)]
        rows = [row for row in rows if int(row[0]) != EMPTY]
        keys = np.array([int(row[0]) for row in rows], np.uint64)
        counts = np.array([row[1:] for row in rows], np.float64).reshape(len(rows), stride - 1)
        return CountTable(keys, counts, table["counter_denominator"])

    def values(self, ctr: dict[str, Any]) -> np.ndarray:
        """The count of each key, and after them of what has none, in the single precision of CatBoost."""
        good, total = self._shares(ctr["ctr_type"], ctr["target_border_idx"])
        nothing = self.denominator if ctr["ctr_type"] in ("Counter", "FeatureFreq") else 0
        good, total = np.append(good, 0).astype(np.float32), np.append(total, nothing).astype(np.float32)
        numerator, denominator, shift, scale = (
            np.float32(ctr[name]) for name in ("prior_numerator", "prior_denomerator", "shift", "scale")
        )
        return (((good + numerator) / (total + denominator) + shift) * scale).astype(np.float64)

    def _shares(self, kind: str, border: int) -> tuple[np.ndarray, np.ndarray]:
        counts = self.counts
        if kind in ("Counter", "FeatureFreq"):
            return counts[:, 0], np.full(len(counts), self.denominator)
        if kind in ("BinarizedTargetMeanValue", "FloatTargetMeanValue"):
            return counts[:, 0], counts[:, 1]
        if kind == "Buckets":
            return counts[:, border], counts.sum(axis=1)
        return counts[:, border + 1 :].sum(axis=1), counts.sum(axis=1)


def _in_order(elements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Categories first, then numbers, then categories that are asked for one by one."""
    order = ["cat_feature_value", "float_feature", "cat_feature_exact_value"]
    return sorted(elements, key=lambda element: order.index(element["combination_element"]))


def _signed(hashes: np.ndarray) -> np.ndarray:
    """Hashes of 32 bits as CatBoost takes them for 64: the highest bit fills all above it."""
    extended = hashes.astype(np.uint32).view(np.int32).astype(np.int64).view(np.uint64)
    return np.where(hashes == UNSEEN, UNSEEN, extended)


def _hashes_of(cells: np.ndarray, hashes: dict[str, int]) -> dict[Any, int]:
    """The distinct values of a column that CatBoost has a hash of: texts as they are, numbers and truth values as
    whole numbers."""
    values = dict.fromkeys(cells.tolist())
    texts = {value: value if isinstance(value, str) else str(int(value)) for value in values if value is not None}
    return {value: hashes[text] for value, text in texts.items()}
