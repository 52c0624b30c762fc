import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeliveryQueue, type Undelivered } from '../src/verify/queue.ts';
import { memory } from './memory.ts';

async function filled(post: (entries: Undelivered[]) => Promise<{ accepted?: string[] }>, count = 5): Promise<DeliveryQueue<Undelivered>> {
  const queue = new DeliveryQueue<Undelivered>(memory(), post, 2);
  for (let number = 0; number < count; number++) await queue.add({ id: `d${number}` });
  return queue;
}

test('all that waits is delivered in batches, once each', async () => {
  const got: string[] = [];
  const queue = await filled(async (entries) => { assert.ok(entries.length <= 2); got.push(...entries.map((entry) => entry.id)); return {}; });
  assert.equal(await queue.deliver(), 5);
  assert.deepEqual(got.sort(), ['d0', 'd1', 'd2', 'd3', 'd4']);
  assert.equal(await queue.count(), 0);
});

test('nothing is lost when the centre fails in the middle', async () => {
  let calls = 0;
  const queue = await filled(async () => { if (++calls === 2) throw new Error('gone'); return {}; });
  await assert.rejects(queue.deliver());
  assert.equal(await queue.count(), 3);
  assert.equal(await queue.deliver(), 3);
});

test('only what the centre says it has leaves the shelf', async () => {
  const queue = await filled(async (entries) => ({ accepted: entries.filter((entry) => entry.id !== 'd1').map((entry) => entry.id).concat('never-sent') }), 2);
  assert.equal(await queue.deliver(), 1);
  assert.equal(await queue.count(), 1);
});

test('a centre that takes nothing does not make it go round for ever', async () => {
  const queue = await filled(async () => ({ accepted: [] }));
  assert.equal(await queue.deliver(), 0);
  assert.equal(await queue.count(), 5);
});

test('two deliveries at once are one', async () => {
  let posts = 0;
  const queue = await filled(async () => { posts++; await new Promise((resolve) => setTimeout(resolve, 5)); return {}; }, 2);
  await Promise.all([queue.deliver(), queue.deliver()]);
  assert.equal(posts, 1);
});

test('a decision the centre answered late is not delivered again', async () => {
  const queue = await filled(async () => ({}), 1);
  await queue.settle('d0');
  assert.equal(await queue.count(), 0);
});
