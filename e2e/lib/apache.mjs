// A website of the town's on Apache, protected by Debian's mod_auth_openidc: the other independent client.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './port.mjs';

// Started by root, Apache serves as somebody else; started by anybody else, it does not look at this.
const RUNS_AS = 'www-data';
const MODULES = '/usr/lib/apache2/modules';
const NEEDED = { mpm_event: 'mpm_event', authz_core: 'authz_core', authn_core: 'authn_core', authz_user: 'authz_user', headers: 'headers', dir: 'dir', mime: 'mime', include: 'include', auth_openidc: 'auth_openidc' };

export class Apache {
  constructor(port) {
    this.port = port;
    this.origin = `http://localhost:${port}`;
  }

  static async prepare() {
    if (!existsSync(`${MODULES}/mod_auth_openidc.so`)) throw new Error('libapache2-mod-auth-openidc is missing');
    return new Apache(await freePort());
  }

  get callback() { return `${this.origin}/inside/callback`; }

  async start({ issuer, id, secret }) {
    const folder = this.folder = mkdtempSync(join(tmpdir(), 'tegata-apache-'));
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'site/inside'), { recursive: true });
    // Server-side includes show what the module was told.
    writeFileSync(join(folder, 'site/inside/index.shtml'), '<!doctype html><title>Apache</title><p id="user"><!--#echo var="REMOTE_USER" --></p><p id="resident"><!--#echo var="OIDC_CLAIM_resident" --></p>');
    writeFileSync(join(folder, 'site/index.html'), '<!doctype html><title>Apache</title><p id="out">out</p>');
    writeFileSync(join(folder, 'httpd.conf'), `
ServerRoot ${folder}
PidFile ${folder}/pid
Mutex file:${folder}
ServerName localhost
Listen 127.0.0.1:${this.port}
${Object.entries(NEEDED).map(([name, file]) => `LoadModule ${name}_module ${MODULES}/mod_${file}.so`).join('\n')}
User ${RUNS_AS}
Group ${RUNS_AS}
ErrorLog ${folder}/error.log
LogLevel auth_openidc:debug
TypesConfig /dev/null
AddType text/html .html
DocumentRoot ${folder}/site
<Directory ${folder}/site>
  Require all granted
</Directory>
OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration
OIDCClientID ${id}
OIDCClientSecret ${secret}
OIDCProviderTokenEndpointAuth client_secret_basic
OIDCRedirectURI ${this.callback}
OIDCCryptoPassphrase ${id}
OIDCScope "openid resident"
OIDCPKCEMethod S256
OIDCIDTokenSignedResponseAlg RS256
OIDCRemoteUserClaim sub
OIDCCacheType shm
<Location /inside>
  AuthType openid-connect
  Require valid-user
  Options +Includes
  AddType text/html .shtml
  AddOutputFilter INCLUDES .shtml
  DirectoryIndex index.shtml
</Location>
`);
    this.process = spawn('/usr/sbin/apache2', ['-f', join(folder, 'httpd.conf'), '-DFOREGROUND'], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.process.stderr.on('data', (words) => { this.said = `${this.said ?? ''}${words}`; });
    for (let tries = 0; tries < 100; tries++) {
      if (this.process.exitCode !== null) throw new Error(`apache2 ended:\n${this.log()}`);
      if (await fetch(this.origin).then((answer) => answer.ok, () => false)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`apache2 does not answer:\n${this.log()}`);
  }

  log() {
    const path = join(this.folder, 'error.log');
    return `${this.said ?? ''}\n${existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(-40).join('\n') : ''}`;
  }

  async stop() {
    if (this.process && this.process.exitCode === null) {
      const ended = once(this.process, 'exit');
      this.process.kill('SIGTERM');
      await ended;
    }
    if (this.folder) rmSync(this.folder, { recursive: true, force: true });
  }
}
