// The module as a phone and a verifier's page use it, with WebCrypto for the signatures.
// Run: node --test crates/credential/wasm/test.mjs (after the build of docs/credential.md; cargo makes the fixture)
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import test from "node:test";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const file = process.env.CREDENTIAL_WASM ?? `${root}target/wasm32-unknown-unknown/wasm/credential_wasm.wasm`;
const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const NOW = "2026-11-23T02:00:00Z";
const toBase64url = (bytes) => Buffer.from(bytes).toString("base64url");
const fromBase64url = (text) => Buffer.from(text, "base64url");

async function load() {
  const { instance } = await WebAssembly.instantiate(readFileSync(file), {});
  const { memory, alloc, free, ...calls } = instance.exports;
  const call = (name, input) => {
    const json = new TextEncoder().encode(typeof input === "string" ? input : JSON.stringify(input));
    const at = alloc(json.length);
    new Uint8Array(memory.buffer).set(json, at);
    const reply = calls[name](at, json.length);
    free(at, json.length);
    const n = new DataView(memory.buffer).getUint32(reply, true);
    const answer = JSON.parse(new TextDecoder().decode(new Uint8Array(memory.buffer, reply + 4, n)));
    free(reply, n + 4);
    if ("error" in answer) throw new Error(answer.error);
    return answer.ok;
  };
  return { call, memory };
}

const newPhone = () => crypto.subtle.generateKey(ECDSA, false, ["sign", "verify"]);
const jwk = (phone) => crypto.subtle.exportKey("jwk", phone.publicKey);

async function present(call, phone, held, { show = ["beneficiary_no"], iat = NOW, nonce = crypto.getRandomValues(new Uint8Array(8)) } = {}) {
  const showing = { held, show, iat, nonce: toBase64url(nonce) };
  const { message } = call("holder_tbs", showing);
  const signature = toBase64url(await crypto.subtle.sign(ECDSA, phone.privateKey, fromBase64url(message)));
  return call("holder_assemble", { ...showing, signature }).text;
}

async function verify({ key, message, signature }) {
  try {
    const imported = await crypto.subtle.importKey("jwk", key, ECDSA, false, ["verify"]);
    return await crypto.subtle.verify(ECDSA, imported, fromBase64url(signature), fromBase64url(message));
  } catch {
    return false; // a key that is no point of the curve
  }
}

async function decide(call, presentation, knowledge, { now = NOW, seen = [] } = {}) {
  const answers = await Promise.all(call("signatures", { presentation, knowledge }).map(verify));
  return call("decide", { presentation, knowledge, now, answers, seen });
}

const { call, memory } = await load();
const [phone, ended, thief] = await Promise.all([newPhone(), newPhone(), newPhone()]);
const asked = JSON.stringify({ now: NOW, holders: await Promise.all([jwk(phone), jwk(ended)]) });
const made = execFileSync("cargo", ["run", "-q", "-p", "credential", "--example", "fixture"], { cwd: root, input: asked, maxBuffer: 1 << 24 });
const { knowledge, cards } = JSON.parse(made);

test("the module imports nothing", async () => {
  assert.deepEqual(WebAssembly.Module.imports(await WebAssembly.compile(readFileSync(file))), []);
});

test("a card signed by WebCrypto gets a yes, with what the place may see and the age of its knowledge", async () => {
  const text = await present(call, phone, cards[0], { show: ["beneficiary_no", "date_of_birth", "no_such_claim"] });
  const decision = await decide(call, text, knowledge);
  assert.equal(decision.accepted, true, JSON.stringify(decision));
  assert.deepEqual(decision.disclosed, [{ name: "beneficiary_no", value: "1234567" }]);
  assert.equal(decision.knowledge_age_s, 3600);
});

test("a card ended in the status list gets a no", async () => {
  const decision = await decide(call, await present(call, ended, cards[1]), knowledge);
  assert.deepEqual(decision.refusal, { code: "revoked" });
});

test("a card copied to another phone gets a no", async () => {
  const decision = await decide(call, await present(call, thief, cards[0]), knowledge);
  assert.deepEqual(decision.refusal, { code: "copied_card" });
});

test("screenshots, replays, clocks and old knowledge are each told apart", async () => {
  const text = await present(call, phone, cards[0]);
  const first = await decide(call, text, knowledge);
  const refusal = async (options, known = knowledge) => (await decide(call, text, known, options)).refusal;
  assert.deepEqual(await refusal({ seen: [first.remember.key] }), { code: "replayed" });
  assert.deepEqual(await refusal({ now: "2026-11-23T02:01:35Z" }), { code: "stale", seconds: 95 });
  assert.deepEqual(await refusal({ now: "2026-11-23T01:58:00Z" }), { code: "clock_ahead", seconds: 120 });
  assert.deepEqual(await refusal({}, { ...knowledge, max_age_s: 600 }), { code: "knowledge_too_old", seconds: 3600 });
});

test("a flipped bit never gets a yes", async () => {
  const text = await present(call, phone, cards[0]);
  const bytes = Buffer.from(text, "latin1");
  for (let bit = 0; bit < bytes.length * 8; bit += 7) { // the native test flips every one
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] ^= 1 << (bit & 7);
    const decision = await decide(call, flipped.toString("latin1"), knowledge);
    assert.equal(decision.accepted, false, `bit ${bit}`);
  }
});

test("a card describes itself to its phone", async () => {
  const card = call("describe", cards[0]);
  assert.equal(card.programme, "child-medical");
  assert.equal(card.valid_until, "2099-03-31");
  assert.deepEqual(card.claims, { beneficiary_no: "1234567", copayment_yen: 500, date_of_birth: "2020-04-01", payer_no: "80020804" });
  assert.equal(card.holder.x, (await jwk(phone)).x);
});

test("a presentation fits a code that phones read easily", async () => {
  const text = await present(call, phone, cards[0], { show: ["beneficiary_no", "payer_no"] });
  const { size, path } = call("qr", { text });
  assert.ok(size <= 8 + 4 * 25 + 17, `${text.length} characters, ${size} modules`); // version 25 at most
  assert.match(path, /^(M\d+ \d+h\d+v1h-\d+z)+$/);
});

test("wrong calls are told what is wrong, and cost no memory", () => {
  for (const input of ["", "{", "[]", "{}", '{"presentation": 1}', "あ"]) {
    for (const name of ["signatures", "decide", "describe", "holder_tbs", "holder_assemble", "qr"]) assert.throws(() => call(name, input));
  }
  const knownSize = memory.buffer.byteLength;
  for (let i = 0; i < 2000; i++) call("qr", { text: "HELLO".repeat(40) });
  assert.ok(memory.buffer.byteLength - knownSize < 1 << 20);
});
