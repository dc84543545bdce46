// The dashboard's calls: as the signed-in person, in the environment that is shown.

import { calls } from "../../shared/api.ts";
import type { Failure } from "../../shared/api.ts";
import type { Session } from "../../shared/internal.ts";
import { base, environment } from "./place.ts";
import { enter, session, unreachableSince } from "./session.ts";

const AGAIN_AFTER_MS = [500, 1000, 2000, 4000];
/** How often a page that asks nothing by itself looks whether the server is there. */
const LOOK_MS = 5000;

export const api = calls({
  base,
  headers(method): Record<string, string> {
    const headers: Record<string, string> = {};
    if (environment.value !== "") headers["Sheetbend-Environment"] = environment.value;
    if (method !== "GET") headers["Sheetbend-CSRF"] = session.value?.csrf_token ?? "1";
    return headers;
  },
  seen(failure, path) {
    if (failure?.kind === "cancelled") return;
    if (failure?.kind === "unreachable") return lost();
    unreachableSince.value = null;
    if (failure?.status === 401 && signedOut(failure, path)) enter(null);
  },
});

/** A wrong password is a 401 too, and signs nobody out. */
function signedOut(failure: Failure, path: string): boolean {
  return session.value !== null && !path.startsWith("/internal/sign-in") && failure.code === "not_signed_in";
}

/** Asks who is signed in. Answers the failure where the server did not say. */
export async function whoIsHere(): Promise<Failure | null> {
  const answer = await api.internal<Session>("get", "/session");
  if (answer.ok) enter(answer.value);
  else if (answer.failure.status === 401) enter(null);
  else return answer.failure;
  return null;
}

let asking = false;

/** The server is gone: says so, and asks until it is back. */
function lost(): void {
  unreachableSince.value ??= Date.now();
  if (asking) return;
  asking = true;
  void ask(0);
}

async function ask(turn: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS[Math.min(turn, AGAIN_AFTER_MS.length - 1)]));
  if (!(await answers())) return ask(turn + 1);
  asking = false;
  unreachableSince.value = null;
  returned.forEach((then) => then());
}

async function answers(): Promise<boolean> {
  const answer = await fetch(`${base}/health`, { cache: "no-store" }).catch(() => null);
  return answer?.ok === true;
}

/** Looks after the server, so that every page says when it is gone. */
export function watchServer(): void {
  const look = async () => {
    if (!document.hidden && !asking && !(await answers())) lost();
  };
  setInterval(() => void look(), LOOK_MS);
  document.addEventListener("visibilitychange", () => void look());
  addEventListener("offline", () => void look());
}

const returned = new Set<() => void>();

/** Calls back when a lost server is there again; answers how to stop that. */
export function onReturn(then: () => void): () => void {
  returned.add(then);
  return () => returned.delete(then);
}
