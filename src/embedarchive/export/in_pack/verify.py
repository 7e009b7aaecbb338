"""Check this evidence pack by Python's standard library and openssl: python3 verify.py [FOLDER]

READ-ME-FIRST.txt says what that proves. Exit code 0: whole, but for what was withdrawn. 7: damaged, a line a finding."""
import base64, calendar, gzip, hashlib, json, re, subprocess, sys, time, zipfile
from pathlib import Path

ROOT, found = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).resolve().parent, []
MADE = ("card.html", "description.json", "page.wacz", "ro-crate-metadata.json")  # out of what the entry names

def tell(word, code, what):
    found.append(word)
    print(word, code, what)
def sha256(data): return hashlib.sha256(data).digest()
def openssl(*command): return subprocess.run(["openssl", *map(str, command)], capture_output=True, text=True)

def check_bag():  # every file is as the lists say, and there is no other (RFC 8493)
    listed = {"tagmanifest-sha256.txt"}
    for name in ("tagmanifest-sha256.txt", "manifest-sha256.txt"):
        for digest, path in (line.split("  ", 1) for line in (ROOT / name).read_text("utf-8").splitlines()):
            listed.add(path)
            held = sha256((ROOT / path).read_bytes()).hex() if (ROOT / path).is_file() else None
            if held != digest:
                tell("DAMAGED", "file_changed" if held else "file_missing", path)
    for path in (each.relative_to(ROOT).as_posix() for each in sorted(ROOT.rglob("*")) if each.is_file()):
        if path not in listed:
            tell("DAMAGED", "file_foreign", path)

def leads_to(root, size, proof):  # from a leaf to the root of the log (RFC 9162, section 2.1.3.2)
    at, last, leaf = proof["index"], size - 1, bytes.fromhex(proof["leaf"])
    for each in map(bytes.fromhex, proof["hashes"]):
        is_right = at & 1 or at == last
        leaf = sha256(b"\1" + each + leaf if is_right else b"\1" + leaf + each)
        while is_right and at and not at & 1:
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    return last == 0 and leaf == root and proof["size"] == size

def check_entry(folder, size, root):  # what was kept is in the log, as it was or as a withdrawal left it
    entry, proof = (folder / "entry.json").read_bytes(), json.loads((folder / "proof.json").read_text())
    leaf, inside = sha256(b"\0" + entry).hex(), leads_to(root, size, proof)
    if (folder / "withdrawal.json").is_file():
        text, other = (folder / "withdrawal.json").read_bytes(), json.loads((folder / "withdrawal-proof.json").read_text())
        told, inside = json.loads(text), inside and leads_to(root, size, other)
        inside = inside and other["leaf"] == sha256(b"\0" + text).hex() and told["stands"] == leaf
        leaf = told["leaf"] if told["of"] == proof["index"] else None
        tell("WITHDRAWN", "entry", f"entry {proof['index']} of the log is as a withdrawal left it")
    if not inside or leaf != proof["leaf"]:
        tell("DAMAGED", "not_in_log", folder / "entry.json")
    return json.loads(entry)

def check_checkpoint(folder):  # signed by key.pem (Ed25519); each stamp is of it, judged at the time that it names
    note, text, signature = ((folder / f"checkpoint.{name}").read_bytes() for name in ("note", "txt", "sig"))
    public, (origin, size, root) = (folder / "key.pem").read_bytes().split(b"\n")[1], text.split(b"\n")[:3]
    named = sha256(origin + b"\n\1" + base64.b64decode(public)[-32:])[:4]  # as signed notes name a key
    line = "\u2014 ".encode() + origin + b" " + base64.b64encode(named + signature)
    is_beneath = note.startswith(text + b"\n") and line in note.split(b"\n")
    verify = ("-verify", "-pubin", "-inkey", folder / "key.pem", "-rawin", "-in", folder / "checkpoint.txt")
    if not is_beneath or openssl("pkeyutl", *verify, "-sigfile", folder / "checkpoint.sig").returncode:
        tell("DAMAGED", "signature", folder / "checkpoint.note")
    for stamp in sorted(folder.glob("stamp-*.tsr")):
        at = re.search(r"Time stamp: (\w+ +\d+ [\d:]+)\S* (\d+)", openssl("ts", "-reply", "-in", stamp, "-text").stdout)
        at = calendar.timegm(time.strptime(" ".join(at.groups()), "%b %d %H:%M:%S %Y")) if at else 0
        verify = ("-verify", "-in", stamp, "-data", folder / "checkpoint.note", "-CAfile", stamp.with_suffix(".pem"))
        if openssl("ts", *verify, "-attime", at).returncode:
            tell("DAMAGED", "stamp", stamp)
    return int(size), base64.b64decode(root)

def list_bodies(wacz):  # the sha256 of every body in a web archive
    with zipfile.ZipFile(wacz) as package:
        for data in (gzip.decompress(package.read(each)) for each in package.namelist() if each.endswith(".warc.gz")):
            while data:
                head, _, data = data.partition(b"\r\n\r\n")
                size = int(re.search(rb"(?i)\ncontent-length: *(\d+)", head)[1])
                yield from (sha256(data[:size]).hex(), sha256(data[:size].partition(b"\r\n\r\n")[2]).hex())
                data = data[size + 4:]

def check_held(folder, entry):  # each file and word that the entry names by a hash is here, or was withdrawn; no other is
    held = {each: sha256(each.read_bytes()).hex() for each in folder.parent.rglob("*") if each.is_file()}
    named = set(re.findall(r'"\w*sha256":"([0-9a-f]{64})"', json.dumps(entry, separators=(",", ":"))))
    for each in (each for each in held if each.parent != folder and each.name not in MADE and held[each] not in named):
        tell("DAMAGED", "file_unknown", each)
    gone = {line.get("sha256") for line in map(json.loads, (folder / "custody.jsonl").read_text("utf-8").splitlines())}
    bodies = {body for wacz in folder.parent.glob("*.wacz") for body in list_bodies(wacz)}
    for each in sorted(named - bodies - set(held.values())):
        tell(*(("WITHDRAWN", "file") if each in gone else ("DAMAGED", "body_missing")), each)
    for line in json.loads((folder / "words.json").read_text("utf-8")):
        (table, number, name), rows = line["column"].split("/"), {"captures": [entry], "fetches": [entry], **entry}
        salted = [row["salted"][name] for row in rows[table] if row["id"] == int(number)]
        if salted != [sha256(bytes.fromhex(line["salt"]) + line["words"].encode("utf-8", "surrogatepass")).hex()]:
            tell("DAMAGED", "words", line["column"])

try:
    check_bag()
    folders = sorted(each.parent for each in ROOT.rglob("evidence/entry.json"))
    for each in folders or [ROOT / "data/evidence"]:
        check_held(each, check_entry(each, *check_checkpoint(each)))
except Exception as error:  # whatever it is, the pack is not as it was made
    tell("DAMAGED", "unreadable", repr(error))
print(f"{len(found)} findings." if found else "Nothing is wrong.")
sys.exit(7 if "DAMAGED" in found else 0)
