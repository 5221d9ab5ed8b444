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
steps = [
    {"step": "impute", "column": "age", "number": 1e300},
    {"step": "standardise", "column": "age", "mean": 1, "deviation": 0},
    {"step": "ordinal", "column": "plan", "codes": [1, 1]},
    {"step": "min_max", "column": "visits", "least": 0, "range": 2},
]
plan = {"steps": steps, "inputs": [{"name": "input", "type": "f32", "columns": ["age", "plan", "visits"]}]}
put("schema_and_plan", "plan", schema + b"\0" + json.dumps(plan).encode())
steps[1]["deviation"] = 3
put("schema_and_plan", "good", schema + b"\0" + json.dumps(plan).encode())
steps[2]["codes"] = [1, 2**32 - 1]
put("schema_and_plan", "large-code", schema + b"\0" + json.dumps(plan).encode())
kinds = {"columns": [
    {"name": "c", "type": "category", "values": [0, -0.0]}, {"name": "l", "type": "category", "levels": 0},
    {"name": "t", "type": "time", "formats": ["%d.%m.%Y", "%"], "zone": "+99:00"},
    {"name": "v", "type": "vector", "width": 2**40}, {"name": "r", "type": "number", "range": [1, 0]}],
    "target": {"name": "y", "task": "regression"}}
put("schema_and_plan", "kinds", json.dumps(kinds).encode() + b"\0" + json.dumps(plan).encode())
every = {"columns": [
    {"name": "n", "type": "number"}, {"name": "c", "type": "category", "values": ["a", "b"]}, {"name": "t", "type": "time"},
    {"name": "x", "type": "text"}, {"name": "s", "type": "set"}, {"name": "w", "type": "series"}],
    "target": {"name": "y", "task": "regression"}}
steps = [
    {"step": "bins", "column": "n", "edges": [[1, 2]], "give": "one_hot"}, {"step": "one_hot", "column": "c", "values": ["a"]},
    {"step": "date_parts", "column": "t", "cyclic": True}, {"step": "hash", "column": "x", "width": 4},
    {"step": "many_hot", "column": "s", "values": ["u"]}, {"step": "window", "column": "w", "length": 2},
    {"step": "polynomial", "columns": ["n", "w"], "to": "p", "degree": 2},
    {"step": "pca", "columns": ["w"], "to": "q", "mean": [0, 0], "axes": [[1, 0]], "variance": 1},
    {"step": "select", "column": "p", "keep": ["w_0"]}]
inputs = [{"name": "i", "type": "f64", "columns": ["n", "c", "t", "x", "s", "p", "q"]}]
put("schema_and_plan", "steps", json.dumps(every).encode() + b"\0" + json.dumps({"steps": steps, "inputs": inputs}).encode())
put("schema_and_plan", "schema-alone", schema)

values = {"a": [1, 2.5, None, True, b"x", "y"], "b": (1, {2}), "c": collections.Counter("aab")}
for protocol in range(2, 6):
    put("pickle", f"protocol-{protocol}", pickle.dumps(values, protocol))
put("pickle", "code", b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.")
put("pickle", "recursive", pickle.dumps((lambda a: a.append(a) or a)([]), 4))
put("pickle", "large-memo", b"\x80\x02]r\xff\xff\xff\x7f.")
put("pickle", "large-bytes", b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7fx.")

rows = 'age,plan,note,visits\n30,basic,"a ""b"",\nc",1\n22,pro,,2.5\n1e3,basic,x,-3\n'
put("table", "rows.csv", rows.encode())
put("table", "open-quote.csv", rows.encode() + b'1,"x')
put("table", "carriage-returns.csv", rows.replace("\n", "\r").encode())
put("table", "wide-text.csv", rows.encode("utf-16"))
put("table", "twice.jsonl", b'{"age":1,"plan":"pro","visits":2}\n{"age":1,"age":2}\n[]\n{"age":"\\ud800","plan":null,"visits":1}')
for end in ["tsv", "jsonl", "parquet", "arrow", "arrows", "csv.gz", "jsonl.zst"]:
    path = HERE / f"corpus/table/rows.{end}"
    bundle, table = HERE / "corpus/open/ensemble", HERE / "corpus/table/rows.csv"
    subprocess.run([HERE.parent / "run", "predict", bundle, table, "-o", path, "--keep-all"], check=True)
