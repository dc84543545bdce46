// Where the reader is: the address as a signal, and the words of it. Addresses are `/app/e/<environment>/<page>` for what
// belongs to an environment and `/app/<page>` for the rest, so that a copied link means the same to everybody.

import { computed, signal } from "@preact/signals";

/** Before every path of the server: "" or "/prefix". */
export const base: string = document.querySelector<HTMLMetaElement>('meta[name="base-path"]')?.content ?? "";

const root = `${base}/app`;

interface Location {
  path: string;
  query: string;
}

function read(): Location {
  return { path: location.pathname.slice(root.length) || "/", query: location.search };
}

const here = signal<Location>(read());

/** The environment that the address names, if it names one. */
export const addressed = computed<string | null>(() => {
  const match = /^\/e\/([^/]+)/.exec(here.value.path);
  if (match?.[1] === undefined) return null;
  try {
    return decodeURIComponent(match[1]);
  } catch {
    return match[1];
  }
});

/** The page's own path, without the environment: `/connections/excel/ada`. */
export const path = computed<string>(() => here.value.path.replace(/^\/e\/[^/]+/, "").replace(/\/+$/, "") || "/");

/** The query of the address. Read it in a component and the component follows it. */
export const query = computed<URLSearchParams>(() => new URLSearchParams(here.value.query));

/** First words of the paths that belong to no environment. */
const OUTSIDE = new Set(["sign-in", "setup", "invitation", "account", "team", "audit", "health"]);

/** Whether a page's path belongs to an environment. */
export function belongsToEnvironment(page: string): boolean {
  return !OUTSIDE.has(page.split(/[/?#]/)[1] ?? "");
}

/** The environment whose pages are shown; kept for the next visit. */
export const environment = signal<string>(kept("environment") ?? "");

/** The address of a page's path: `href("/logs?state=failed")`. */
export function href(page: string, of: string = environment.value): string {
  return belongsToEnvironment(page) && of !== "" ? `${root}/e/${encodeURIComponent(of)}${page === "/" ? "" : page}` : `${root}${page}`;
}

/** Goes to a page's path. */
export function go(page: string, how: { replace?: boolean; environment?: string } = {}): void {
  const target = href(page, how.environment ?? environment.value);
  if (how.replace) history.replaceState(null, "", target);
  else history.pushState(null, "", target);
  here.value = read();
  if (!how.replace) scrollTo(0, 0);
}

/** Changes parts of the query; null or "" takes a part out. Does not add to the history unless told to. */
export function setQuery(changes: Record<string, string | null>, how: { push?: boolean } = {}): void {
  const next = new URLSearchParams(here.value.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") next.delete(name);
    else next.set(name, value);
  }
  const text = next.toString();
  const target = `${root}${here.value.path}${text && `?${text}`}`;
  if (how.push) history.pushState(null, "", target);
  else history.replaceState(null, "", target);
  here.value = read();
}

/** Follows the browser's buttons, and turns clicks on our own links into steps that load nothing. */
export function followBrowser(): void {
  addEventListener("popstate", () => {
    here.value = read();
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (link.pathname !== root && !link.pathname.startsWith(`${root}/`)) return;
    if (link.pathname === location.pathname && link.search === location.search && link.hash) return;
    event.preventDefault();
    history.pushState(null, "", link.href);
    here.value = read();
    scrollTo(0, 0);
  });
}

/** Something remembered in this browser; null where the browser keeps nothing. */
export function kept(name: string): string | null {
  try {
    return localStorage.getItem(`sheetbend.${name}`);
  } catch {
    return null;
  }
}

/** Remembers something in this browser; never a secret. */
export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`sheetbend.${name}`, value);
  } catch {
    // Private windows may refuse; the page works without.
  }
}
