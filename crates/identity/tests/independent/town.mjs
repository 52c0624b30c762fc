// A demonstration town whose pack offers identity apps: `tegata demo` on a temporary folder and a free port, gone when the test is.
import { execFileSync, spawn } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../../../e2e/lib/port.mjs';

const ROOT = join(import.meta.dirname, '../../../..');
const BINARY = process.env.TEGATA ?? join(ROOT, 'target/debug/tegata');
const STARTING_MS = 120_000;
/** Files of the card's JPKI application (署名用), by number. */
const SIGNATURE_CERTIFICATE = 0x0001;
const SIGNATURE_KEY = 0x001A;

export class Town {
  /** A town of this repository; its pack may be written into before it starts. */
  constructor(pack = 'towns/demo') {
    this.folder = mkdtempSync(join(tmpdir(), 'tegata-apps-'));
    this.pack = join(this.folder, 'pack');
    this.data = join(this.folder, 'data');
    cpSync(join(ROOT, pack), this.pack, { recursive: true });
    this.said = [];
  }

  /** Writes into the pack. */
  offer(toml) {
    appendFileSync(join(this.pack, 'town.toml'), toml);
  }

  /** The key of an app, as an operator makes it; gives the public half that is registered. */
  key(app) {
    return JSON.parse(execFileSync(BINARY, ['keys', join(this.data, 'keys'), '--app', app], { encoding: 'utf8' }));
  }

  /** Both keys of an app by which the card signs, as an operator makes them; gives the public halves that are registered. */
  signingKeys(app, encryption) {
    const words = ['keys', join(this.data, 'keys'), '--app', app, '--signs', encryption];
    return JSON.parse(execFileSync(BINARY, words, { encoding: 'utf8' })).keys;
  }

  /** What somebody's demonstration card signs with: its key, and its certificate in DER. */
  signer(card) {
    const { card: { applications } } = JSON.parse(readFileSync(join(this.data, `cards/${card}.json`), 'utf8'));
    const { files } = applications.find(({ files }) => files[SIGNATURE_KEY]?.kind === 'key' && files[SIGNATURE_CERTIFICATE]);
    const key = createPrivateKey({ key: Buffer.from(files[SIGNATURE_KEY].key, 'hex'), format: 'der', type: 'pkcs8' });
    const content = Buffer.from(files[SIGNATURE_CERTIFICATE].content, 'hex');
    return { key, certificate: content.subarray(0, 4 + content.readUInt16BE(2)) };
  }

  async choosePort() {
    this.port = await freePort();
    this.origin = `http://localhost:${this.port}`;
  }

  async start() {
    const station = `127.0.0.1:${await freePort()}`;
    const words = ['demo', '--town', this.pack, '--data', this.data, '--residents', '60', '--listen', `127.0.0.1:${this.port}`, '--station', station];
    const env = { ...process.env };
    delete env.TEGATA_DATABASE_URL;
    this.process = spawn(BINARY, words, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.process.stdout, this.process.stderr]) createInterface({ input: stream }).on('line', (line) => this.said.push(plain(line)));
    const until = Date.now() + STARTING_MS;
    while (!await fetch(`${this.origin}/healthz`).then((answer) => answer.ok, () => false)) {
      if (this.process.exitCode !== null || Date.now() > until) throw new Error(`tegata does not answer:\n${this.said.join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** The people of the demonstration, by the name of their card. */
  get cast() {
    return Object.fromEntries(JSON.parse(readFileSync(join(this.data, 'inner/cast.json'), 'utf8')).map((player) => [player.card, player]));
  }

  async end() {
    if (this.process?.exitCode === null) {
      const ended = once(this.process, 'exit');
      this.process.kill('SIGKILL');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Without the colours of a log. */
const plain = (line) => line.replace(/\u001b\[[0-9;]*m/g, '');
