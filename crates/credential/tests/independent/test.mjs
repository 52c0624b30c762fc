// Other people's COSE (@auth0/cose), status list (@sd-jwt/jwt-status-list) and QR reader (jsqr) read what we make.
// Run: npm ci && node --test test.mjs (cargo makes the fixture; the QR test needs the module of docs/credential.md)
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import test from "node:test";
import { COSEKey, Sign1 } from "@auth0/cose";
import { StatusList } from "@sd-jwt/jwt-status-list";
import { decode, Decoder } from "cbor-x";
import jsqr from "jsqr";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const NOW = "2026-11-23T02:00:00Z";
const made = execFileSync("cargo", ["run", "-q", "-p", "credential", "--example", "fixture"], {
  cwd: root,
  input: JSON.stringify({ now: NOW, holders: [] }),
  maxBuffer: 1 << 24,
});
const fixture = JSON.parse(made);
const maps = new Decoder({ mapsAsObjects: false });
const fromBase64url = (text) => Buffer.from(text, "base64url");
const verifyingKey = (jwk) => crypto.subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]);
const issuerKey = await verifyingKey(fixture.knowledge.keys[0]);

// RFC 9285, written from the text of the RFC
function base45(text) {
  const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
  const bytes = [];
  for (let i = 0; i < text.length; i += 3) {
    const [c, d, e] = [...text.slice(i, i + 3)].map((character) => alphabet.indexOf(character));
    if (e === undefined) bytes.push(c + d * 45);
    else bytes.push((c + d * 45 + e * 2025) >> 8, (c + d * 45 + e * 2025) & 255);
  }
  return Buffer.from(bytes);
}

// Where one CBOR item ends: enough of RFC 8949 to cut the presentation's bytes where its array cuts them
function skip(bytes, at) {
  const [major, info] = [bytes[at] >> 5, bytes[at] & 31];
  const width = info < 24 ? 0 : 1 << (info - 24);
  const value = width === 0 ? info : Number(BigInt(`0x${bytes.subarray(at + 1, at + 1 + width).toString("hex")}`));
  let end = at + 1 + width;
  if (major === 2 || major === 3) return end + value;
  const items = { 4: value, 5: value * 2, 6: 1 }[major] ?? 0;
  for (let i = 0; i < items; i++) end = skip(bytes, end);
  return end;
}

const bytes = base45(fixture.presentation.slice("TGT1:".length));
assert.equal(bytes[0], 0x83); // an array of three
const [first, second] = [skip(bytes, 1), skip(bytes, skip(bytes, 1))];
const [credential, disclosures, proof] = [bytes.subarray(1, first), bytes.subarray(first, second), bytes.subarray(second)];
const claimsOf = (signed) => maps.decode(Sign1.decode(signed).payload);

test("another COSE verifies the town's signature, and finds the phone's key and the claims where CWT has them", async () => {
  const signed = Sign1.decode(credential);
  await signed.verify(issuerKey);
  const claims = maps.decode(signed.payload);
  assert.equal(claims.get(1), "urn:tegata:012345");
  assert.equal(claims.get(2).length, 16);
  assert.equal(claims.get(6), Date.parse(NOW) / 1000 - 86400);
  assert.equal(claims.get(65535).get("status_list").get("uri"), "https://town.example/s/1");
  assert.equal(claims.get(-65537), "child-medical");
  const holder = claims.get(8).get(1);
  assert.equal(Buffer.from(holder.get(-2)).toString("base64url"), fixture.phone.x);
  assert.equal(Buffer.from(holder.get(-3)).toString("base64url"), fixture.phone.y);
});

test("another COSE verifies the phone's signature over exactly this card and these disclosures", async () => {
  const signed = Sign1.decode(proof);
  const confirmation = claimsOf(credential).get(8).get(1);
  const jwk = { kty: "EC", crv: "P-256", x: Buffer.from(confirmation.get(-2)).toString("base64url"), y: Buffer.from(confirmation.get(-3)).toString("base64url") };
  await signed.verify(await verifyingKey(jwk));
  const claims = maps.decode(signed.payload);
  assert.equal(claims.get(6), Date.parse(NOW) / 1000);
  assert.equal(claims.get(10).length, 8);
  const hash = createHash("sha256").update(credential).update(disclosures).digest();
  assert.deepEqual(Buffer.from(claims.get(-65540)), hash);
});

test("each disclosure opens one digest of the card", () => {
  const digests = claimsOf(credential).get(-65539).map((digest) => Buffer.from(digest).toString("hex"));
  assert.equal(digests.length, 4);
  const opened = decode(disclosures);
  assert.equal(opened.length, 2);
  for (const disclosure of opened) assert.ok(digests.includes(createHash("sha256").update(disclosure).digest("hex")));
  const [, value, name] = decode(opened[0]);
  assert.deepEqual([name, value], ["beneficiary_no", "1234567"]);
});

test("another COSE refuses a card with a flipped bit", async () => {
  const flipped = Buffer.from(credential);
  flipped[flipped.length - 1] ^= 1;
  await assert.rejects(Sign1.decode(flipped).verify(issuerKey));
});

test("another status list reads the same entries", async () => {
  const signed = Sign1.decode(fromBase64url(fixture.knowledge.status_lists[0]));
  await signed.verify(issuerKey);
  assert.equal(signed.protectedHeaders.get(16), "application/statuslist+cwt");
  const claims = maps.decode(signed.payload);
  assert.equal(claims.get(2), claimsOf(credential).get(65535).get("status_list").get("uri"));
  assert.equal(claims.get(65534), 300);
  const list = claims.get(65533);
  const theirs = StatusList.decompressStatusList(Buffer.from(list.get("lst")).toString("base64url"), list.get("bits"));
  assert.equal(theirs.statusList.length, fixture.entries);
  const ended = theirs.statusList.flatMap((value, idx) => (value === 0 ? [] : [[idx, value]]));
  assert.deepEqual(ended, fixture.ended);
});

test("another reader reads our QR codes", async (t) => {
  const file = process.env.CREDENTIAL_WASM ?? `${root}target/wasm32-unknown-unknown/wasm/credential_wasm.wasm`;
  if (!existsSync(file)) return t.skip(`${file} is not built`);
  const { instance } = await WebAssembly.instantiate(readFileSync(file), {});
  const { memory, alloc, qr } = instance.exports;
  for (const ecc of ["L", "M"]) {
    const input = Buffer.from(JSON.stringify({ text: fixture.presentation, ecc }));
    const at = alloc(input.length);
    new Uint8Array(memory.buffer).set(input, at);
    const reply = qr(at, input.length);
    const n = new DataView(memory.buffer).getUint32(reply, true);
    const { size, path } = JSON.parse(Buffer.from(memory.buffer, reply + 4, n).toString()).ok;
    const scale = 4;
    const width = size * scale;
    const pixels = new Uint8ClampedArray(width * width * 4).fill(255);
    for (const [, x, y, run] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
      for (let row = y * scale; row < (+y + 1) * scale; row++) {
        for (let column = x * scale; column < (+x + +run) * scale; column++) pixels.fill(0, (row * width + column) * 4, (row * width + column) * 4 + 3);
      }
    }
    const read = jsqr(pixels, width, width);
    assert.equal(read?.data, fixture.presentation, ecc);
    t.diagnostic(`${ecc}: ${fixture.presentation.length} characters in version ${read.version}`);
  }
});
