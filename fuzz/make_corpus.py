"""Makes the first inputs of the corpus, from the bundles' vectors, small graphs and small pickles.

    python fuzz/make_corpus.py
"""

import collections, json, pathlib, pickle, subprocess

HERE = pathlib.Path(__file__).parent
VECTORS = HERE.parent / "crates/bundle/vectors"
GRAPHS = HERE.parent / "tests/fixtures/graphs"


def put(target, name, data):
    (HERE / "corpus" / target).mkdir(parents=True, exist_ok=True)
    (HERE / "corpus" / target / name).write_bytes(data)


for name in ["plain", "later-minor", "cut-off", "packed-too-long", "names-alike", "bytes-between", "key-twice-deep"]:
    put("open", name, (VECTORS / f"{name}.zip").read_bytes())
put("open", "carefree", (HERE.parent / "tests/fixtures/carefree/diabetes/packs/pack_linear.zip").read_bytes())

pack = ["pack", "-o", HERE / "corpus/open/ensemble", "--name", "churn", "--schema", GRAPHS / "schema.json"]
members = [f"--member={name}={GRAPHS / name}.onnx" for name in ["logistic", "network"]]
subprocess.run([HERE.parent / "run", *pack, *members], check=True)

for graph in sorted((HERE.parent / "tests/fixtures/bare").glob("*.onnx")):
    put("bare", graph.stem, graph.read_bytes())

sealed = '{\n  "digest": "sha256:' + "0" * 64 + '",\n  "format": "1.0", "name": "x", "version": "1.0.0", "entries": {}}\n'
put("manifest", "zeros", sealed.encode())
put("manifest", "draft", b'{"name": "x", "metadata": {"a": [1, 2.5, null]}, "lineage": null}')
put("manifest", "key-twice", b'{"name": "x", "name": "y"}')
put("manifest", "deep", b'{"name": "x", "metadata": {"a": ' + b"[" * 200 + b"]" * 200 + b"}}")
put("manifest", "later", b'{"format": "7.1"}')

schema = (GRAPHS / "schema.json").read_bytes()
features = [
    {"column": "age", "read": {"as": "number", "fill": 1e300}, "scale": {"by": "standard", "mean": 1, "deviation": 0}},
    {"column": "plan", "read": {"as": "text", "values": ["basic", "pro"], "codes": [1, 1]}},
    {"column": "visits", "read": {"as": "number", "fill": None}, "scale": {"by": "minmax", "min": 0, "range": 2}},
]
plan = {"precision": "single", "features": features}
put("schema_and_plan", "plan", schema + b"\0" + json.dumps(plan).encode())
features[0]["read"]["fill"] = 3
put("schema_and_plan", "good", schema + b"\0" + json.dumps(plan).encode())
features[1]["read"]["codes"] = [1, 2**32 - 1]
put("schema_and_plan", "large-code", schema + b"\0" + json.dumps(plan).encode())
codes = {"columns": [{"name": "c", "type": "category"}, {"name": "l", "type": "category"}],
         "target": {"name": "y", "task": "regression"}}
features = [{"column": "c", "read": {"as": "category", "values": [0, -0.0], "missing": 0, "unseen": 0}},
            {"column": "l", "read": {"as": "level", "count": 0, "commonest": 0}}]
put("schema_and_plan", "zeros", json.dumps(codes).encode() + b"\0" + json.dumps({**plan, "features": features}).encode())
put("schema_and_plan", "schema-alone", schema)

values = {"a": [1, 2.5, None, True, b"x", "y"], "b": (1, {2}), "c": collections.Counter("aab")}
for protocol in range(2, 6):
    put("pickle", f"protocol-{protocol}", pickle.dumps(values, protocol))
put("pickle", "code", b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.")
put("pickle", "recursive", pickle.dumps((lambda a: a.append(a) or a)([]), 4))
put("pickle", "large-memo", b"\x80\x02]r\xff\xff\xff\x7f.")
put("pickle", "large-bytes", b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7fx.")
