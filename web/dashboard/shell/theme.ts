// Light, dark, or what the system says.

import { signal } from "@preact/signals";
import { keep, kept } from "./place.ts";

export type Theme = "system" | "light" | "dark";

const known: readonly string[] = ["light", "dark"];
const stored = kept("theme") ?? "";

export const theme = signal<Theme>(known.includes(stored) ? (stored as Theme) : "system");

/** Dresses the page; call it once before the first picture. */
export function dress(): void {
  const root = document.documentElement;
  if (theme.value === "system") delete root.dataset["theme"];
  else root.dataset["theme"] = theme.value;
}

export function setTheme(next: Theme): void {
  theme.value = next;
  keep("theme", next);
  dress();
}
