// Loads the page of the address and draws it; a page that cannot be loaded or breaks says so.

import { Component } from "preact";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Empty, Notice, Skeleton } from "../components/states.tsx";
import { onReturn } from "./api.ts";
import { addressed, belongsToEnvironment, environment, href, kept, keep, path } from "./place.ts";
import { find } from "./route.ts";
import type { PageModule, Route } from "./route.ts";
import { serves, session, unreachableSince } from "./session.ts";

const RELOAD_AGAIN_MS = 60_000;

const loaded = new Map<Route, PageModule>();

export function PageOutlet({ routes }: { routes: readonly Route[] }) {
  const here = path.value;
  const found = find(routes, here);
  const route = found && serves(found.route) ? found.route : null;
  const module = useModule(route);
  useEffect(() => {
    if (module.page) document.title = `${module.page.title} · Sheetbend`;
  }, [module.page]);
  useEffect(() => {
    if (module.page) announce();
  }, [here, module.page]);
  if (!found) return <NoPage />;
  const closed = belongsToEnvironment(here) ? closedEnvironment() : null;
  if (closed !== null) return <NoEnvironment name={closed} />;
  if (!route) return <NotYours of={found.route} />;
  if (module.failed) return <NotLoaded />;
  if (!module.page) return <Skeleton rows={8} />;
  const Page = module.page.default;
  return (
    <div class={found.route.full ? "page full" : "page"}>
      <Boundary key={here}>
        <Page params={found.params} />
      </Boundary>
    </div>
  );
}

function useModule(route: Route | null): { page: PageModule | null; failed: boolean } {
  const [arrived, setArrived] = useState<{ route: Route; failed: boolean } | null>(null);
  const page = route ? (loaded.get(route) ?? null) : null;
  useEffect(() => {
    if (!route || loaded.has(route)) return;
    let wanted = true;
    const done = (failed: boolean) => {
      if (wanted) setArrived({ route, failed });
    };
    route.load().then(
      (module) => {
        loaded.set(route, module);
        done(false);
      },
      () => done(true),
    );
    return () => {
      wanted = false;
    };
  }, [route]);
  return { page, failed: !page && arrived?.route === route && arrived.failed };
}

/** The browser remembers that a module did not come, so only the whole page can be loaded again. */
function NotLoaded() {
  useEffect(() => {
    if (unreachableSince.peek() === null && mayReload()) location.reload();
    return onReturn(() => location.reload());
  }, []);
  return (
    <Notice kind="bad" title="This page could not be loaded." actions={<button onClick={() => location.reload()}>Reload</button>}>
      <p>The server may have been updated or be gone.</p>
    </Notice>
  );
}

/** Once a while: after an update the old page's files are gone, and a reload helps; against all else it must not go on. */
function mayReload(): boolean {
  const last = Number(kept("reloaded") ?? 0);
  if (Date.now() - last < RELOAD_AGAIN_MS) return false;
  keep("reloaded", String(Date.now()));
  return true;
}

/** A new page is told to screen readers by its heading, as a loaded one would be. */
function announce(): void {
  const active = document.activeElement;
  if (active && active !== document.body && active.closest("main, dialog, [role=menu]")) return;
  document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
}

/** The environment of the address where this person has no role, "" where there is none at all; null when all is well. */
function closedEnvironment(): string | null {
  const own = session.value?.environments.map((one) => one.name) ?? [];
  const wanted = addressed.value ?? own[0] ?? "";
  return own.includes(wanted) ? null : wanted;
}

function NoEnvironment({ name }: { name: string }) {
  const other = session.value?.environments[0]?.name;
  return (
    <Empty
      page
      icon="shield"
      title={name === "" ? "No environment is open to you yet" : `The environment ${name} is not open to you`}
      actions={
        other && (
          <a class="button" href={href("/", other)}>
            Go to {other}
          </a>
        )
      }
    >
      <p>An owner gives roles under Team. The address may also be old: environments can be deleted.</p>
    </Empty>
  );
}

function NotYours({ of }: { of: Route }) {
  const where = belongsToEnvironment(of.path) ? ` in ${environment.value}` : "";
  return (
    <Empty page icon="shield" title="Your role does not include this page" actions={<a class="button" href={href("/")}>Go home</a>}>
      <p>{of.for === "owner" ? "It is for owners." : `It is for owners and for developers${where}.`} An owner can change your role under Team, or do for you what you came for.</p>
    </Empty>
  );
}

function NoPage() {
  return (
    <Empty page icon="search" title="There is no such page" actions={<a class="button" href={href("/")}>Go home</a>}>
      <p>The address may be old or mistyped.</p>
    </Empty>
  );
}

class Boundary extends Component<{ children: ComponentChildren }, { broken: string | null }> {
  override state: { broken: string | null } = { broken: null };

  override componentDidCatch(error: unknown): void {
    console.error(error);
    this.setState({ broken: error instanceof Error ? error.message : String(error) });
  }

  override render() {
    if (this.state.broken === null) return this.props.children;
    return (
      <Notice kind="bad" title="This page broke." actions={<button onClick={() => this.setState({ broken: null })}>Try again</button>}>
        <p>It is a fault of ours. Nothing was changed by it.</p>
        <p class="mono small">{this.state.broken}</p>
      </Notice>
    );
  }
}
