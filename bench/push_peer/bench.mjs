// Messages encrypted and signed by npm web-push, each for a browser of its own: node bench.mjs [messages]. Prints a line as `tegata bench push --json` does.
import { createECDH, randomBytes } from 'node:crypto';
import webpush from 'web-push';

const n = Number(process.argv[2] ?? 2000);
const browsers = Array.from({ length: 500 }, () => {
  const key = createECDH('prime256v1');
  key.generateKeys();
  return { p256dh: key.getPublicKey('base64url'), auth: randomBytes(16).toString('base64url') };
});
const { publicKey, privateKey } = webpush.generateVAPIDKeys();
const vapidDetails = { subject: 'https://passport.example', publicKey, privateKey };
const text = JSON.stringify({ title: '断水のお知らせ', body: '明日の午前9時から午後3時まで断水します。', href: '/inbox/1' });

const [start, cpu] = [process.hrtime.bigint(), process.cpuUsage()];
for (let number = 0; number < n; number++) {
  const subscription = { endpoint: `https://push.example/${number}`, keys: browsers[number % browsers.length] };
  const request = webpush.generateRequestDetails(subscription, text, { vapidDetails, contentEncoding: 'aes128gcm' });
  if (request.body.length < text.length || !request.headers.Authorization.startsWith('vapid t=')) throw new Error('no message');
}
const used = process.cpuUsage(cpu);
const [wall_s, cpu_s] = [Number(process.hrtime.bigint() - start) / 1e9, (used.user + used.system) / 1e6];
console.log(JSON.stringify({ job: 'push: npm web-push', n, wall_s, cpu_s, per_cpu_s: n / cpu_s }));
