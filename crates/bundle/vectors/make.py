"""Makes the vectors that every reader of bundles must agree on: small bundles, and ways to break them.

    python crates/bundle/vectors/make.py

`vectors.json` has for each file the digest, or the entry that a refusal must name. `written.zip` is not
made here: it is what the Rust code writes, so that a change of its bytes is seen.
"""

import hashlib, json, pathlib, struct, sys, zlib

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import check

CONTENT = {"a.json": b"[1, 2, 3]\n" * 20, "b/c.txt": "é, ß\n".encode(), "b/empty": b""}


def manifest(entries, **changes):
    listed = {name: {"size": len(content), "sha256": "sha256:" + hashlib.sha256(content).hexdigest()}
              for name, content in sorted(entries.items())}
    fields = {"digest": "sha256:" + "0" * 64, "format": "1.0", "name": "vector", "version": "1.0.0",
              "entries": listed, **changes}
    return seal(json.dumps(fields, indent=2, ensure_ascii=False) + "\n")


def seal(text):
    digest = hashlib.sha256(text.encode()).hexdigest()
    return text.replace("0" * 64, digest, 1).encode()


def zipped(entries, *, tweak=lambda name, header: header, between=b"", after=b"", before=b""):
    file, directory = before, b""
    for name, content in entries:
        raw = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = raw.compress(content) + raw.flush()
        method = 8 if len(packed) < len(content) else 0
        packed = packed if method else content
        fields = tweak(name, dict(method=method, crc=zlib.crc32(content), packed=len(packed), size=len(content),
                                  packed_crc=zlib.crc32(packed), bytes=packed))
        packed = fields.pop("bytes")
        local, central = check.headers(name.encode(), fields["method"], fields["crc"], fields["packed"],
                                       fields["size"], fields["packed_crc"], len(file))
        file += local + packed + between
        directory += central
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, len(entries), len(entries), len(directory), len(file), 0)
    return file + directory + end + after


def bundle(entries=CONTENT, text=None, **changes):
    return [("manifest.json", text or manifest(entries, **changes)), *sorted(entries.items())]


def changed(name, **fields):
    return lambda found, header: {**header, **fields} if found == name else header


def flipped(name, field):
    return lambda found, header: {**header, field: header[field] ^ 1} if found == name else header


good, M = bundle(), "manifest.json"
text = manifest(CONTENT).decode()
DIGITS = check.START.match(text.encode())[1].decode()


def deep(levels):
    return {"a": deep(levels - 1)} if levels else {}


VECTORS = {
    "plain": (None, zipped(good)),
    "no-entries": (None, zipped(bundle({}))),
    "later-minor": (None, zipped(bundle(format="1.7", unheard_of={"of": 1}))),
    "later-major": (M, zipped(bundle(format="2.0"))),
    "format-no-text": (M, zipped(bundle(format=1.0))),
    "name-with-slash": (M, zipped(bundle(name="../x"))),
    "version-not-semantic": (M, zipped(bundle(version="1.0"))),
    "version-with-zeros": (M, zipped(bundle(version="1.0.0-01"))),
    "version-with-other-digits": (M, zipped(bundle(version="1\u0663.0.0"))),
    "format-with-zeros": (M, zipped(bundle(format="01.0"))),
    "format-too-large": (M, zipped(bundle(format="1.99999999999"))),
    "metadata-no-object": (M, zipped(bundle(metadata=[]))),
    "description-no-text": (M, zipped(bundle(description=None))),
    "lineage-without-by": (M, zipped(bundle(lineage={"from": "sha256:" + "1" * 64}))),
    "listed-as-list": (M, zipped(bundle({}, text=seal(text.replace(DIGITS, "0" * 64).split('"entries"')[0]
                       + '"entries": {"x": [0, "sha256:' + "1" * 64 + '"]}}\n')))),
    "number-too-large": (M, zipped(bundle(text=seal(text.replace(DIGITS, "0" * 64).replace('"name"', '"x": 1e400, "name"'))))),
    "number-none": (M, zipped(bundle(text=seal(text.replace(DIGITS, "0" * 64).replace('"name"', '"x": NaN, "name"'))))),
    "half-a-character": (M, zipped(bundle(text=seal(text.replace(DIGITS, "0" * 64).replace('"name"', '"x": "\\ud800", "name"'))))),
    "too-deep": (M, zipped(bundle(metadata=deep(130)))),
    "name-with-drive": ("é:x", zipped(bundle({"é:x": b""}))),
    "name-too-long": (None, zipped(bundle({"x" * 600: b""}))),
    "zeros": ("zeros", zipped(bundle({"zeros": bytes(2 << 20)}))),
    "key-twice": (M, zipped(bundle(text=seal(json.dumps({"digest": "sha256:" + "0" * 64}, indent=2)[:-2]
                  + ',\n  "name": "x", "name": "vector", "format": "1.0", "version": "1.0.0", "entries": {}}\n')))),
    "key-twice-deep": (M, zipped(bundle({}, text=seal(
        '{\n  "digest": "sha256:' + "0" * 64 + '",\n  "format": "1.0", "name": "x", "version": "1.0.0", '
        '"entries": {}, "metadata": {"a": [{"b": 1, "b": 1}]}}\n')))),
    "digest-not-first": (M, zipped(bundle(text=text.replace('{\n  "digest"', '{\n\n  "digest"').encode()))),
    "digest-of-another": (M, zipped(bundle(text=text.replace('"vector"', '"vektor"').encode()))),
    "lists-itself": (M, zipped(bundle(text=seal(text.replace(DIGITS, "0" * 64).replace('"entries": {', '"entries": {"manifest.json": '
                     '{"size": 1, "sha256": "sha256:' + "1" * 64 + '"},'))))),
    "entry-unlisted": ("x", zipped([*good, ("x", b"")])),
    "entry-missing": ("b/c.txt", zipped([entry for entry in good if entry[0] != "b/c.txt"])),
    "entry-changed": ("a.json", zipped([(n, c.replace(b"1", b"4") if n == "a.json" else c) for n, c in good])),
    "entry-longer": ("a.json", zipped([(n, c + b"\n" if n == "a.json" else c) for n, c in good])),
    "manifest-not-first": ("a.json", zipped([*good[1:], good[0]])),
    "entries-out-of-order": ("a.json", zipped([good[0], good[2], good[1], good[3]])),
    "entry-twice": ("a.json", zipped([good[0], good[1], *good[1:]])),
    "name-steps-out": ("../x", zipped(bundle({"../x": b""}))),
    "names-alike": ("a", zipped(bundle({"A": b"", "a": b""}))),
    "name-file-and-folder": ("a", zipped(bundle({"a": b"", "a/b": b""}))),
    "checksum": ("a.json", zipped(good, tweak=flipped("a.json", "crc"))),
    "packed-checksum": ("a.json", zipped(good, tweak=flipped("a.json", "packed_crc"))),
    "packed-too-long": ("a.json", zipped(good, tweak=lambda n, h: h if n != "a.json" else {
        **h, "bytes": h["bytes"] + b"\0", "packed": h["packed"] + 1, "packed_crc": zlib.crc32(h["bytes"] + b"\0")})),
    "size-too-small": ("a.json", zipped(good, tweak=changed("a.json", size=100))),
    "method-unknown": ("a.json", zipped(good, tweak=changed("a.json", method=9))),
    "bytes-before": (None, zipped(good, before=b"x")),
    "bytes-after": ("", zipped(good, after=b"x")),
    "bytes-between": ("", zipped(good, between=b"x")),
    "cut-off": ("b/c.txt", zipped(good)[: zipped(good).index("é".encode())]),
}

if __name__ == "__main__":
    expected = {}
    for name, (entry, file) in VECTORS.items():
        (HERE / f"{name}.zip").write_bytes(file)
        refused = name in ("bytes-before", "name-too-long") or entry is not None
        expected[f"{name}.zip"] = {"refused": entry or ""} if refused else {"digest": check.check(HERE / f"{name}.zip")}
    expected["written.zip"] = {"digest": check.check(HERE / "written.zip")}
    (HERE / "vectors.json").write_text(json.dumps(expected, indent=2) + "\n")
