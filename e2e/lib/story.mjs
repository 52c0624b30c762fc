// A story: a town of its own, people with browsers, steps that follow from each other.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { launch } from './browser.mjs';
import { Town } from './town.mjs';

const SHOTS = join(import.meta.dirname, '../shots');
const LONGEST_MS = 240_000;

/** Tells a story; the first step that fails ends it, with pictures of what everybody saw. */
export function story(name, { pack = 'mutsu', residents = 3000 }, tell) {
  test(name, { timeout: LONGEST_MS }, async (t) => {
    let town, browser;
    t.after(async () => {
      await browser?.close();
      await town?.end();
    });
    town = await Town.start(pack, { residents });
    browser = await launch();
    const step = async (does, act) => {
      let fault, given;
      await t.test(does, async () => {
        try {
          given = await act();
        } catch (cause) {
          await seen(browser, does);
          fault = cause;
          throw cause;
        }
      });
      if (fault) throw new Error(`the story ended at “${does}”`);
      return given;
    };
    await tell({ town, browser, step });
  });
}

async function seen(browser, where) {
  mkdirSync(SHOTS, { recursive: true });
  const pages = browser.contexts().flatMap((context) => context.pages());
  await Promise.all(pages.map((page, place) => page.screenshot({ path: join(SHOTS, `failed-${where.replace(/\W+/g, '-').slice(0, 40)}-${place}.png`), fullPage: true }).catch(() => {})));
}
