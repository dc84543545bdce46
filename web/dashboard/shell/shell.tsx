// The frame: navigation, environment, the page.

import { signal } from "@preact/signals";
import { Icon, Knot } from "../components/icons.tsx";
import { Toasts } from "../components/toast.tsx";
import { Gone } from "./gone.tsx";
import { KeyList, keyListOpen } from "./key-list.tsx";
import { useKeys } from "./keys.ts";
import { EnvironmentSwitch, PersonMenu } from "./menus.tsx";
import { PageOutlet } from "./outlet.tsx";
import { Palette, paletteOpen } from "./palette.tsx";
import { environment, go, href, path } from "./place.ts";
import type { Route } from "./route.ts";
import { serves } from "./session.ts";

const GROUPS = { build: "Build", watch: "Watch", settings: "Settings" } as const;

const narrowOpen = signal(false);

/** The routes that this person has in the navigation. */
export function inNavigation(routes: readonly Route[]): Route[] {
  return routes.filter((route) => route.nav && serves(route));
}

export function Shell({ routes }: { routes: readonly Route[] }) {
  const shown = inNavigation(routes);
  useKeys("Everywhere", [
    { keys: "mod+k", what: "Find a page, an integration, a connection", run: () => (paletteOpen.value = true), inFields: true },
    { keys: "?", what: "List the keys", run: () => (keyListOpen.value = true) },
    { keys: "/", what: "Search", run: focusSearch },
    ...shown.flatMap(({ nav, path: to }) =>
      nav?.jump ? [{ keys: `g ${nav.jump}`, what: `Go to ${nav.title}`, run: () => go(to) }] : [],
    ),
  ]);
  return (
    <div class="frame">
      <a class="skip button" href="#content">
        Skip to content
      </a>
      <header class="bar">
        <button type="button" class="glyph quiet" aria-label="Navigation" aria-expanded={narrowOpen.value} onClick={() => (narrowOpen.value = !narrowOpen.value)}>
          <Icon name="menu" />
        </button>
        <a class="brand" href={href("/")}>
          <Knot /> Sheetbend
        </a>
        <button type="button" class="glyph quiet" aria-label="Find" onClick={() => (paletteOpen.value = true)}>
          <Icon name="search" />
        </button>
      </header>
      <Gone />
      {narrowOpen.value && <div class="sidebar-veil" onClick={() => (narrowOpen.value = false)} />}
      <Sidebar routes={shown} />
      <main id="content" class="content" tabIndex={-1} key={environment.value}>
        <PageOutlet routes={routes} />
      </main>
      <Toasts />
      {paletteOpen.value && <Palette routes={shown} />}
      {keyListOpen.value && <KeyList />}
    </div>
  );
}

function Sidebar({ routes }: { routes: readonly Route[] }) {
  return (
    <aside
      aria-label="Navigation and environment"
      class={narrowOpen.value ? "sidebar open" : "sidebar"}
      onClick={(event) => {
        if (event.target instanceof Element && event.target.closest("a")) narrowOpen.value = false;
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") narrowOpen.value = false;
      }}
    >
      <a class="brand" href={href("/")}>
        <Knot /> Sheetbend
      </a>
      <EnvironmentSwitch />
      <button type="button" class="find" onClick={() => (paletteOpen.value = true)}>
        <Icon name="search" />
        <span class="grow">Find…</span>
        <kbd>{/Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘" : "Ctrl"} K</kbd>
      </button>
      <nav aria-label="Main" class="stack">
        {(Object.keys(GROUPS) as (keyof typeof GROUPS)[]).map((group) => (
          <NavGroup key={group} title={GROUPS[group]} routes={routes.filter((route) => route.nav?.group === group)} />
        ))}
      </nav>
      <div class="spring" />
      <PersonMenu />
    </aside>
  );
}

function NavGroup({ title, routes }: { title: string; routes: readonly Route[] }) {
  if (routes.length === 0) return null;
  const id = `nav-${title}`;
  return (
    <div>
      <p class="nav-title" id={id}>
        {title}
      </p>
      <ul class="nav" aria-labelledby={id}>
        {routes.map((route) => route.nav && (
          <li key={route.path}>
            <a href={href(route.path)} aria-current={isHere(route.path) ? "page" : undefined}>
              <Icon name={route.nav.icon} />
              {route.nav.title}
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}

function isHere(of: string): boolean {
  return of === "/" ? path.value === "/" : path.value === of || path.value.startsWith(`${of}/`);
}

/** `/` goes to the page's own search where it has one. */
function focusSearch(): void {
  const field = document.querySelector<HTMLInputElement>("main [type=search]");
  if (field) {
    field.focus();
    field.select();
  } else paletteOpen.value = true;
}
