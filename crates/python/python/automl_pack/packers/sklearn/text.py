"""Columns of text as counts of words."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ...errors import CannotConvert
from .foreign import described
from .frame import Frame
from .graph import Graph
from .scale import normalized
from .walk import writes


@writes("transform", "CountVectorizer")
def _counted(g: Graph, fitted: Any, x: Frame) -> Frame:
    _check(fitted)
    (block,) = x.columns(g)
    if block.type != "string":
        raise CannotConvert(f"{described(fitted)}: the column {block.column!r} holds no text")
    text = g.op("Reshape", block.read(g), [-1])
    if fitted.lowercase:
        text = g.op("StringNormalizer", text, case_change_action="LOWER", is_case_sensitive=1)
    tokens = g.op(
        "Tokenizer",
        text,
        domain="com.microsoft",
        tokenexp=_pattern(fitted),
        mark=0,
        mincharnum=1,
        pad_value="",
    )
    counts = g.cast(g.op("TfIdfVectorizer", tokens, mode="TF", **_vocabulary(fitted)), "f64")
    if fitted.binary:
        counts = g.op("Min", counts, 1.0)
    return Frame.of_numbers(counts, len(fitted.vocabulary_))


def _check(fitted: Any) -> None:
    """What has no operator."""
    if fitted.analyzer != "word":
        what, hint = f"analyzer={fitted.analyzer!r}", "'word' has one"
    elif fitted.strip_accents:
        what, hint = f"strip_accents={fitted.strip_accents!r}", "leave accents, or strip them from the table before"
    elif fitted.tokenizer or fitted.preprocessor:
        what, hint = "a tokenizer or preprocessor of your own", "use token_pattern"
    elif fitted.stop_words and fitted.ngram_range[1] > 1:
        what, hint = "stop_words and ngram_range, since words must close up where a stop word stood", "leave one out"
    else:
        return
    raise CannotConvert(f"{described(fitted)} with {what} has no graph", hint)


#: Patterns of tokens, and how often a character of a word has to stand there at least.
_PATTERNS = {r"(?u)\b\w\w+\b": 2, r"(?u)\b\w+\b": 1, r"\b\w\w+\b": 2, r"\b\w+\b": 1, r"\w+": 1, r"(?u)\w+": 1}
_PATTERNS |= {r"\w{1,}": 1, r"\w\w+": 2, r"(?u)\w\w+": 2}


def _pattern(fitted: Any) -> str:
    """The same for the operator, which does not know what characters other than those of ASCII are words."""
    least = _PATTERNS.get(fitted.token_pattern)
    if least is None:
        raise CannotConvert(
            f"{described(fitted)}(token_pattern={fitted.token_pattern!r}) has no graph", r"the default and \w+ have one"
        )
    word = f"[{_word_characters()}]"
    return word * least + "+" if least == 1 else word * (least - 1) + word + "+"


def _word_characters() -> str:
    """What Python's ``\\w`` means, as ranges."""
    letters = re.findall(r"\w", "".join(map(chr, (*range(0xD800), *range(0xE000, 0x110000)))))
    places = np.array([ord(letter) for letter in letters])
    runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
    common = sorted(runs, key=lambda run: (run[0] > 0x7F, run[0]))
    return "".join(chr(run[0]) if len(run) == 1 else f"{chr(run[0])}-{chr(run[-1])}" for run in common)


def _vocabulary(fitted: Any) -> dict[str, Any]:
    shortest, longest = fitted.ngram_range
    by_length: list[list[tuple[list[str], int]]] = [[] for _ in range(longest)]
    for gram, column in fitted.vocabulary_.items():
        words = gram.split(" ")
        by_length[len(words) - 1].append((words, int(column)))
    pool: list[str] = []
    starts, columns = [], []
    for grams in by_length:
        starts.append(len(pool))
        for words, column in grams:
            pool.extend(words)
            columns.append(column)
    return {
        "pool_strings": pool,
        "ngram_counts": starts,
        "ngram_indexes": columns,
        "min_gram_length": shortest,
        "max_gram_length": longest,
        "max_skip_count": 0,
    }


@writes("transform", "TfidfTransformer")
def _weighed(g: Graph, fitted: Any, x: Frame) -> Frame:
    counts = x.numbers(g)
    if fitted.sublinear_tf:
        is_there = g.op("Greater", counts, 0.0)
        counts = g.op("Where", is_there, g.op("Add", g.op("Log", g.op("Where", is_there, counts, 1.0)), 1.0), 0.0)
    if fitted.use_idf:
        counts = g.op("Mul", counts, np.asarray(fitted.idf_)[None, :])
    if fitted.norm:
        counts = normalized(g, counts, fitted.norm)
    return Frame.of_numbers(counts, x.width)


@writes("transform", "TfidfVectorizer")
def _weighed_words(g: Graph, fitted: Any, x: Frame) -> Frame:
    return _weighed(g, fitted._tfidf, _counted(g, fitted, x))
