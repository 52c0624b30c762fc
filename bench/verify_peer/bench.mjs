// The peer of `tegata bench verify`: npm @sd-jwt/sd-jwt-vc with key binding. Run: npm ci && node bench.mjs [cards]
// Each card has a phone of its own, four claims, two of them opened; the verifier knows the town's key and finds the phone's in the card.
import assert from "node:assert/strict";
import { digest, ES256, generateSalt } from "@sd-jwt/crypto-nodejs";
import { SDJwtVcInstance } from "@sd-jwt/sd-jwt-vc";

const cards = Number(process.argv[2] ?? 2000);
const NOW = Math.floor(Date.parse("2026-11-23T02:00:00Z") / 1000);
const NONCE = "AQEBAQEBAQE";
const issuer = await ES256.generateKeyPair();
const common = { signAlg: ES256.alg, kbSignAlg: ES256.alg, hasher: digest, hashAlg: "sha-256", saltGenerator: generateSalt };

const presentations = [];
for (let n = 0; n < cards; n++) {
  const phone = await ES256.generateKeyPair();
  const sdjwt = new SDJwtVcInstance({ ...common, signer: await ES256.getSigner(issuer.privateKey), kbSigner: await ES256.getSigner(phone.privateKey) });
  const value = String(n).padStart(8, "0");
  const claims = { beneficiary_no: value, payer_no: value, date_of_birth: value, copayment_yen: value };
  const issued = await sdjwt.issue(
    { iss: "urn:tegata:012345", vct: "child-medical", iat: NOW - 86400, exp: NOW + 86400, cnf: { jwk: phone.publicKey }, ...claims },
    { _sd: Object.keys(claims) },
  );
  const kb = { payload: { iat: NOW, aud: "https://clinic.example", nonce: NONCE } };
  presentations.push(await sdjwt.present(issued, { beneficiary_no: true, payer_no: true }, { kb }));
}

const verifyTown = await ES256.getVerifier(issuer.publicKey);
const verifier = new SDJwtVcInstance({
  ...common,
  verifier: verifyTown,
  kbVerifier: async (data, signature, payload) => (await ES256.getVerifier(payload.cnf.jwk))(data, signature),
});

async function accepted(presentation) {
  try {
    const { kb } = await verifier.verify(presentation, { currentDate: NOW, keyBindingNonce: NONCE });
    return Math.abs(NOW - kb.payload.iat) <= 30;
  } catch {
    return false;
  }
}

for (const presentation of presentations.slice(0, 200)) assert(await accepted(presentation)); // lets the compiler warm up
const each = [];
const [cpu, wall] = [process.cpuUsage(), performance.now()];
for (const presentation of presentations) {
  const start = performance.now();
  assert(await accepted(presentation));
  each.push(performance.now() - start);
}
const used = process.cpuUsage(cpu);
const [cpu_s, wall_s] = [(used.user + used.system) / 1e6, (performance.now() - wall) / 1e3];
// one character of the phone's signature changed: all are refused, as ours are
for (const presentation of presentations.slice(0, 200)) {
  const at = presentation.length - 20;
  assert(!(await accepted(presentation.slice(0, at) + (presentation[at] === "A" ? "B" : "A") + presentation.slice(at + 1))));
}
each.sort((a, b) => a - b);
const ms = (share) => Number(each[Math.floor(cards * share)].toFixed(4));
console.log(JSON.stringify({ job: "verify peer @sd-jwt/sd-jwt-vc 0.19", n: cards, wall_s: +wall_s.toFixed(3), cpu_s: +cpu_s.toFixed(3), per_cpu_s: Math.round(cards / cpu_s), p50_ms: ms(0.5), p99_ms: ms(0.99) }));
