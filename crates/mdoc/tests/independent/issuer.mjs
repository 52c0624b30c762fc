// An issuer of cards whose certificates OpenSSL makes: a root (IACA) and a signer of documents under it, as ISO/IEC 18013-5 annex B has them.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = `
[root]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
issuerAltName = email:iaca@issuer.example
crlDistributionPoints = URI:http://issuer.example/iaca.crl
[signer]
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, 1.0.18013.5.1.2
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
issuerAltName = email:iaca@issuer.example
crlDistributionPoints = URI:http://issuer.example/iaca.crl
`;

export class Issuer {
  constructor(curve = 'prime256v1') {
    this.folder = mkdtempSync(join(tmpdir(), 'tegata-issuer-'));
    const at = (name) => join(this.folder, name);
    const openssl = (...words) => execFileSync('openssl', words, { cwd: this.folder, stdio: 'pipe' });
    writeFileSync(at('extensions.cnf'), ROOT);
    for (const [name, group] of [['root', curve], ['signer', 'prime256v1']]) {
      openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${group}`, '-out', `${name}.key`);
      openssl('req', '-new', '-key', `${name}.key`, '-subj', `/C=JP/CN=Test ${name}`, '-out', `${name}.csr`);
    }
    const hash = curve === 'secp384r1' ? '-sha384' : '-sha256';
    const made = (name, ...words) =>
      openssl('x509', '-req', '-in', `${name}.csr`, '-extfile', 'extensions.cnf', '-extensions', name, '-days', '300', hash, '-out', `${name}.pem`, ...words);
    made('root', '-signkey', 'root.key');
    made('signer', '-CA', 'root.pem', '-CAkey', 'root.key', '-CAcreateserial');
    this.root = openssl('x509', '-in', 'root.pem', '-outform', 'DER');
    this.rootKey = openssl('pkcs8', '-topk8', '-nocrypt', '-in', 'root.key', '-outform', 'DER');
    this.signerPem = readFileSync(at('signer.pem'), 'utf8');
    this.signerKeyPem = readFileSync(at('signer.key'), 'utf8');
  }

  end() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
