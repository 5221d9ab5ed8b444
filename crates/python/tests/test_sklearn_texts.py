"""scikit-learn: words of texts, alone and beside numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("sklearn")

from sklearn import linear_model, pipeline, preprocessing
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from sklearn_cases import LINES, MOODS, TOLERANCE, held, on

pytestmark = pytest.mark.filterwarnings("ignore")

OTHER_LINES = [*LINES[:8], "new WORDS fox", "dog, fox; lazy-dog_x", "  ", "ÜBER Straße москва"]
WORDS = {
    "tf-idf": TfidfVectorizer(),
    "pairs of words": CountVectorizer(binary=True, ngram_range=(1, 2)),
    "without stop words": TfidfVectorizer(
        sublinear_tf=True, norm="l1", token_pattern=r"(?u)\b\w+\b", stop_words="english"
    ),
    "as they are written": TfidfVectorizer(lowercase=False, ngram_range=(2, 2), use_idf=False),
}


@pytest.mark.parametrize("name", WORDS)
def test_words_of_a_text(packed, name):
    fitted = pipeline.make_pipeline(clone(WORDS[name]), linear_model.LogisticRegression()).fit(LINES, MOODS)
    auto = packed({"m": fitted}, pd.DataFrame({"line": LINES}), MOODS)
    found = auto.pattern.score(pd.DataFrame({"line": OTHER_LINES})).probabilities
    assert np.abs(found - fitted.predict_proba(OTHER_LINES)).max() <= TOLERANCE


def test_words_beside_numbers(packed):
    rows = pd.DataFrame({"line": LINES, "length": [float(len(line)) for line in LINES]})
    fitted = on((TfidfVectorizer(), "line"), (preprocessing.StandardScaler(), ["length"])).fit(rows, MOODS)
    held(packed({"m": fitted}, rows, MOODS), fitted, rows.iloc[::-1])
