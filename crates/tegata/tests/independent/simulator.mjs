// `tegata simulator` on a free port, and what a service's tests ask of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../../../e2e/lib/port.mjs';

const ROOT = join(import.meta.dirname, '../../../..');
const BINARY = process.env.TEGATA ?? join(ROOT, 'target/debug/tegata');
const STARTING_MS = 60_000;

export class Simulator {
  said = [];

  static async start(...words) {
    const simulator = new Simulator();
    const port = await freePort();
    simulator.origin = `http://localhost:${port}`;
    simulator.process = run(['--town', 'towns/demo', '--listen', `127.0.0.1:${port}`, ...words]);
    for (const stream of [simulator.process.stdout, simulator.process.stderr]) createInterface({ input: stream }).on('line', (line) => simulator.said.push(line));
    const until = Date.now() + STARTING_MS;
    while (!await fetch(`${simulator.origin}/healthz`).then((answer) => answer.ok, () => false)) {
      if (simulator.process.exitCode !== null || Date.now() > until) throw new Error(`the simulator does not answer:\n${simulator.said.join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return simulator;
  }

  async ask(path = '', body) {
    const answer = await fetch(`${this.origin}/simulator/api${path}`, body && { method: 'POST', body: JSON.stringify(body) });
    const told = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(told.detail), { status: answer.status, type: answer.headers.get('content-type') });
    return told;
  }

  happen(happening, more = {}) { return this.ask('/happenings', { happening, ...more }); }

  async end() {
    if (this.process.exitCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    await ended;
  }
}

/** Starts it without waiting; gives the process. */
export function run(words, env = {}) {
  const { TEGATA_DATABASE_URL: _, ...rest } = process.env;
  return spawn(BINARY, ['simulator', ...words], { cwd: ROOT, env: { ...rest, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
}
