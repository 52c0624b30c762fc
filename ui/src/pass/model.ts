/** What `GET /api/v1/me/cards` answers, and what the phone keeps to show without a network. */
export interface CardsAnswer { server_time: string; cards: CardJson[] }

export interface CardJson {
  id: string; programme: string; title: string; town?: string; holder_label: string; valid_until: string | null; until_label?: string; color?: string; icon?: string;
  state: 'live' | 'ended' | 'waiting'; state_label?: string; reason?: string | null;
  credential?: string | null; disclosures?: string[]; /** Names of the claims to open; all that came, when left out. */ show?: string[];
  back?: { label: string; value: string }[]; links?: { label: string; href: string }[];
}

/** The last answer, when it was asked (server's clock), how far this phone's clock is off, and the centre's time in it: told back, it says what came. */
export interface Kept { cards: CardJson[]; checkedMs: number; offsetMs: number; answeredAt?: string }

export type Shown =
  | { state: 'live'; qr: true }
  | { state: 'offline'; qr: true }
  | { state: 'ended' | 'waiting'; qr: false; because: 'server' | 'expired' | 'no_credential' };

/** How a card is shown today (a day in Japan) when the last answer is, or is not, from this moment. */
export function showing(card: CardJson, today: string, online: boolean): Shown {
  if (card.state !== 'live') return { state: card.state, qr: false, because: 'server' };
  if (card.valid_until && today > card.valid_until) return { state: 'ended', qr: false, because: 'expired' };
  if (!card.credential) return { state: 'waiting', qr: false, because: 'no_credential' };
  return online ? { state: 'live', qr: true } : { state: 'offline', qr: true };
}

/** Knowledge older than this is told more strongly. */
export const OLD_AFTER_MS = 24 * 3_600_000;
