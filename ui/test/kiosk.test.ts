import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

test('who walks away from a kiosk is asked, and only then signed out', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const heard = new Map<string, () => void>();
  Object.assign(globalThis, { window: globalThis, addEventListener: (name: string, act: () => void) => heard.set(name, act) });
  const question = { open: false, showModal() { this.open = true; }, close() { this.open = false; } };
  let ended = 0;
  const { watchKiosk } = await import('../src/lib/kiosk.ts');
  watchKiosk(question as unknown as HTMLDialogElement, () => { ended++; });
  mock.timers.tick(119_000);
  assert.equal(question.open, false);
  heard.get('keydown')?.();
  mock.timers.tick(119_000);
  assert.equal(question.open, false, 'a key is a sign of somebody');
  mock.timers.tick(1_000);
  assert.equal(question.open, true);
  mock.timers.tick(29_000);
  heard.get('pointerdown')?.();
  assert.equal(question.open, false);
  mock.timers.tick(120_000);
  assert.equal(ended, 0);
  mock.timers.tick(30_000);
  assert.equal(ended, 1);
  mock.timers.reset();
});
