"""Checks evidence bundles of muster offline, with Python 3.11 and nothing else: python3 verify.py BUNDLE.zip... [--key VKEY_OR_FILE]
Exit 0: valid; 1: faults; 2: wrong use; 3: could not be checked. The layout is in docs/decisions/010-evidence-bundle.md."""
import argparse, base64, bisect, hashlib, json, os, re, struct, sys, zlib
NAMES, CONTENT_BYTES_MAX = "books checkpoint events.jsonl key manifest.json proofs.bin records.bin seal".split(), 1 << 30
class Stop(ValueError): "What is wrong, and the exit code."
def need(holds, what, code=1):
    if not holds:
        raise Stop(what, code)
def sha256(*parts): return hashlib.sha256(b"".join(parts)).digest()
def b64(data): return base64.b64encode(data).decode()

# Ed25519: RFC 8032, section 5.1, points in extended coordinates
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P
def mul(k, p):
    rest = mul(k >> 1, add(p, p)) if k else (0, 1, 1, 0)
    return add(rest, p) if k & 1 else rest
def point(data):
    y, sign = int.from_bytes(data, "little") & (1 << 255) - 1, data[31] >> 7
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    x = x if (x * x - x2) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    need(len(data) == 32 and y < P and (x * x - x2) % P == 0 and (x or not sign), "key or signature: not a point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P
BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
def ed25519(public, message, signature):
    a, r, s = point(public), signature[:32], int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L
    x, y, z, _ = add(mul(s, BASE), mul(k, (P - a[0], a[1], 1, P - a[3])))
    strong, z = all(mul(8, p)[0] for p in (a, point(r))), pow(z, -1, P)  # a point of small order signs anything
    return len(signature) == 64 and s < L and strong and (y * z % P | (x * z % P & 1) << 255).to_bytes(32, "little") == r
# Texts, each in one form only; keys and notes as in C2SP signed-note
def unb64(text):
    data = base64.b64decode(text, validate=True)
    need(b64(data) == text, "base64 that is not in its one form")
    return data
def vkey(text):  # name+hash+base64(1 || public key)
    name, key_id, data = text.split("+", 2)
    data = unb64(data)
    fits = len(data) == 33 and data[0] == 1 and sha256(name.encode(), b"\n", data)[:4].hex() == key_id
    need(fits and re.fullmatch(r"\S+", name), "key: not of an Ed25519 key, or the hash does not fit")
    return name, bytes.fromhex(key_id), data[1:]
def open_note(note, key, what, most=100):  # text, blank line, lines of `— name base64(id || signature)`
    text, _, lines = note.decode().rpartition("\n\n")
    lines = [re.fullmatch(r"— (\S+) (\S+)", line) for line in lines.removesuffix("\n").split("\n")]
    need(note.endswith(b"\n") and all(lines) and len(lines) <= most, f"{what}: signature lines are wrong, or too many")
    found = [sig[4:] for name, sig in ((m[1], unb64(m[2])) for m in lines) if (name, sig[:4]) == key[:2]]
    need(found and all(ed25519(key[2], text.encode() + b"\n", sig) for sig in found), f"{what}: no fitting signature by {key[0]}")
    return text
def fields(value, **types):  # the values of an object with exactly these keys in this order
    right = list(value) == list(types) and all(type(v) is types[k] for k, v in value.items())
    need(right and all(type(v) is not int or 0 <= v < 2**64 for v in value.values()), "manifest: not in its one form")
    return value.values()

def unzip(data):  # the zip has one layout only: all headers are derived and compared, so that every byte is accounted for
    at, names, contents, directory, total, before = 0, iter(NAMES), {}, b"", 0, b""
    while data[at:at + 4] == b"PK\3\4":
        crc, packed, size, length = struct.unpack("<14x3IH2x", data[at:at + 30])
        name, start = data[at + 30:at + 30 + length].decode(), at + 30 + length
        need(name in names, f"zip: byte {at}: a member that is unknown, twice or out of order")
        common = struct.pack("<5H3I2H", 20, 0, 0 if name == "seal" else 8, 0, 0x21, crc, packed, size, length, 0)
        need(data[at:start] == b"PK\3\4" + common + name.encode(), f"zip: byte {at}: the header is not in its one form")
        directory += b"PK\1\2\x14\0" + common + bytes(10) + struct.pack("<I", at) + name.encode()
        total, contents[name], before, at = total + size, data[start:start + packed], data[:at], start + packed
        need(total <= CONTENT_BYTES_MAX, f"zip: more than {CONTENT_BYTES_MAX} bytes of content", 3)
        if name != "seal":
            unpacker = zlib.decompressobj(-15)
            contents[name] = unpacker.decompress(contents[name], size + 1)
            need(unpacker.eof and not unpacker.unused_data, f"{name}: not one whole deflate stream of the size in the header")
        need(len(contents[name]) == size and zlib.crc32(contents[name]) == crc, f"{name}: size or checksum does not fit")
    end = b"PK\5\6" + struct.pack("<4H2IH", 0, 0, len(contents), len(contents), len(directory), at, 0)
    need(data[at:] == directory + end, f"zip: byte {at}: what follows the members is not their directory")
    need(set(NAMES) - set(contents) <= {"books", "events.jsonl"}, "zip: a member is missing")
    return contents, before  # and all bytes before the last member

def root(lo, hi, leaves, nodes):  # RFC 6962, from leaves (index, hash) and the roots of the largest subtrees without any
    if not leaves:
        return next(nodes, b"")
    if hi - lo < 2:
        need([at for at, _ in leaves] == list(range(lo, hi)), "manifest: a piece or batch is twice, out of order or out of place")
        return leaves[0][1]
    mid = lo + (1 << (hi - lo - 1).bit_length() - 1)
    at = bisect.bisect(leaves, (mid,))
    return sha256(b"\1", root(lo, mid, leaves[:at], nodes), root(mid, hi, leaves[at:], nodes))

def verify(data, given):
    contents, before = unzip(data)
    own, newline, more = contents["key"].decode().partition("\n")
    key, records, proofs = vkey(own), contents["records.bin"], contents["proofs.bin"]
    need(newline and not more and given in (None, key), "key: not the key that was given")
    seal = open_note(contents["seal"], key, "seal", 1)
    need(seal == f"muster/bundle/1\nbytes {len(before)}\nsha256 {b64(sha256(before))}", "seal: not of the bytes before it")
    manifest = json.loads(contents["manifest.json"])
    need(manifest["version"] == 1, "manifest: a version that is not known here", 3)
    need(json.dumps(manifest, ensure_ascii=False, separators=(",", ":")).encode() == contents["manifest.json"], "manifest: not in its one form")
    _, kind, _, ranges, batches, books, members = fields(manifest, version=int, kind=str, asked=str, ranges=list, batches=list,
                                                         books=int if "books" in contents else type(None), members=list)
    listed = [{"name": n, "bytes": len(c), "sha256": b64(sha256(c))} for n, c in contents.items() if n not in ("manifest.json", "seal")]
    need(json.dumps(members) == json.dumps(listed), "manifest: the members are not those listed")
    origin, size, log_root = open_note(contents["checkpoint"], key, "checkpoint").split("\n")
    need(origin == key[0] and size == str(int(size)), "checkpoint: of another log, or the size is not a number")
    nodes, at, last, entries, seqs = (proofs[i:i + 32] for i in range(0, len(proofs), 32)), 0, -1, [], {}
    for batch in batches:
        index, number, source, first, count, received, batch_root, items = fields(
            batch, index=int, number=int, source=str, first_seq=int, count=int, received_us=int, root=str, items=list)
        need(items and number > last and entries[-1:] < [(index,)], f"batch {number}: empty, twice or out of order")
        leaves, name, last = [], source.encode(), number
        for seq, length, salt in (fields(item, seq=int, length=int, salt=str) for item in items):
            header = b"\0muster/leaf/1\n" + struct.pack(">I", len(name)) + name + struct.pack(">3Q", seq, received, length)
            leaves.append((seq - first, sha256(header, unb64(salt), records[at:at + length])))
            seqs.setdefault(source, []).append(seq)
            at += length
        need(b64(root(0, count, leaves, nodes)) == batch_root, f"batch {number}: the pieces do not give its root")
        line = re.sub(r"[\\\0-\x1f\x7f]", lambda m: f"\\x{ord(m[0]):02x}", source)
        text = f"number {number}\nsource {line}\nfirst_seq {first}\ncount {count}\nreceived {received}\nroot {batch_root}\n"
        entries.append((index, sha256(b"\0muster/batch/1\n", text.encode())))
    need(at == len(records) and all(len(q) == len(set(q)) for q in seqs.values()), "records.bin: more or less than its pieces, or one twice")
    if books is not None:
        entries.append((books, sha256(b"\0", contents["books"])))
        counts = re.findall(r"\nreceived (\d+)" + r"\n[a-z]+ (\d+)" * 4, contents["books"].decode())
        need(all(int(r) == sum(map(int, parts)) for r, *parts in counts), "books: not balanced")
    need(entries and b64(root(0, int(size), sorted(entries), nodes)) == log_root and not next(nodes, None), "log: not the checkpoint's root")
    spans = [{"source": s, "first_seq": min(q), "last_seq": max(q)} for s, q in sorted(seqs.items())]
    gaps = any(len(q) != max(q) - min(q) + 1 for q in seqs.values()) or json.dumps(ranges) != json.dumps(spans)
    need(ranges and not gaps if kind == "range" else kind == "selection" and not ranges, "range: pieces are missing or not promised")
    return (f"valid: {sum(map(len, seqs.values()))} pieces, {at} bytes, as the log took them; "
            f"{'complete' if kind == 'range' else 'a selection that says nothing of what is not here'}: "
            f"{', '.join(ascii(s['source']) + ' {first_seq}..{last_seq}'.format(**s) for s in spans)}; log {origin}: {size} entries, "
            f"root {log_root}; {'with' if books is not None else 'no'} books; key {own} {'as given' if given else 'from the bundle itself'}")

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", nargs="+")
    parser.add_argument("--key", type=lambda text: vkey(open(text).read().strip() if os.path.isfile(text) else text))
    args, codes = parser.parse_args(), set()
    for path in args.bundle:
        try:
            what, code = verify(open(path, "rb").read(), args.key), 0
        except Exception as error:  # what cannot be opened was not checked; what cannot be read is not a bundle
            other = f"cannot be read: {error!r}", 3 if isinstance(error, (OSError, MemoryError)) else 1
            what, code = error.args if isinstance(error, Stop) else other
        print(f"{path}: {what}")
        codes.add(code)
    sys.exit(1 if 1 in codes else max(codes))
