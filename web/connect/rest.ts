// The modules of `later.ts`: here or on their way.

export type Rest = typeof import("./later.ts");

let loading: Promise<Rest> | null = null;

/** The modules, once they are here. A click must find them here: a window opens only in the click itself. */
export let rest: Rest | null = null;

/** Begins to load them. A failure is forgotten, so that the next call tries again. */
export function loadRest(): Promise<Rest> {
  loading ??= import("./later.ts").then(
    (loaded) => (rest = loaded),
    (error: unknown) => {
      loading = null;
      throw error;
    },
  );
  return loading;
}
