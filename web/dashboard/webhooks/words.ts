// Words of outgoing webhooks.

import type { Tone } from "../components/text.tsx";

export const STATES = [
  { value: "pending", name: "Pending" },
  { value: "delivered", name: "Delivered" },
  { value: "failed", name: "Failed" },
] as const;

export const EVENTS = [
  { value: "auth.creation", name: "New connection" },
  { value: "auth.override", name: "Connection connected again" },
  { value: "auth.refresh", name: "Refresh failed" },
  { value: "auth.deletion", name: "Connection deleted" },
] as const;

export function stateName(state: string): string {
  return STATES.find((one) => one.value === state)?.name ?? state;
}

export function toneOf(state: string): Tone {
  return state === "delivered" ? "good" : state === "failed" ? "bad" : "wait";
}
