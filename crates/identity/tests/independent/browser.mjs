// As much of a browser as a sign-in needs: cookies by server, no script, redirects one by one.
export class Browser {
  #cookies = new Map();

  async open(address, form) {
    const { origin } = new URL(address);
    const jar = this.#cookies.get(origin) ?? new Map();
    this.#cookies.set(origin, jar);
    const headers = { accept: 'text/html', cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '), 'user-agent': 'Firefox/150 Linux' };
    if (form) Object.assign(headers, { origin, 'content-type': 'application/x-www-form-urlencoded' });
    const body = form && new URLSearchParams(form).toString();
    const answer = await fetch(address, { method: form ? 'POST' : 'GET', headers, body, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [pair, ...about] = line.split(';').map((part) => part.trim());
      const [name, ...value] = pair.split('=');
      const over = about.some((word) => /^max-age=0$/i.test(word) || /^expires=Thu, 01 Jan 1970/i.test(word));
      if (over) jar.delete(name);
      else jar.set(name, value.join('='));
    }
    const leads = answer.headers.get('location') ?? answer.headers.get('refresh')?.replace(/^0; url=/, '');
    return { status: answer.status, leads: leads && new URL(leads, address).href, page: await answer.text(), address };
  }

  /** Goes on as long as it is led on within a server. */
  async follow(address) {
    let seen = await this.open(address);
    while (seen.leads && new URL(seen.leads).origin === new URL(seen.address).origin) seen = await this.open(seen.leads);
    return seen;
  }

  /** What a request of another program sends along to be this browser. */
  cookies(address) {
    return [...this.#cookies.get(new URL(address).origin) ?? []].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  has(address, name) {
    return this.#cookies.get(new URL(address).origin)?.has(name) ?? false;
  }
}
