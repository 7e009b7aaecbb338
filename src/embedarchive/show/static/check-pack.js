// An evidence pack, dropped here -> what is wrong with it. Nothing is sent anywhere: all of it is computed in this page.
// The same as the pack's own verify.py finds, but for two things that a browser has no means for: the bodies in the web
// archive (many gzip members), and time stamps (RFC 3161), which openssl judges.
"use strict";

const text = bytes => new TextDecoder("utf-8", { fatal: true }).decode(bytes);
const hex = bytes => [...bytes].map(each => each.toString(16).padStart(2, "0")).join("");
const unhex = digits => Uint8Array.from(digits.match(/../g) ?? [], each => parseInt(each, 16));
const base64 = letters => Uint8Array.from(atob(letters), each => each.charCodeAt(0));
const join = (...parts) => Uint8Array.from(parts.flatMap(each => [...each]));
const sha256 = async bytes => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

// The files of a zip in which nothing is compressed (APPNOTE 4.3): name -> bytes.
function unzip(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  while (view.getUint32(end, true) !== 0x06054b50) end--;
  const files = new Map();
  for (let at = view.getUint32(end + 16, true), left = view.getUint16(end + 10, true); left > 0; left--) {
    const [method, size, nameLength, extra, comment, local] = [
      view.getUint16(at + 10, true), view.getUint32(at + 24, true), view.getUint16(at + 28, true),
      view.getUint16(at + 30, true), view.getUint16(at + 32, true), view.getUint32(at + 42, true)];
    if (method !== 0) throw new Error("a file in it is compressed, which no pack's is");
    const name = text(bytes.subarray(at + 46, at + 46 + nameLength));
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    files.set(name, bytes.subarray(start, start + size));
    at += 46 + nameLength + extra + comment;
  }
  return files;
}

async function checkBag(files, tell) {
  const lists = ["tagmanifest-sha256.txt", "manifest-sha256.txt"], listed = new Set([lists[0]]);
  for (const list of lists)
    for (const line of text(files.get(list)).trimEnd().split("\n")) {
      const digest = line.slice(0, 64), name = line.slice(66);
      listed.add(name);
      if (!files.has(name)) tell("file_missing", name);
      else if (hex(await sha256(files.get(name))) !== digest) tell("file_changed", name);
    }
  for (const name of files.keys()) if (!listed.has(name)) tell("file_foreign", name);
}

// From a leaf to the root of the log (RFC 9162, section 2.1.3.2).
async function leadsTo(root, size, proof) {
  let at = proof.index, last = size - 1, leaf = unhex(proof.leaf);
  for (const each of proof.hashes.map(unhex)) {
    const isRight = at % 2 === 1 || at === last;
    leaf = await sha256(isRight ? join([1], each, leaf) : join([1], leaf, each));
    while (isRight && at && at % 2 === 0) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && hex(leaf) === hex(root) && proof.size === size;
}

async function checkCheckpoint(files, folder, tell) {
  const signed = files.get(`${folder}/checkpoint.txt`), note = text(files.get(`${folder}/checkpoint.note`));
  const pem = text(files.get(`${folder}/key.pem`)).split("\n").filter(line => !line.startsWith("-")).join("");
  const signature = files.get(`${folder}/checkpoint.sig`), [origin, size, root] = text(signed).split("\n");
  const named = await sha256(join(new TextEncoder().encode(origin), [10, 1], base64(pem).slice(-32)));
  const line = `\u2014 ${origin} ${btoa(String.fromCharCode(...named.slice(0, 4), ...signature))}`;
  const key = await crypto.subtle.importKey("spki", base64(pem), { name: "Ed25519" }, false, ["verify"]);
  const isGood = await crypto.subtle.verify({ name: "Ed25519" }, key, signature, signed);
  if (!isGood || !note.startsWith(`${text(signed)}\n`) || !note.split("\n").includes(line))
    tell("signature", `${folder}/checkpoint.note`);
  return { size: Number(size), root: base64(root), at: text(signed).split("\n")[3] };
}

async function checkEntry(files, folder, tell, checkpoint) {
  const read = name => JSON.parse(text(files.get(`${folder}/${name}`)));
  const leafOf = async name => hex(await sha256(join([0], files.get(`${folder}/${name}`))));
  const entry = read("entry.json"), proof = read("proof.json");
  let leaf = await leafOf("entry.json"), inside = await leadsTo(checkpoint.root, checkpoint.size, proof);
  if (files.has(`${folder}/withdrawal.json`)) {
    const told = read("withdrawal.json"), other = read("withdrawal-proof.json");
    inside &&= await leadsTo(checkpoint.root, checkpoint.size, other) && other.leaf === await leafOf("withdrawal.json");
    inside &&= told.stands === leaf && told.of === proof.index;
    leaf = told.leaf;
    tell("withdrawn", `entry ${proof.index} of the log is as a withdrawal left it`);
  }
  if (!inside || leaf !== proof.leaf) tell("not_in_log", `${folder}/entry.json`);
  return entry;
}

const MADE = ["card.html", "description.json", "page.wacz", "ro-crate-metadata.json"];

async function checkHeld(files, folder, tell, entry) {
  const place = folder.slice(0, -"evidence".length);
  const named = new Set([...JSON.stringify(entry).matchAll(/"\w*sha256":"([0-9a-f]{64})"/g)].map(each => each[1]));
  for (const [name, bytes] of files)
    if (name.startsWith(place) && !name.startsWith(`${folder}/`) && !MADE.includes(name.split("/").pop()))
      if (!named.has(hex(await sha256(bytes)))) tell("file_unknown", name);
  for (const { column, salt, words } of JSON.parse(text(files.get(`${folder}/words.json`)))) {
    const [table, number, field] = column.split("/"), rows = { captures: [entry], fetches: [entry], ...entry }[table];
    const found = rows.find(row => row.id === Number(number)).salted[field];
    if (found !== hex(await sha256(join(unhex(salt), new TextEncoder().encode(words))))) tell("words", column);
  }
}

// What a player checks of a web archive: its parts, their list, and the anonymous signature of that.
async function checkWacz(files, name, tell) {
  const wacz = unzip(files.get(name)), listed = wacz.get("datapackage.json");
  for (const { path, hash } of JSON.parse(text(listed)).resources)
    if (`sha256:${hex(await sha256(wacz.get(path)))}` !== hash) tell("file_changed", `${name}: ${path}`);
  const { hash, signedData } = JSON.parse(text(wacz.get("datapackage-digest.json")));
  if (hash !== `sha256:${hex(await sha256(listed))}`) tell("file_changed", `${name}: datapackage.json`);
  if (!signedData) return;
  const way = { name: "ECDSA", namedCurve: "P-384" };
  const key = await crypto.subtle.importKey("spki", base64(signedData.publicKey), way, false, ["verify"]);
  const signed = new TextEncoder().encode(hash), made = { name: "ECDSA", hash: "SHA-256" };
  if (!await crypto.subtle.verify(made, key, base64(signedData.signature), signed)) tell("signature", name);
}

// What is wrong with a pack: a list of {code, what}, and when its checkpoints say that they were signed.
async function checkPack(bytes) {
  const found = [], signedAt = [], tell = (code, what) => found.push({ code, what });
  try {
    const files = new Map([...unzip(bytes)].map(([name, body]) => [name.slice(name.indexOf("/") + 1), body]));
    await checkBag(files, tell);
    const folders = [...files.keys()].filter(name => name.endsWith("evidence/entry.json")).map(name => name.slice(0, -11));
    for (const folder of folders.length ? folders : ["data/evidence"]) {
      const checkpoint = await checkCheckpoint(files, folder, tell);
      await checkHeld(files, folder, tell, await checkEntry(files, folder, tell, checkpoint));
      signedAt.push(checkpoint.at);
    }
    for (const name of files.keys()) if (name.endsWith(".wacz")) await checkWacz(files, name, tell);
  } catch (error) {
    tell("unreadable", String(error));
  }
  return { found, signedAt };
}

const sayTime = at => `${at.slice(0, 10)}, ${at.slice(11, 16)} UTC`;

function show({ found, signedAt }, name) {
  const says = document.querySelector("#says"), list = document.querySelector("#found");
  const isDamaged = found.some(each => each.code !== "withdrawn");
  says.textContent = isDamaged ? `${name} is not as it was made.`
    : `Nothing is wrong with ${name}. It was signed for on ${[...new Set(signedAt.map(sayTime))].join(", ")}.`;
  says.className = isDamaged ? "bad" : "good";
  list.replaceChildren(...found.map(({ code, what }) => {
    const item = document.createElement("li");
    item.textContent = `${code} ${what}`;
    return item;
  }));
}

async function take(file) {
  if (file) show(await checkPack(new Uint8Array(await file.arrayBuffer())), file.name);
}

document.querySelector("#pack").addEventListener("change", event => take(event.target.files[0]));
document.addEventListener("dragover", event => event.preventDefault());
document.addEventListener("drop", event => { event.preventDefault(); take(event.dataTransfer.files[0]); });
