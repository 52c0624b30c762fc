// LINE, played with its own SDK (@line/bot-sdk, made from LINE's OpenAPI description): its check of signatures takes what is told to the town, its types read what the
// town asks and what it is told, and the answers are those of LINE's reference.
// Run: npm ci && node --test line.test.mjs (here and in ../../../identity/tests/independent; the binary is TEGATA, or target/debug/tegata)
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { validateSignature } from '@line/bot-sdk';
import ts from 'typescript';
import * as desk from './desk.mjs';
import { Browser } from '../../../identity/tests/independent/browser.mjs';
import { App, joinStaff } from '../../../identity/tests/independent/people.mjs';
import { Town } from '../../../identity/tests/independent/town.mjs';

const TOKEN = 'a channel access token';
const SECRET = '8c570fa6dd201bb328f1c1eac23a96d8';
const HANAKO = 'U206d25c2ea6bd87c17655609a1c37cb8';
const town = new Town();
const resident = new Browser();
const staff = new Browser();
/** What LINE was asked, oldest first; and what it accepted, by retry key. */
const asked = [];
const accepted = new Map();
/** What LINE answers to the next messages in place of yes. */
const behaves = [];
let platform;
let app;
let events = 0;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What the SDK's types have against a value: nothing. */
function mistakes(type, value) {
  const name = join(import.meta.dirname, 'asked.ts');
  const source = `import { messagingApi, webhook } from '@line/bot-sdk';\nconst value: ${type} = ${JSON.stringify(value)};\nexport default value;\n`;
  const options = { strict: true, noEmit: true, skipLibCheck: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, types: [] };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (file, ...more) => (file === name ? ts.createSourceFile(file, source, ...more) : getSourceFile(file, ...more));
  host.fileExists = (file) => file === name || fileExists(file);
  host.readFile = (file) => (file === name ? source : readFile(file));
  return ts.getPreEmitDiagnostics(ts.createProgram([name], options, host)).map((found) => ts.flattenDiagnosticMessageText(found.messageText, '\n'));
}

function answer(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json', 'x-line-request-id': '80ad917e-bc1e-43d9-b6d0-0c6c1d7b8c5e' });
  response.end(JSON.stringify(body));
}

/** The Messaging API as its reference says. */
function takes(request, response, body) {
  const { method, url, headers } = request;
  if (method !== 'POST') return answer(response, 405, { message: 'Method not allowed' });
  if (headers.authorization !== `Bearer ${TOKEN}`) return answer(response, 401, { message: 'Authentication failed. Confirm that the access token in the authorization header is valid.' });
  const key = headers['x-line-retry-key'];
  asked.push({ path: url, body, key });
  if (url === `/v2/bot/user/${HANAKO}/linkToken`) return answer(response, 200, { linkToken: 'NMZTNuVrPTqlr2IF8Bnymkb7rXfYv5EY' });
  if (url === '/v2/bot/message/reply') return key ? answer(response, 400, { message: 'Retry key is not supported' }) : answer(response, 200, { sentMessages: [{ id: '461230966842064897' }] });
  if (url !== '/v2/bot/message/push') return answer(response, 404, { message: 'Not found' });
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(key ?? '')) return answer(response, 400, { message: 'Invalid retry key' });
  const behaviour = behaves.shift();
  if (behaviour && !behaviour.accepts) return answer(response, behaviour.status, behaviour.body);
  if (accepted.has(key)) return answer(response, 409, { message: 'The retry key is already accepted', sentMessages: [{ id: '461230966842064897' }] });
  accepted.set(key, body);
  return answer(response, behaviour?.status ?? 200, behaviour?.body ?? { sentMessages: [{ id: '461230966842064897' }] });
}

/** The next thing LINE is asked. */
async function next() {
  for (let waited = 0; waited < 20_000; waited += 50) {
    if (asked.length > 0) return asked.shift();
    await sleep(50);
  }
  throw new Error(`LINE was asked nothing:\n${town.said.slice(-5).join('\n')}`);
}

/** Tells the town as LINE does. */
async function tell(event, secret = SECRET) {
  events += 1;
  const whole = { timestamp: Date.now(), mode: 'active', webhookEventId: `01FZ74A0TDDPYRVKNK77XKC3Z${events}`, deliveryContext: { isRedelivery: false }, source: { type: 'user', userId: HANAKO }, ...event };
  const call = { destination: 'U8e742f61d673b39c7fff3cecb7536ef0', events: [whole] };
  assert.deepEqual(mistakes('webhook.CallbackRequest', call), [], 'LINE would tell it so');
  const body = JSON.stringify(call);
  const signature = createHmac('SHA256', secret).update(body).digest('base64');
  assert.equal(validateSignature(body, SECRET, signature), secret === SECRET, 'the SDK says so, too');
  const answered = await fetch(`${town.origin}/line/webhook`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-line-signature': signature, 'user-agent': 'LineBotWebhook/2.0' }, body });
  return answered.status;
}

const post = (browser, path, fields) => desk.post(town, browser, path, fields);
const send = (title, body) => desk.send(town, staff, title, body);
const settings = async () => (await resident.open(`${town.origin}/inbox/settings`)).page;

before(async () => {
  platform = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => { text += part; });
    request.on('end', () => takes(request, response, JSON.parse(text)));
  });
  await new Promise((resolve) => platform.listen(0, '127.0.0.1', resolve));
  process.env.TEGATA_LINE_TOKEN = TOKEN;
  process.env.TEGATA_LINE_SECRET = SECRET;
  await town.choosePort();
  app = await App.start(town);
  town.offer(`
[line]
account = "@town"
api = "http://127.0.0.1:${platform.address().port}"
${desk.TOPIC}
${app.pack}`);
  await app.open();
  await app.signIn(resident);
  await joinStaff(town, staff);
});

after(async () => {
  app?.end();
  await town.end();
  platform.closeAllConnections();
  await new Promise((resolve) => platform.close(resolve));
});

test('the SDK\'s types tell a right request from a wrong one', () => {
  const right = { to: HANAKO, messages: [{ type: 'text', text: 'a' }] };
  assert.deepEqual(mistakes('messagingApi.PushMessageRequest', right), []);
  assert.notDeepEqual(mistakes('messagingApi.PushMessageRequest', { ...right, to: [HANAKO] }), []);
  assert.notDeepEqual(mistakes('messagingApi.PushMessageRequest', { ...right, invented: 1 }), []);
});

test('a friend is led to the page, agrees, and LINE says whose LINE it is', async () => {
  assert.equal(await tell({ type: 'follow', replyToken: 'nHuyWiB7yP5Zw52FIkcQobQuGDXCTA', follow: { isUnblocked: false } }), 200);
  assert.equal((await next()).path, `/v2/bot/user/${HANAKO}/linkToken`);
  const reply = await next();
  assert.deepEqual(mistakes('messagingApi.ReplyMessageRequest', reply.body), []);
  assert.equal(reply.body.replyToken, 'nHuyWiB7yP5Zw52FIkcQobQuGDXCTA');
  const link = new URL(reply.body.messages[0].text.split('\n').at(-1));
  assert.equal(link.origin, town.origin);
  const linkToken = link.searchParams.get('linkToken');
  assert.equal(linkToken, 'NMZTNuVrPTqlr2IF8Bnymkb7rXfYv5EY');
  assert.match((await resident.open(link.href)).page, /このLINEでも受けとりますか/);
  const agreed = await post(resident, '/inbox/line', { linkToken });
  assert.equal(agreed.status, 303, agreed.page);
  const leads = new URL(agreed.leads);
  assert.equal(leads.origin + leads.pathname, 'https://access.line.me/dialog/bot/accountLink');
  assert.equal(leads.searchParams.get('linkToken'), linkToken);
  const nonce = leads.searchParams.get('nonce');
  assert.ok(nonce.length >= 10 && nonce.length <= 255, 'as LINE asks of a nonce');
  assert.equal(Buffer.from(nonce, 'base64url').length, 32);
  assert.equal(await tell({ type: 'accountLink', replyToken: 'b60d432864f44d079f6d8efe86cf404b', link: { result: 'ok', nonce } }, 'forged'), 403);
  assert.equal(await tell({ type: 'accountLink', replyToken: 'b60d432864f44d079f6d8efe86cf404b', link: { result: 'ok', nonce } }), 200);
  assert.match((await next()).body.messages[0].text, /つながりました/);
  assert.match(await settings(), /からつながっています/);
});

test('a notice comes as LINE\'s types want it, and once however often it is tried', async () => {
  behaves.push({ status: 500, body: { message: 'Internal server error' }, accepts: true });
  await send('断水のお知らせ', '明日の9時から断水します。\n\n水をくみおきしてください。');
  const [first, again] = [await next(), await next()];
  assert.deepEqual(mistakes('messagingApi.PushMessageRequest', first.body), []);
  assert.equal(first.body.to, HANAKO);
  assert.match(first.body.messages[0].text, /^断水のお知らせ\n\n明日の9時から断水します。 水をくみおきしてください。\n\nお知らせを開く\nhttp/);
  assert.equal(again.key, first.key);
  await sleep(3000);
  assert.deepEqual(asked, [], '409 is a yes');
  assert.equal(accepted.size, 1);
  const opened = await resident.open(first.body.messages[0].text.split('\n').at(-1));
  assert.match(opened.page, /水をくみおきしてください/);
});

test('who blocked the town is written to no more, and is told so on the page', async () => {
  behaves.push({ status: 400, body: { message: 'Failed to send messages' } });
  await send('届かない知らせ', '本文');
  await next();
  for (let waited = 0; !(await settings()).includes('LINEから、届けられないという返事がありました'); waited += 100) {
    assert.ok(waited < 10_000, 'the settings say so');
    await sleep(100);
  }
  await send('もう送らない知らせ', '本文');
  await sleep(1500);
  assert.deepEqual(asked, []);
  assert.equal(await tell({ type: 'unfollow' }), 200);
  assert.doesNotMatch(await settings(), /からつながっています/);
});
