// The modules of `later.ts` and their texts: here or on their way.

import { loadLaterTexts } from "./i18n/index.ts";

export type Rest = typeof import("./later.ts");

let loading: Promise<Rest> | null = null;

/** The modules, once they are here. A click must find them here: a window opens only in the click itself. */
export let rest: Rest | null = null;

/** Begins to load them. A failure is forgotten, so that the next call tries again. */
export function loadRest(): Promise<Rest> {
  loading ??= Promise.all([import("./later.ts"), loadLaterTexts()]).then(
    ([loaded]) => (rest = loaded),
    (error: unknown) => {
      loading = null;
      throw error;
    },
  );
  return loading;
}
