// Ctrl+K: to any page, integration, connection or environment by a few letters.

import { signal } from "@preact/signals";
import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import type { ConnectionsPage } from "../../shared/internal.ts";
import { Icon } from "../components/icons.tsx";
import type { IconName } from "../components/icons.tsx";
import { useLoad } from "../components/load.ts";
import { api } from "./api.ts";
import { environment, go } from "./place.ts";
import type { Route } from "./route.ts";
import { mayWrite, session } from "./session.ts";
import { setTheme } from "./theme.ts";

export const paletteOpen = signal(false);

interface Entry {
  id: string;
  title: string;
  kind: string;
  icon: IconName;
  /** The keys that do the same from anywhere. */
  keys?: string | undefined;
  run(): void;
}

const WAIT_MS = 120;
const SHOWN = 12;

export function Palette({ routes }: { routes: readonly Route[] }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const connections = useConnections(text);
  const fixed = useFixed(routes);
  const entries = [...rank(fixed, text), ...connections].slice(0, SHOWN);
  const chosen = Math.min(at, entries.length - 1);
  const close = () => (paletteOpen.value = false);
  useEffect(() => {
    dialog.current?.showModal();
    return () => dialog.current?.close();
  }, []);
  useEffect(() => {
    list.current?.children[chosen]?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  const run = (entry: Entry | undefined) => {
    if (!entry) return;
    close();
    entry.run();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt((chosen + 1) % Math.max(1, entries.length));
    else if (event.key === "ArrowUp") setAt((chosen - 1 + entries.length) % Math.max(1, entries.length));
    else if (event.key === "Enter") run(entries[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <dialog ref={dialog} class="dialog palette" aria-label="Find" onCancel={close} onMouseDown={(event) => event.target === dialog.current && close()}>
      <div class="dialog-box">
        <div class="palette-field">
          <Icon name="search" />
          <input
            autofocus
            role="combobox"
            aria-expanded="true"
            aria-controls={id}
            aria-activedescendant={entries[chosen] ? `${id}-${chosen}` : undefined}
            aria-label="Find a page, an integration, a connection"
            placeholder="Find a page, an integration, a connection"
            value={text}
            onInput={(event) => {
              setText(event.currentTarget.value);
              setAt(0);
            }}
            onKeyDown={onKey}
          />
        </div>
        <ul id={id} ref={list} role="listbox" aria-label="Found" class="palette-list">
          {entries.map((entry, index) => (
            <li key={entry.id} id={`${id}-${index}`} role="option" aria-selected={index === chosen} onClick={() => run(entry)} onMouseMove={() => setAt(index)}>
              <Icon name={entry.icon} />
              <span class="cut grow">{entry.title}</span>
              <span class="soft small">{entry.kind}</span>
              {entry.keys !== undefined && <span class="palette-keys" aria-hidden="true">{entry.keys.split(" ").map((key) => <kbd key={key}>{key}</kbd>)}</span>}
            </li>
          ))}
        </ul>
        {entries.length === 0 && <p class="palette-none soft">Nothing is called that.</p>}
      </div>
    </dialog>
  );
}

function useFixed(routes: readonly Route[]): Entry[] {
  const integrations = useLoad(environment.value, (signal) => api.get("/integrations", { signal }));
  return useMemo(() => {
    const pages = routes.flatMap((route): Entry[] =>
      route.nav ? [{ id: route.path, title: route.nav.title, kind: "Page", icon: route.nav.icon, keys: route.nav.jump && `g ${route.nav.jump}`, run: () => go(route.path) }] : [],
    );
    const configured = (integrations.value?.data ?? []).map((one): Entry => ({
      id: `i/${one.unique_key}`,
      title: one.display_name === one.unique_key ? one.unique_key : `${one.display_name} (${one.unique_key})`,
      kind: "Integration",
      icon: "plug",
      run: () => go(`/integrations/${encodeURIComponent(one.unique_key)}`),
    }));
    const others = (session.value?.environments ?? []).filter((one) => one.name !== environment.value);
    const environments = others.map((one): Entry => ({
      id: `e/${one.name}`,
      title: one.name,
      kind: "Environment",
      icon: "globe",
      run: () => {
        environment.value = one.name;
        go("/", { environment: one.name });
      },
    }));
    return [...pages, ...configured, ...environments, ...commands()];
  }, [routes, integrations.value]);
}

function commands(): Entry[] {
  const changes: Entry[] = [
    { id: "new", title: "New integration", kind: "Do", icon: "plus", run: () => go("/integrations/new") },
    { id: "test", title: "Add test connection", kind: "Do", icon: "plus", run: () => go("/connections?add=1") },
  ];
  return [
    ...(mayWrite.value ? changes : []),
    { id: "account", title: "Account", kind: "Page", icon: "person", run: () => go("/account") },
    { id: "dark", title: "Dark theme", kind: "Do", icon: "moon", run: () => setTheme("dark") },
    { id: "light", title: "Light theme", kind: "Do", icon: "sun", run: () => setTheme("light") },
  ];
}

function useConnections(text: string): Entry[] {
  const [asked, setAsked] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text.trim()), WAIT_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const found = useLoad(asked.length >= 2 ? asked : null, (signal) =>
    api.internal<ConnectionsPage>("get", "/connections", { query: { search: asked, limit: 6 }, signal }),
  );
  if (asked.length < 2) return [];
  return (found.value?.data ?? []).map((one) => ({
    id: `c/${one.integration}/${one.connection_id}`,
    title: one.end_user?.email ?? one.end_user?.display_name ?? one.connection_id,
    kind: one.integration,
    icon: "people",
    run: () => go(`/connections/${encodeURIComponent(one.integration)}/${encodeURIComponent(one.connection_id)}`),
  }));
}

/** Entries that have the letters in order; beginnings of words first. */
export function rank<T extends { title: string }>(entries: readonly T[], text: string): T[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return [...entries];
  const scored = entries.map((entry) => ({ entry, score: score(entry.title.toLowerCase(), wanted) }));
  return scored.filter((one) => one.score > 0).sort((a, b) => b.score - a.score).map((one) => one.entry);
}

function score(title: string, wanted: string): number {
  if (title.startsWith(wanted)) return 4;
  if (title.split(/[\s\-_(]+/).some((word) => word.startsWith(wanted))) return 3;
  if (title.includes(wanted)) return 2;
  let from = 0;
  for (const letter of wanted) {
    from = title.indexOf(letter, from) + 1;
    if (from === 0) return 0;
  }
  return 1;
}
