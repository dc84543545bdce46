// The shape of the route table, and how a path finds its page.

import type { ComponentType } from "preact";
import type { IconName } from "../components/icons.tsx";

/** What a page's module exports. */
export interface PageModule {
  /** Gets the values of `:names` in its path. Reads the query from `place.ts`. */
  default: ComponentType<{ params: Record<string, string> }>;
  /** Stands in the window's title. */
  title: string;
}

export interface Route {
  /** Segments; `:name` takes one segment, which is decoded. */
  path: string;
  load(): Promise<PageModule>;
  /** Its place in the navigation, if it has one. */
  nav?: { title: string; icon: IconName; group: "build" | "watch" | "settings"; jump?: string };
  /** Whom it serves; others are told who can help. What a call may do is for the server to say. */
  for?: "owner" | "developer";
  /** Uses the whole width. */
  full?: boolean;
}

export interface Found {
  route: Route;
  params: Record<string, string>;
}

/** The first route whose path fits. */
export function find(routes: readonly Route[], path: string): Found | null {
  const given = path.split("/").filter(Boolean);
  for (const route of routes) {
    const wanted = route.path.split("/").filter(Boolean);
    if (wanted.length !== given.length) continue;
    const params = fit(wanted, given);
    if (params) return { route, params };
  }
  return null;
}

function fit(wanted: readonly string[], given: readonly string[]): Record<string, string> | null {
  const params: Record<string, string> = {};
  for (const [index, word] of wanted.entries()) {
    const value = given[index] ?? "";
    if (word.startsWith(":")) {
      try {
        params[word.slice(1)] = decodeURIComponent(value);
      } catch {
        return null;
      }
    } else if (word !== value) return null;
  }
  return params;
}
