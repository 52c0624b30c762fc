// The pictures of README, from a town that is really running: `npm run pictures`.
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DESK, launch, PHONE, somebody } from './lib/browser.mjs';
import { applyFor, childrenOf, clerk, counter, live, scan, shown, signIn } from './lib/people.mjs';
import { Town } from './lib/town.mjs';

const CERTIFICATE = '子ども医療費受給資格証';
const FOLDER = join(import.meta.dirname, '../docs/pictures');
const LARGEST_BYTES = 200_000;

mkdirSync(FOLDER, { recursive: true });
const town = await Town.start(process.env.TOWN ?? 'mutsu', { residents: Number(process.env.RESIDENTS) || undefined });
const browser = await launch();
try {
  await verdict(await home());
  await whatIf();
} finally {
  await browser.close();
  await town.end();
}

/** A parent's phone with the child's certificate. */
async function home() {
  const parent = await somebody(browser, { size: { ...PHONE, height: 900 } });
  await signIn(parent, town, 'parent');
  await applyFor(parent, CERTIFICATE, childrenOf(town, town.cast.parent)[0]);
  await live(parent, CERTIFICATE);
  await parent.evaluate(() => scrollTo(0, 0));
  await take(parent, 'home');
  return parent;
}

/** The clinic's answer to it. */
async function verdict(parent) {
  const clinic = await counter(browser, town, '中央こどもクリニック', { size: DESK });
  await scan(clinic, await shown(parent, CERTIFICATE));
  await take(clinic, 'verdict');
}

/** What if the senior card began five years earlier? */
async function whatIf() {
  const staff = await clerk(browser, town, { size: { ...DESK, height: 1240 } });
  await staff.goto(`${town.origin}/staff/what-if`);
  await staff.fill('#rule', 'resident.current && today >= birthday(70)');
  const counted = staff.waitForResponse((answer) => answer.url().endsWith('/staff/what-if') && answer.request().method() === 'POST');
  await staff.getByRole('button', { name: '数える' }).click();
  await counted;
  await staff.locator('output .hbars li').first().waitFor();
  await take(staff, 'console');
}

async function take(page, name) {
  const path = join(FOLDER, `${name}.png`);
  await page.screenshot({ path, animations: 'disabled' });
  const { size } = statSync(path);
  console.log(`${path} ${size} bytes`);
  if (size > LARGEST_BYTES) throw new Error(`${name}.png is larger than ${LARGEST_BYTES} bytes`);
}
