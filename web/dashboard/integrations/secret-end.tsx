// When a client secret ends, louder as the day comes.

import { Badge, onDay, since } from "../components/text.tsx";

const DAY_MS = 86_400_000;
const SOON_DAYS = 30;

export type Ending = "unknown" | "far" | "soon" | "over";

export function ending(at: string | null | undefined, now: number = Date.now()): Ending {
  if (!at) return "unknown";
  const left = Date.parse(at) - now;
  if (Number.isNaN(left)) return "unknown";
  return left <= 0 ? "over" : left < SOON_DAYS * DAY_MS ? "soon" : "far";
}

export function SecretEnd({ at }: { at: string | null | undefined }) {
  const state = ending(at);
  if (state === "unknown" || !at) return <span class="soft">–</span>;
  const title = onDay(at);
  if (state === "over") return <span title={title}><Badge tone="bad">ended {since(Date.parse(at))}</Badge></span>;
  if (state === "soon") return <span title={title}><Badge tone="wait">ends {since(Date.parse(at))}</Badge></span>;
  return <span class="soft" title={title}>ends {title}</span>;
}
