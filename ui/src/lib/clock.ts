/** The server's time as this device knows it: its own clock plus the difference seen at the last answer. */
export class ServerClock {
  /** Milliseconds to add to this device's clock. */
  offsetMs: number;

  constructor(offsetMs = 0) {
    this.offsetMs = offsetMs;
  }

  now(): number {
    return Date.now() + this.offsetMs;
  }

  /** Learns from an answer that was asked at `askedAt` and arrived at `arrivedAt` (both this device's milliseconds). */
  learn(serverTime: string, askedAt: number, arrivedAt: number): void {
    const server = Date.parse(serverTime);
    if (Number.isFinite(server)) this.offsetMs = Math.round(server - (askedAt + arrivedAt) / 2);
  }

  /** How many seconds this device is off, when that is more than people's clocks usually are. */
  wrongBySeconds(toleratedSeconds = 30): number | undefined {
    const seconds = Math.round(Math.abs(this.offsetMs) / 1000);
    return seconds > toleratedSeconds ? seconds : undefined;
  }
}

/** Today in Japan as YYYY-MM-DD, at a moment given in milliseconds. */
export function japanDay(milliseconds: number): string {
  return new Date(milliseconds + 9 * 3_600_000).toISOString().slice(0, 10);
}

export const timeOf = (milliseconds: number): string =>
  new Intl.DateTimeFormat(document.documentElement.lang || 'ja', { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false, timeZone: 'Asia/Tokyo' }).format(milliseconds);

export const dayAndTimeOf = (milliseconds: number): string =>
  new Intl.DateTimeFormat(document.documentElement.lang || 'ja', { month: 'long', day: 'numeric', hour: 'numeric', minute: '2-digit', hour12: false, timeZone: 'Asia/Tokyo' }).format(milliseconds);

/** A day written YYYY-MM-DD as people write it in the page's language. */
export const dayOf = (day: string): string =>
  new Intl.DateTimeFormat(document.documentElement.lang || 'ja', { dateStyle: 'long', timeZone: 'UTC' }).format(Date.parse(`${day}T00:00:00Z`));

/** How old something is, in the largest whole unit, in the page's language. */
export function agoOf(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const [value, unit] = seconds < 60 ? [seconds, 'second' as const] : seconds < 3600 ? [Math.floor(seconds / 60), 'minute' as const]
    : seconds < 86_400 ? [Math.floor(seconds / 3600), 'hour' as const] : [Math.floor(seconds / 86_400), 'day' as const];
  return new Intl.RelativeTimeFormat(document.documentElement.lang || 'ja', { numeric: 'always' }).format(-value, unit);
}
