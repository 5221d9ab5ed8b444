#!/usr/bin/env python3
"""Checks bundles by SPEC.md, sections 1 and 2, with the standard library and nothing else.

    check.py BUNDLE…      prints `ok DIGEST` or `refused ENTRY: REASON` for each; exits 1 if one is refused
"""

import hashlib, json, os, re, struct, sys, zlib

NUMBER, PART = r"(0|[1-9]\d*)", r"(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)"
FORMAT = re.compile(NUMBER + r"\." + NUMBER, re.ASCII)
SEMVER = re.compile(rf"{NUMBER}\.{NUMBER}\.{NUMBER}(?:-{PART}(?:\.{PART})*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?", re.ASCII)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
START = re.compile(rb'\{\n  "digest": "sha256:([0-9a-f]{64})",\n')


ENTRIES, NAME_BYTES, MANIFEST_BYTES, DEPTH, RATIO = 20_000, 512, 16 << 20, 127, 200


class Refused(Exception):
    """(entry, reason)"""


def headers(name, method, crc, packed, size, packed_crc, offset):
    """What must stand before an entry's bytes, and what in the directory."""
    field = struct.pack("<HHI", 0x7061, 4, packed_crc)
    shared = struct.pack("<HHHHHIIIHH", 20, 0x0800, method, 0, 0x0021, crc, packed, size, len(name), len(field))
    central = struct.pack("<HHHII", 0, 0, 0, 0o100644 << 16, offset)
    return (b"PK\3\4" + shared + name + field,
            b"PK\1\2" + struct.pack("<H", 3 << 8 | 20) + shared + central + name + field)


def unpack(name, method, packed, size):
    if method == 0:
        return packed
    unpacker = zlib.decompressobj(-15)
    try:
        content = unpacker.decompress(packed, size + 1)
    except zlib.error as error:
        raise Refused(name, f"cannot be unpacked: {error}")
    if not unpacker.eof or unpacker.unused_data or len(content) != size:
        raise Refused(name, "its bytes do not unpack to exactly its size")
    return content


def read_zip(file):
    entries, directory, at, shown, last = {}, b"", 0, "manifest.json", (False, "")
    packed_all = size_all = 0
    while file[at:at + 4] != b"PK\1\2":
        try:
            _, _, _, method, _, _, crc, packed, size, length, _ = struct.unpack("<4sHHHHHIIIHH", file[at:at + 30])
            name = file[at + 30:at + 30 + length]
            shown = name.decode("utf-8", "replace")
            name.decode()
            (packed_crc,) = struct.unpack("<I", file[at + 34 + length:at + 38 + length])
        except struct.error:
            raise Refused(shown, "the file ends here or in the entry after it")
        except UnicodeDecodeError:
            raise Refused(shown, "its name is no text")
        local, central = headers(name, 8 if method == 8 else 0, crc, packed, size, packed_crc, at)
        begin = at + len(local)
        if file[at:begin] != local:
            raise Refused(shown, "the header before its bytes is not as it must be")
        content = file[begin:begin + packed]
        if len(content) != packed:
            raise Refused(shown, "the file ends in it")
        if zlib.crc32(content) != packed_crc:
            raise Refused(shown, "its packed bytes have another checksum")
        packed_all, size_all = packed_all + packed, size_all + size
        if size > 1 << 20 and size // max(packed, 1) > RATIO or size_all > 64 << 20 and size_all // max(packed_all, 1) > RATIO:
            raise Refused(shown, "it unpacks to too much")
        if len(entries) >= ENTRIES or len(name) > NAME_BYTES:
            raise Refused(shown, "one entry too many, or its name too long")
        content = unpack(shown, method, content, size)
        if zlib.crc32(content) != crc:
            raise Refused(shown, "its content has another checksum")
        place = (shown != "manifest.json", shown)
        if place <= last or place[0] != bool(entries):
            raise Refused(shown, "it is not in its place")
        entries[shown], last = content, place
        directory += central
        at = begin + packed
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, len(entries), len(entries), len(directory), at, 0)
    if file[at:] != directory + end:
        place = next((n for n in entries if n.encode() not in file[at:]), "the directory")
        raise Refused(place, "the directory is not as it must be")
    return entries


def read_folder(root):
    entries = {}
    for folder, folders, files in os.walk(root):
        for name in folders:
            if os.path.islink(os.path.join(folder, name)):
                raise Refused(name, "it is a link")
        for file in files:
            path = os.path.join(folder, file)
            if os.path.islink(path) or not os.path.isfile(path):
                raise Refused(path, "it is no plain file")
            with open(path, "rb") as content:
                entries[os.path.relpath(path, root).replace(os.sep, "/")] = content.read()
    return entries


def check_names(names):
    lower = {}
    for name in names:
        parts = name.split("/")
        if not name or set(parts) & {"", ".", ".."} or "\\" in name or name[1:2] == ":" or re.search(r"[\0-\x1f\x7f-\x9f]", name):
            raise Refused(name, "it is no plain relative path")
        if name.lower() in lower:
            raise Refused(name, f"it differs from {lower[name.lower()]} only in case")
        lower[name.lower()] = name
    for name in names:
        for cut in (i for i, c in enumerate(name) if c == "/"):
            if name[:cut].lower() in lower:
                raise Refused(name[:cut], "it is an entry and a folder")


def no_key_twice(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise Refused("manifest.json", "a key is there twice")
    return dict(pairs)


def no_number(text):
    raise ValueError(f"{text} is no number of JSON")


def a_float(text):
    number = float(text)
    return number if abs(number) != float("inf") else no_number(text)


def an_integer(text):
    return int(text) if len(text) < 300 else a_float(text)


def check_json(value, depth=0):
    if depth > DEPTH:
        raise ValueError("it is too deep")
    if isinstance(value, str):
        value.encode()
    for key, below in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        check_json(key, DEPTH)
        check_json(below, depth + 1)


def check_manifest(entries):
    """The digest of a bundle whose entries are these."""
    bytes_ = entries.get("manifest.json")
    if bytes_ is None:
        raise Refused("manifest.json", "it is missing")
    start = START.match(bytes_)
    if not start:
        raise Refused("manifest.json", "it does not begin with its digest")
    zeroed = bytes_[:start.start(1)] + b"0" * 64 + bytes_[start.end(1):]
    if hashlib.sha256(zeroed).hexdigest() != start[1].decode():
        raise Refused("manifest.json", "its digest is another")
    if len(bytes_) > MANIFEST_BYTES:
        raise Refused("manifest.json", "it is too large")
    try:
        hooks = dict(parse_constant=no_number, parse_float=a_float, parse_int=an_integer)
        manifest = json.loads(bytes_.decode(), object_pairs_hook=no_key_twice, **hooks)
        check_json(manifest, 1)
        major, minor = FORMAT.fullmatch(manifest["format"]).groups()
        if major != "1":
            raise Refused("manifest.json", f"format {manifest['format']} is unknown")
        version, listed = SEMVER.fullmatch(manifest["version"]), manifest["entries"]
        lineage = manifest.get("lineage") or {"from": "sha256:" + "0" * 64, "by": ""}
        fits = (NAME.fullmatch(manifest["name"]) and all(int(part) < 1 << 64 for part in version.groups())
                and int(minor) < 1 << 32 and DIGEST.fullmatch(lineage["from"]) and type(lineage["by"]) is str
                and type(manifest.get("description", "")) is type(manifest.get("made_by", "")) is str
                and type(manifest.get("metadata", {})) is type(listed) is type(lineage) is dict
                and manifest.get("lineage", {}) not in ("", 0, False, [])
                and all(DIGEST.fullmatch(of["sha256"]) and type(of["size"]) is int and 0 <= of["size"] < 1 << 64
                        for of in listed.values()))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused("manifest.json", f"it lacks something: {error!r}")
    if not fits or "manifest.json" in listed:
        raise Refused("manifest.json", "its name, version or entries are not as they must be")
    for name in sorted({*listed, *entries} - {"manifest.json"}):
        if name not in entries or name not in listed:
            raise Refused(name, "it is missing" if name in listed else "it is not in the manifest")
        if len(entries[name]) != listed[name]["size"] or "sha256:" + hashlib.sha256(entries[name]).hexdigest() != listed[name]["sha256"]:
            raise Refused(name, "its size or digest is another")
    return "sha256:" + start[1].decode()


def check(path):
    if os.path.isdir(path):
        entries = read_folder(path)
    else:
        with open(path, "rb") as file:
            entries = read_zip(file.read())
    check_names(list(entries))
    return check_manifest(entries)


if __name__ == "__main__":
    failed = not sys.argv[1:] and sys.exit(__doc__)
    for path in sys.argv[1:]:
        try:
            print("ok", check(path))
        except Refused as refused:
            failed = True
            entry = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in refused.args[0][:200])
            print(f"refused {entry}: {refused.args[1]}")
        except OSError as error:
            sys.exit(str(error))
    sys.exit(bool(failed))
