// test/queue.test.ts
import assert from "node:assert/strict";
import { test } from "node:test";

// src/verify/queue.ts
var DeliveryQueue = class {
  constructor(shelf, post, batch = 100) {
    this.shelf = shelf;
    this.post = post;
    this.batch = batch;
  }
  shelf;
  post;
  batch;
  #delivering;
  add(entry) {
    return this.shelf.put(entry.id, entry);
  }
  /** The centre has this decision already (it answered after we had stopped waiting, say). */
  settle(id) {
    return this.shelf.delete(id);
  }
  async count() {
    return (await this.shelf.all()).length;
  }
  /** Delivers all that waits, batch by batch, and gives how many the centre took. Two calls at once are one delivery. */
  deliver() {
    return this.#delivering ??= this.#deliverAll().finally(() => {
      this.#delivering = void 0;
    });
  }
  async #deliverAll() {
    let delivered = 0;
    for (; ; ) {
      const entries = (await this.shelf.all()).slice(0, this.batch);
      if (!entries.length) return delivered;
      const sent = new Set(entries.map((entry) => entry.id));
      const { accepted = [...sent] } = await this.post(entries) ?? {};
      const taken = accepted.filter((id) => sent.has(id));
      if (!taken.length) return delivered;
      await this.shelf.delete(...taken);
      delivered += taken.length;
    }
  }
};

// test/queue.test.ts
function memory() {
  const kept = /* @__PURE__ */ new Map();
  return {
    get: async (key) => kept.get(key),
    all: async () => [...kept.values()],
    put: async (key, value) => void kept.set(key, value),
    delete: async (...keys) => keys.forEach((key) => kept.delete(key)),
    clear: async () => kept.clear()
  };
}
async function filled(post, count = 5) {
  const queue = new DeliveryQueue(memory(), post, 2);
  for (let number = 0; number < count; number++) await queue.add({ id: `d${number}` });
  return queue;
}
test("all that waits is delivered in batches, once each", async () => {
  const got = [];
  const queue = await filled(async (entries) => {
    assert.ok(entries.length <= 2);
    got.push(...entries.map((entry) => entry.id));
    return {};
  });
  assert.equal(await queue.deliver(), 5);
  assert.deepEqual(got.sort(), ["d0", "d1", "d2", "d3", "d4"]);
  assert.equal(await queue.count(), 0);
});
test("nothing is lost when the centre fails in the middle", async () => {
  let calls = 0;
  const queue = await filled(async () => {
    if (++calls === 2) throw new Error("gone");
    return {};
  });
  await assert.rejects(queue.deliver());
  assert.equal(await queue.count(), 3);
  assert.equal(await queue.deliver(), 3);
});
test("only what the centre says it has leaves the shelf", async () => {
  const queue = await filled(async (entries) => ({ accepted: entries.filter((entry) => entry.id !== "d1").map((entry) => entry.id).concat("never-sent") }), 2);
  assert.equal(await queue.deliver(), 1);
  assert.equal(await queue.count(), 1);
});
test("a centre that takes nothing does not make it go round for ever", async () => {
  const queue = await filled(async () => ({ accepted: [] }));
  assert.equal(await queue.deliver(), 0);
  assert.equal(await queue.count(), 5);
});
test("two deliveries at once are one", async () => {
  let posts = 0;
  const queue = await filled(async () => {
    posts++;
    await new Promise((resolve) => setTimeout(resolve, 5));
    return {};
  }, 2);
  await Promise.all([queue.deliver(), queue.deliver()]);
  assert.equal(posts, 1);
});
test("a decision the centre answered late is not delivered again", async () => {
  const queue = await filled(async () => ({}), 1);
  await queue.settle("d0");
  assert.equal(await queue.count(), 0);
});
//# sourceMappingURL=data:application/json;base64,ewogICJ2ZXJzaW9uIjogMywKICAic291cmNlcyI6IFsiLi4vLi4vdGVzdC9xdWV1ZS50ZXN0LnRzIiwgIi4uLy4uL3NyYy92ZXJpZnkvcXVldWUudHMiXSwKICAic291cmNlc0NvbnRlbnQiOiBbImltcG9ydCBhc3NlcnQgZnJvbSAnbm9kZTphc3NlcnQvc3RyaWN0JztcbmltcG9ydCB7IHRlc3QgfSBmcm9tICdub2RlOnRlc3QnO1xuaW1wb3J0IHR5cGUgeyBTaGVsZiB9IGZyb20gJy4uL3NyYy9saWIva2VlcC50cyc7XG5pbXBvcnQgeyBEZWxpdmVyeVF1ZXVlLCB0eXBlIFVuZGVsaXZlcmVkIH0gZnJvbSAnLi4vc3JjL3ZlcmlmeS9xdWV1ZS50cyc7XG5cbmZ1bmN0aW9uIG1lbW9yeTxWYWx1ZT4oKTogU2hlbGY8VmFsdWU+IHtcbiAgY29uc3Qga2VwdCA9IG5ldyBNYXA8c3RyaW5nLCBWYWx1ZT4oKTtcbiAgcmV0dXJuIHtcbiAgICBnZXQ6IGFzeW5jIChrZXkpID0+IGtlcHQuZ2V0KGtleSksIGFsbDogYXN5bmMgKCkgPT4gWy4uLmtlcHQudmFsdWVzKCldLCBwdXQ6IGFzeW5jIChrZXksIHZhbHVlKSA9PiB2b2lkIGtlcHQuc2V0KGtleSwgdmFsdWUpLFxuICAgIGRlbGV0ZTogYXN5bmMgKC4uLmtleXMpID0+IGtleXMuZm9yRWFjaCgoa2V5KSA9PiBrZXB0LmRlbGV0ZShrZXkpKSwgY2xlYXI6IGFzeW5jICgpID0+IGtlcHQuY2xlYXIoKSxcbiAgfTtcbn1cblxuYXN5bmMgZnVuY3Rpb24gZmlsbGVkKHBvc3Q6IChlbnRyaWVzOiBVbmRlbGl2ZXJlZFtdKSA9PiBQcm9taXNlPHsgYWNjZXB0ZWQ/OiBzdHJpbmdbXSB9PiwgY291bnQgPSA1KTogUHJvbWlzZTxEZWxpdmVyeVF1ZXVlPFVuZGVsaXZlcmVkPj4ge1xuICBjb25zdCBxdWV1ZSA9IG5ldyBEZWxpdmVyeVF1ZXVlPFVuZGVsaXZlcmVkPihtZW1vcnkoKSwgcG9zdCwgMik7XG4gIGZvciAobGV0IG51bWJlciA9IDA7IG51bWJlciA8IGNvdW50OyBudW1iZXIrKykgYXdhaXQgcXVldWUuYWRkKHsgaWQ6IGBkJHtudW1iZXJ9YCB9KTtcbiAgcmV0dXJuIHF1ZXVlO1xufVxuXG50ZXN0KCdhbGwgdGhhdCB3YWl0cyBpcyBkZWxpdmVyZWQgaW4gYmF0Y2hlcywgb25jZSBlYWNoJywgYXN5bmMgKCkgPT4ge1xuICBjb25zdCBnb3Q6IHN0cmluZ1tdID0gW107XG4gIGNvbnN0IHF1ZXVlID0gYXdhaXQgZmlsbGVkKGFzeW5jIChlbnRyaWVzKSA9PiB7IGFzc2VydC5vayhlbnRyaWVzLmxlbmd0aCA8PSAyKTsgZ290LnB1c2goLi4uZW50cmllcy5tYXAoKGVudHJ5KSA9PiBlbnRyeS5pZCkpOyByZXR1cm4ge307IH0pO1xuICBhc3NlcnQuZXF1YWwoYXdhaXQgcXVldWUuZGVsaXZlcigpLCA1KTtcbiAgYXNzZXJ0LmRlZXBFcXVhbChnb3Quc29ydCgpLCBbJ2QwJywgJ2QxJywgJ2QyJywgJ2QzJywgJ2Q0J10pO1xuICBhc3NlcnQuZXF1YWwoYXdhaXQgcXVldWUuY291bnQoKSwgMCk7XG59KTtcblxudGVzdCgnbm90aGluZyBpcyBsb3N0IHdoZW4gdGhlIGNlbnRyZSBmYWlscyBpbiB0aGUgbWlkZGxlJywgYXN5bmMgKCkgPT4ge1xuICBsZXQgY2FsbHMgPSAwO1xuICBjb25zdCBxdWV1ZSA9IGF3YWl0IGZpbGxlZChhc3luYyAoKSA9PiB7IGlmICgrK2NhbGxzID09PSAyKSB0aHJvdyBuZXcgRXJyb3IoJ2dvbmUnKTsgcmV0dXJuIHt9OyB9KTtcbiAgYXdhaXQgYXNzZXJ0LnJlamVjdHMocXVldWUuZGVsaXZlcigpKTtcbiAgYXNzZXJ0LmVxdWFsKGF3YWl0IHF1ZXVlLmNvdW50KCksIDMpO1xuICBhc3NlcnQuZXF1YWwoYXdhaXQgcXVldWUuZGVsaXZlcigpLCAzKTtcbn0pO1xuXG50ZXN0KCdvbmx5IHdoYXQgdGhlIGNlbnRyZSBzYXlzIGl0IGhhcyBsZWF2ZXMgdGhlIHNoZWxmJywgYXN5bmMgKCkgPT4ge1xuICBjb25zdCBxdWV1ZSA9IGF3YWl0IGZpbGxlZChhc3luYyAoZW50cmllcykgPT4gKHsgYWNjZXB0ZWQ6IGVudHJpZXMuZmlsdGVyKChlbnRyeSkgPT4gZW50cnkuaWQgIT09ICdkMScpLm1hcCgoZW50cnkpID0+IGVudHJ5LmlkKS5jb25jYXQoJ25ldmVyLXNlbnQnKSB9KSwgMik7XG4gIGFzc2VydC5lcXVhbChhd2FpdCBxdWV1ZS5kZWxpdmVyKCksIDEpO1xuICBhc3NlcnQuZXF1YWwoYXdhaXQgcXVldWUuY291bnQoKSwgMSk7XG59KTtcblxudGVzdCgnYSBjZW50cmUgdGhhdCB0YWtlcyBub3RoaW5nIGRvZXMgbm90IG1ha2UgaXQgZ28gcm91bmQgZm9yIGV2ZXInLCBhc3luYyAoKSA9PiB7XG4gIGNvbnN0IHF1ZXVlID0gYXdhaXQgZmlsbGVkKGFzeW5jICgpID0+ICh7IGFjY2VwdGVkOiBbXSB9KSk7XG4gIGFzc2VydC5lcXVhbChhd2FpdCBxdWV1ZS5kZWxpdmVyKCksIDApO1xuICBhc3NlcnQuZXF1YWwoYXdhaXQgcXVldWUuY291bnQoKSwgNSk7XG59KTtcblxudGVzdCgndHdvIGRlbGl2ZXJpZXMgYXQgb25jZSBhcmUgb25lJywgYXN5bmMgKCkgPT4ge1xuICBsZXQgcG9zdHMgPSAwO1xuICBjb25zdCBxdWV1ZSA9IGF3YWl0IGZpbGxlZChhc3luYyAoKSA9PiB7IHBvc3RzKys7IGF3YWl0IG5ldyBQcm9taXNlKChyZXNvbHZlKSA9PiBzZXRUaW1lb3V0KHJlc29sdmUsIDUpKTsgcmV0dXJuIHt9OyB9LCAyKTtcbiAgYXdhaXQgUHJvbWlzZS5hbGwoW3F1ZXVlLmRlbGl2ZXIoKSwgcXVldWUuZGVsaXZlcigpXSk7XG4gIGFzc2VydC5lcXVhbChwb3N0cywgMSk7XG59KTtcblxudGVzdCgnYSBkZWNpc2lvbiB0aGUgY2VudHJlIGFuc3dlcmVkIGxhdGUgaXMgbm90IGRlbGl2ZXJlZCBhZ2FpbicsIGFzeW5jICgpID0+IHtcbiAgY29uc3QgcXVldWUgPSBhd2FpdCBmaWxsZWQoYXN5bmMgKCkgPT4gKHt9KSwgMSk7XG4gIGF3YWl0IHF1ZXVlLnNldHRsZSgnZDAnKTtcbiAgYXNzZXJ0LmVxdWFsKGF3YWl0IHF1ZXVlLmNvdW50KCksIDApO1xufSk7XG4iLCAiaW1wb3J0IHR5cGUgeyBTaGVsZiB9IGZyb20gJy4uL2xpYi9rZWVwLnRzJztcblxuLyoqIEEgZGVjaXNpb24gdGFrZW4gaGVyZSwgdW50aWwgdGhlIGNlbnRyZSBoYXMgaXQuIGBpZGAgbWFrZXMgYSBzZWNvbmQgZGVsaXZlcnkgaGFybWxlc3MuICovXG5leHBvcnQgaW50ZXJmYWNlIFVuZGVsaXZlcmVkIHsgaWQ6IHN0cmluZyB9XG5cbmV4cG9ydCBpbnRlcmZhY2UgUmVjZWlwdCB7IGFjY2VwdGVkPzogc3RyaW5nW10gfVxuXG4vKiogRGVjaXNpb25zIHdhaXRpbmcgZm9yIHRoZSBjZW50cmUuIE5vdGhpbmcgbGVhdmVzIHRoZSBzaGVsZiBiZWZvcmUgdGhlIGNlbnRyZSBoYXMgc2FpZCBpdCBoYXMgaXQuICovXG5leHBvcnQgY2xhc3MgRGVsaXZlcnlRdWV1ZTxFbnRyeSBleHRlbmRzIFVuZGVsaXZlcmVkPiB7XG4gICNkZWxpdmVyaW5nOiBQcm9taXNlPG51bWJlcj4gfCB1bmRlZmluZWQ7XG5cbiAgY29uc3RydWN0b3IocHJpdmF0ZSByZWFkb25seSBzaGVsZjogU2hlbGY8RW50cnk+LCBwcml2YXRlIHJlYWRvbmx5IHBvc3Q6IChlbnRyaWVzOiBFbnRyeVtdKSA9PiBQcm9taXNlPFJlY2VpcHQ+LCBwcml2YXRlIHJlYWRvbmx5IGJhdGNoID0gMTAwKSB7fVxuXG4gIGFkZChlbnRyeTogRW50cnkpOiBQcm9taXNlPHZvaWQ+IHtcbiAgICByZXR1cm4gdGhpcy5zaGVsZi5wdXQoZW50cnkuaWQsIGVudHJ5KTtcbiAgfVxuXG4gIC8qKiBUaGUgY2VudHJlIGhhcyB0aGlzIGRlY2lzaW9uIGFscmVhZHkgKGl0IGFuc3dlcmVkIGFmdGVyIHdlIGhhZCBzdG9wcGVkIHdhaXRpbmcsIHNheSkuICovXG4gIHNldHRsZShpZDogc3RyaW5nKTogUHJvbWlzZTx2b2lkPiB7XG4gICAgcmV0dXJuIHRoaXMuc2hlbGYuZGVsZXRlKGlkKTtcbiAgfVxuXG4gIGFzeW5jIGNvdW50KCk6IFByb21pc2U8bnVtYmVyPiB7XG4gICAgcmV0dXJuIChhd2FpdCB0aGlzLnNoZWxmLmFsbCgpKS5sZW5ndGg7XG4gIH1cblxuICAvKiogRGVsaXZlcnMgYWxsIHRoYXQgd2FpdHMsIGJhdGNoIGJ5IGJhdGNoLCBhbmQgZ2l2ZXMgaG93IG1hbnkgdGhlIGNlbnRyZSB0b29rLiBUd28gY2FsbHMgYXQgb25jZSBhcmUgb25lIGRlbGl2ZXJ5LiAqL1xuICBkZWxpdmVyKCk6IFByb21pc2U8bnVtYmVyPiB7XG4gICAgcmV0dXJuICh0aGlzLiNkZWxpdmVyaW5nID8/PSB0aGlzLiNkZWxpdmVyQWxsKCkuZmluYWxseSgoKSA9PiB7IHRoaXMuI2RlbGl2ZXJpbmcgPSB1bmRlZmluZWQ7IH0pKTtcbiAgfVxuXG4gIGFzeW5jICNkZWxpdmVyQWxsKCk6IFByb21pc2U8bnVtYmVyPiB7XG4gICAgbGV0IGRlbGl2ZXJlZCA9IDA7XG4gICAgZm9yICg7Oykge1xuICAgICAgY29uc3QgZW50cmllcyA9IChhd2FpdCB0aGlzLnNoZWxmLmFsbCgpKS5zbGljZSgwLCB0aGlzLmJhdGNoKTtcbiAgICAgIGlmICghZW50cmllcy5sZW5ndGgpIHJldHVybiBkZWxpdmVyZWQ7XG4gICAgICBjb25zdCBzZW50ID0gbmV3IFNldChlbnRyaWVzLm1hcCgoZW50cnkpID0+IGVudHJ5LmlkKSk7XG4gICAgICBjb25zdCB7IGFjY2VwdGVkID0gWy4uLnNlbnRdIH0gPSAoYXdhaXQgdGhpcy5wb3N0KGVudHJpZXMpKSA/PyB7fTtcbiAgICAgIGNvbnN0IHRha2VuID0gYWNjZXB0ZWQuZmlsdGVyKChpZCkgPT4gc2VudC5oYXMoaWQpKTtcbiAgICAgIGlmICghdGFrZW4ubGVuZ3RoKSByZXR1cm4gZGVsaXZlcmVkO1xuICAgICAgYXdhaXQgdGhpcy5zaGVsZi5kZWxldGUoLi4udGFrZW4pO1xuICAgICAgZGVsaXZlcmVkICs9IHRha2VuLmxlbmd0aDtcbiAgICB9XG4gIH1cbn1cbiJdLAogICJtYXBwaW5ncyI6ICI7QUFBQSxPQUFPLFlBQVk7QUFDbkIsU0FBUyxZQUFZOzs7QUNPZCxJQUFNLGdCQUFOLE1BQStDO0FBQUEsRUFHcEQsWUFBNkIsT0FBc0MsTUFBK0QsUUFBUSxLQUFLO0FBQWxIO0FBQXNDO0FBQStEO0FBQUEsRUFBYztBQUFBLEVBQW5IO0FBQUEsRUFBc0M7QUFBQSxFQUErRDtBQUFBLEVBRmxJO0FBQUEsRUFJQSxJQUFJLE9BQTZCO0FBQy9CLFdBQU8sS0FBSyxNQUFNLElBQUksTUFBTSxJQUFJLEtBQUs7QUFBQSxFQUN2QztBQUFBO0FBQUEsRUFHQSxPQUFPLElBQTJCO0FBQ2hDLFdBQU8sS0FBSyxNQUFNLE9BQU8sRUFBRTtBQUFBLEVBQzdCO0FBQUEsRUFFQSxNQUFNLFFBQXlCO0FBQzdCLFlBQVEsTUFBTSxLQUFLLE1BQU0sSUFBSSxHQUFHO0FBQUEsRUFDbEM7QUFBQTtBQUFBLEVBR0EsVUFBMkI7QUFDekIsV0FBUSxLQUFLLGdCQUFnQixLQUFLLFlBQVksRUFBRSxRQUFRLE1BQU07QUFBRSxXQUFLLGNBQWM7QUFBQSxJQUFXLENBQUM7QUFBQSxFQUNqRztBQUFBLEVBRUEsTUFBTSxjQUErQjtBQUNuQyxRQUFJLFlBQVk7QUFDaEIsZUFBUztBQUNQLFlBQU0sV0FBVyxNQUFNLEtBQUssTUFBTSxJQUFJLEdBQUcsTUFBTSxHQUFHLEtBQUssS0FBSztBQUM1RCxVQUFJLENBQUMsUUFBUSxPQUFRLFFBQU87QUFDNUIsWUFBTSxPQUFPLElBQUksSUFBSSxRQUFRLElBQUksQ0FBQyxVQUFVLE1BQU0sRUFBRSxDQUFDO0FBQ3JELFlBQU0sRUFBRSxXQUFXLENBQUMsR0FBRyxJQUFJLEVBQUUsSUFBSyxNQUFNLEtBQUssS0FBSyxPQUFPLEtBQU0sQ0FBQztBQUNoRSxZQUFNLFFBQVEsU0FBUyxPQUFPLENBQUMsT0FBTyxLQUFLLElBQUksRUFBRSxDQUFDO0FBQ2xELFVBQUksQ0FBQyxNQUFNLE9BQVEsUUFBTztBQUMxQixZQUFNLEtBQUssTUFBTSxPQUFPLEdBQUcsS0FBSztBQUNoQyxtQkFBYSxNQUFNO0FBQUEsSUFDckI7QUFBQSxFQUNGO0FBQ0Y7OztBRHZDQSxTQUFTLFNBQThCO0FBQ3JDLFFBQU0sT0FBTyxvQkFBSSxJQUFtQjtBQUNwQyxTQUFPO0FBQUEsSUFDTCxLQUFLLE9BQU8sUUFBUSxLQUFLLElBQUksR0FBRztBQUFBLElBQUcsS0FBSyxZQUFZLENBQUMsR0FBRyxLQUFLLE9BQU8sQ0FBQztBQUFBLElBQUcsS0FBSyxPQUFPLEtBQUssVUFBVSxLQUFLLEtBQUssSUFBSSxLQUFLLEtBQUs7QUFBQSxJQUMzSCxRQUFRLFVBQVUsU0FBUyxLQUFLLFFBQVEsQ0FBQyxRQUFRLEtBQUssT0FBTyxHQUFHLENBQUM7QUFBQSxJQUFHLE9BQU8sWUFBWSxLQUFLLE1BQU07QUFBQSxFQUNwRztBQUNGO0FBRUEsZUFBZSxPQUFPLE1BQW9FLFFBQVEsR0FBd0M7QUFDeEksUUFBTSxRQUFRLElBQUksY0FBMkIsT0FBTyxHQUFHLE1BQU0sQ0FBQztBQUM5RCxXQUFTLFNBQVMsR0FBRyxTQUFTLE9BQU8sU0FBVSxPQUFNLE1BQU0sSUFBSSxFQUFFLElBQUksSUFBSSxNQUFNLEdBQUcsQ0FBQztBQUNuRixTQUFPO0FBQ1Q7QUFFQSxLQUFLLHFEQUFxRCxZQUFZO0FBQ3BFLFFBQU0sTUFBZ0IsQ0FBQztBQUN2QixRQUFNLFFBQVEsTUFBTSxPQUFPLE9BQU8sWUFBWTtBQUFFLFdBQU8sR0FBRyxRQUFRLFVBQVUsQ0FBQztBQUFHLFFBQUksS0FBSyxHQUFHLFFBQVEsSUFBSSxDQUFDLFVBQVUsTUFBTSxFQUFFLENBQUM7QUFBRyxXQUFPLENBQUM7QUFBQSxFQUFHLENBQUM7QUFDM0ksU0FBTyxNQUFNLE1BQU0sTUFBTSxRQUFRLEdBQUcsQ0FBQztBQUNyQyxTQUFPLFVBQVUsSUFBSSxLQUFLLEdBQUcsQ0FBQyxNQUFNLE1BQU0sTUFBTSxNQUFNLElBQUksQ0FBQztBQUMzRCxTQUFPLE1BQU0sTUFBTSxNQUFNLE1BQU0sR0FBRyxDQUFDO0FBQ3JDLENBQUM7QUFFRCxLQUFLLHVEQUF1RCxZQUFZO0FBQ3RFLE1BQUksUUFBUTtBQUNaLFFBQU0sUUFBUSxNQUFNLE9BQU8sWUFBWTtBQUFFLFFBQUksRUFBRSxVQUFVLEVBQUcsT0FBTSxJQUFJLE1BQU0sTUFBTTtBQUFHLFdBQU8sQ0FBQztBQUFBLEVBQUcsQ0FBQztBQUNqRyxRQUFNLE9BQU8sUUFBUSxNQUFNLFFBQVEsQ0FBQztBQUNwQyxTQUFPLE1BQU0sTUFBTSxNQUFNLE1BQU0sR0FBRyxDQUFDO0FBQ25DLFNBQU8sTUFBTSxNQUFNLE1BQU0sUUFBUSxHQUFHLENBQUM7QUFDdkMsQ0FBQztBQUVELEtBQUsscURBQXFELFlBQVk7QUFDcEUsUUFBTSxRQUFRLE1BQU0sT0FBTyxPQUFPLGFBQWEsRUFBRSxVQUFVLFFBQVEsT0FBTyxDQUFDLFVBQVUsTUFBTSxPQUFPLElBQUksRUFBRSxJQUFJLENBQUMsVUFBVSxNQUFNLEVBQUUsRUFBRSxPQUFPLFlBQVksRUFBRSxJQUFJLENBQUM7QUFDM0osU0FBTyxNQUFNLE1BQU0sTUFBTSxRQUFRLEdBQUcsQ0FBQztBQUNyQyxTQUFPLE1BQU0sTUFBTSxNQUFNLE1BQU0sR0FBRyxDQUFDO0FBQ3JDLENBQUM7QUFFRCxLQUFLLGtFQUFrRSxZQUFZO0FBQ2pGLFFBQU0sUUFBUSxNQUFNLE9BQU8sYUFBYSxFQUFFLFVBQVUsQ0FBQyxFQUFFLEVBQUU7QUFDekQsU0FBTyxNQUFNLE1BQU0sTUFBTSxRQUFRLEdBQUcsQ0FBQztBQUNyQyxTQUFPLE1BQU0sTUFBTSxNQUFNLE1BQU0sR0FBRyxDQUFDO0FBQ3JDLENBQUM7QUFFRCxLQUFLLGtDQUFrQyxZQUFZO0FBQ2pELE1BQUksUUFBUTtBQUNaLFFBQU0sUUFBUSxNQUFNLE9BQU8sWUFBWTtBQUFFO0FBQVMsVUFBTSxJQUFJLFFBQVEsQ0FBQyxZQUFZLFdBQVcsU0FBUyxDQUFDLENBQUM7QUFBRyxXQUFPLENBQUM7QUFBQSxFQUFHLEdBQUcsQ0FBQztBQUN6SCxRQUFNLFFBQVEsSUFBSSxDQUFDLE1BQU0sUUFBUSxHQUFHLE1BQU0sUUFBUSxDQUFDLENBQUM7QUFDcEQsU0FBTyxNQUFNLE9BQU8sQ0FBQztBQUN2QixDQUFDO0FBRUQsS0FBSyw4REFBOEQsWUFBWTtBQUM3RSxRQUFNLFFBQVEsTUFBTSxPQUFPLGFBQWEsQ0FBQyxJQUFJLENBQUM7QUFDOUMsUUFBTSxNQUFNLE9BQU8sSUFBSTtBQUN2QixTQUFPLE1BQU0sTUFBTSxNQUFNLE1BQU0sR0FBRyxDQUFDO0FBQ3JDLENBQUM7IiwKICAibmFtZXMiOiBbXQp9Cg==
