// A town of one's own: `tegata demo` on a temporary folder and free ports, gone when the tests are.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from './port.mjs';

const ROOT = join(import.meta.dirname, '../..');
const BINARY = process.env.TEGATA ?? join(ROOT, 'target/debug/tegata');
/** The password of every software card of a demonstration. */
export const PASSWORD = 'ABC123';
const STARTING_MS = 120_000;

export class Town {
  /** Makes a town from a pack and waits until it answers. */
  static async start(pack, { residents } = {}) {
    if (!existsSync(BINARY)) throw new Error(`${BINARY} is missing: cargo build -p tegata`);
    const town = new Town();
    town.pack = pack;
    town.residents = residents;
    town.data = mkdtempSync(join(tmpdir(), 'tegata-e2e-'));
    town.ports = [await freePort(), await freePort()];
    town.readers = [];
    await town.up();
    return town;
  }

  get origin() {
    return `http://localhost:${this.ports[0]}`;
  }

  get station() {
    return `http://localhost:${this.ports[1]}`;
  }

  /** Starts the centre and its station on the data there are. */
  async up() {
    const [centre, station] = this.ports.map((port) => `127.0.0.1:${port}`);
    const size = this.residents ? ['--residents', String(this.residents)] : [];
    const words = ['demo', '--town', join('towns', this.pack), '--data', this.data, ...size, '--listen', centre, '--station', station];
    const environment = { ...process.env };
    delete environment.TEGATA_DATABASE_URL;
    this.process = spawn(BINARY, words, { cwd: ROOT, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    this.said = [];
    for (const stream of [this.process.stdout, this.process.stderr]) createInterface({ input: stream }).on('line', (line) => this.said.push(line));
    process.once('exit', this.#kill);
    await this.#answers();
  }

  #kill = () => [this.process, ...this.readers].forEach((process) => process?.kill('SIGKILL'));

  async #answers() {
    const until = Date.now() + STARTING_MS;
    for (;;) {
      if (this.process.exitCode !== null) throw new Error(`tegata ended:\n${this.said.join('\n')}`);
      const good = await fetch(`http://127.0.0.1:${this.ports[0]}/healthz`).then((answer) => answer.ok, () => false);
      if (good && await fetch(`http://127.0.0.1:${this.ports[1]}/healthz`).then((answer) => answer.ok, () => false)) return;
      if (Date.now() > until) throw new Error(`tegata does not answer:\n${this.said.join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Starts a card reader of its own, which stays when the town goes away; gives its address. */
  async reader(...words) {
    const port = await freePort();
    const reader = spawn(BINARY, ['station', '--centre', this.origin, '--listen', `127.0.0.1:${port}`, ...words], { cwd: ROOT, stdio: 'ignore' });
    this.readers.push(reader);
    const address = `http://localhost:${port}`;
    for (let tries = 0; tries < 100; tries++) {
      if (await fetch(`${address}/healthz`).then((answer) => answer.ok, () => false)) return address;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('the card reader does not answer');
  }

  /** Pulls the plug: nothing is said, nothing is finished. */
  async down() {
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
    process.off('exit', this.#kill);
  }

  async end() {
    for (const reader of this.readers) reader.kill('SIGKILL');
    if (this.process.exitCode === null && this.process.signalCode === null) await this.down();
    rmSync(this.data, { recursive: true, force: true });
  }

  /** The code that pairs a browser to a place, as the start printed it. */
  pairingCode(place) {
    return this.#printed(new RegExp(`${place}.*登録コード (\\S+)`));
  }

  /** The way into the console. */
  get staffLink() {
    return this.#printed(/(http\S+\/staff\/join\/\S+)/);
  }

  #printed(pattern) {
    const found = this.said.map((line) => pattern.exec(line)).find(Boolean);
    if (!found) throw new Error(`${pattern} was not printed:\n${this.said.join('\n')}`);
    return found[1];
  }

  /** The people whose software cards lie ready, by the name of their card. */
  get cast() {
    return Object.fromEntries(JSON.parse(readFileSync(join(this.data, 'inner/cast.json'), 'utf8')).map((player) => [player.card, player]));
  }

  /** Rows of the register's export: what the people themselves know about their families. */
  register() {
    const bytes = readFileSync(join(this.data, 'inner/export.csv'));
    let text;
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      text = new TextDecoder('shift_jis').decode(bytes);
    }
    const [head, ...rows] = text.trim().split(/\r?\n/).map((line) => line.split(',').map((cell) => cell.replace(/^"|"$/g, '')));
    return rows.map((row) => Object.fromEntries(row.map((cell, place) => [head[place], cell])));
  }
}
