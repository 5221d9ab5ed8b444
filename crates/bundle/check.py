#!/usr/bin/env python3
"""Checks bundles by SPEC.md, sections 1 and 2, with the standard library and nothing else.

    check.py BUNDLE…      prints `ok DIGEST` or `refused ENTRY: REASON` for each; exits 1 if one is refused
"""

import hashlib, json, os, re, struct, sys, zlib

SEMVER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
START = re.compile(rb'\{\n  "digest": "sha256:([0-9a-f]{64})",\n')


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
    while file[at:at + 4] != b"PK\1\2":
        try:
            _, _, _, method, _, _, crc, packed, size, length, _ = struct.unpack("<4sHHHHHIIIHH", file[at:at + 30])
            name = file[at + 30:at + 30 + length]
            shown = name.decode("utf-8", "replace")
            (packed_crc,) = struct.unpack("<I", file[at + 34 + length:at + 38 + length])
        except struct.error:
            raise Refused(shown, "the file ends here or in the entry after it")
        local, central = headers(name, 8 if method == 8 else 0, crc, packed, size, packed_crc, at)
        begin = at + len(local)
        if file[at:begin] != local:
            raise Refused(shown, "the header before its bytes is not as it must be")
        content = file[begin:begin + packed]
        if len(content) != packed:
            raise Refused(shown, "the file ends in it")
        if zlib.crc32(content) != packed_crc:
            raise Refused(shown, "its packed bytes have another checksum")
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
    for folder, _, files in os.walk(root):
        for file in files:
            path = os.path.join(folder, file)
            if os.path.islink(path):
                raise Refused(path, "it is a link")
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
    try:
        manifest = json.loads(bytes_, object_pairs_hook=no_key_twice)
        major, minor = re.fullmatch(r"(\d+)\.(\d+)", manifest["format"]).groups()
        if major != "1":
            raise Refused("manifest.json", f"format {manifest['format']} is unknown")
        fits = NAME.fullmatch(manifest["name"]) and SEMVER.fullmatch(manifest["version"])
        listed = manifest["entries"]
        fits = fits and all(DIGEST.fullmatch(of["sha256"]) and type(of["size"]) is int for of in listed.values())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
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
            print("refused {}: {}".format(refused.args[0][:200].encode("unicode_escape").decode(), refused.args[1]))
        except OSError as error:
            sys.exit(str(error))
    sys.exit(bool(failed))
