// Marking a span of bars by keyboard, as the pointer does by dragging.

/** The bar under the cursor, and the one where marking began. */
export interface Spot {
  at: number;
  from: number;
}

/** How far the page keys go. */
const PAGE = 10;

/** Where a key takes the cursor among `count` bars, or null for keys that do not move it; with `wide` the mark grows. */
export function moved(spot: Spot | null, key: string, wide: boolean, count: number): Spot | null {
  const last = count - 1;
  const at = spot?.at ?? count;
  const target: Record<string, number> = {
    ArrowLeft: at - 1, ArrowRight: spot === null ? last : at + 1, PageUp: at - PAGE, PageDown: at + PAGE, Home: 0, End: last,
  };
  const wanted = target[key];
  if (wanted === undefined || count === 0) return null;
  const next = Math.min(last, Math.max(0, wanted));
  return { at: next, from: wide ? spot?.from ?? next : next };
}
