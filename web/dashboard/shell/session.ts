// Who is signed in, and what that person may do where.

import { batch, computed, signal } from "@preact/signals";
import type { Role, Session } from "../../shared/internal.ts";
import { addressed, belongsToEnvironment, environment, keep } from "./place.ts";
import type { Route } from "./route.ts";

/** `undefined` until the server was asked, `null` while nobody is signed in. */
export const session = signal<Session | null | undefined>(undefined);

/** What the server's absence looks like; null while it answers. */
export const unreachableSince = signal<number | null>(null);

export const role = computed<Role>(() => {
  const found = session.value?.environments.find((one) => one.name === environment.value);
  return found?.role ?? (session.value?.user.owner ? "owner" : "support");
});

/** Whether the person may change things in this environment. */
export const mayWrite = computed<boolean>(() => role.value !== "support");

export const isOwner = computed<boolean>(() => session.value?.user.owner ?? false);

/** Whether a page serves this person: here, or for a page of no environment anywhere. */
export function serves(route: Route): boolean {
  if (route.for === undefined || isOwner.value) return true;
  if (route.for === "owner") return false;
  if (belongsToEnvironment(route.path)) return mayWrite.value;
  return session.value?.environments.some((one) => one.role !== "support") ?? false;
}

/** Takes a session over and settles which environment is shown: the address's, the last one, the first. */
export function enter(next: Session | null): void {
  batch(() => {
    session.value = next;
    settle();
  });
}

/** Shows the environment that the address names, as far as the person has it. */
export function settle(): void {
  const names = session.value?.environments.map((one) => one.name) ?? [];
  const wanted = [addressed.value, environment.value, names[0]].find((name) => name && names.includes(name));
  if (wanted && wanted !== environment.value) {
    environment.value = wanted;
    keep("environment", wanted);
  }
}
