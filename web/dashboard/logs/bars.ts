// How many operations began when.

import type { Bucket } from "../components/chart.tsx";
import { api } from "../shell/api.ts";

const BARS = 60;

export interface Bars {
  buckets: Bucket[];
  stepMs: number;
  /** False where the server estimated. */
  exact: boolean;
}

interface Told {
  step_ms: number;
  exact?: boolean;
  buckets: { at: number | string; total: number; failed: number }[];
}

/** Asks for the bars of some conditions; null where there was no answer. */
export async function askBars(query: Record<string, string>, signal: AbortSignal): Promise<Bars | null> {
  const answer = await api.internal<Told>("get", "/logs/histogram", { query: { ...query, buckets: BARS }, signal });
  if (!answer.ok) return null;
  const { step_ms, exact, buckets } = answer.value;
  return { stepMs: step_ms, exact: exact ?? true, buckets: buckets.map((bucket) => ({ ...bucket, at: new Date(bucket.at).getTime() })) };
}
