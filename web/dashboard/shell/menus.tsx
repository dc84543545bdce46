// Choosing the environment, and the person's own menu.

import { Icon } from "../components/icons.tsx";
import { Menu } from "../components/menu.tsx";
import type { Item } from "../components/menu.tsx";
import { api } from "./api.ts";
import { keyListOpen } from "./key-list.tsx";
import { environment, go, keep, path } from "./place.ts";
import { enter, session } from "./session.ts";
import { setTheme, theme } from "./theme.ts";
import type { Theme } from "./theme.ts";

export function EnvironmentSwitch() {
  const known = session.value?.environments ?? [];
  const current = known.find((one) => one.name === environment.value);
  return (
    <Menu
      class="environment"
      wide
      button={
        <>
          <span class="line stay cut">
            <span class={isProduction(environment.value, current?.is_production) ? "spot production" : "spot"} aria-hidden="true" />
            <span class="cut">
              <span class="unseen">Environment: </span>
              {environment.value || "No environment"}
            </span>
          </span>
          <Icon name="updown" />
        </>
      }
      items={known.map((one) => ({
        title: one.name,
        hint: one.role,
        picked: one.name === environment.value,
        run: () => choose(one.name),
      }))}
    />
  );
}

function isProduction(name: string, said: boolean | undefined): boolean {
  return said ?? /^prod/.test(name);
}

/** The same page of another environment; what stands for one thing there goes back to its list. */
function choose(name: string): void {
  environment.value = name;
  keep("environment", name);
  const [, first = ""] = path.value.split("/");
  go(`/${first}`, { environment: name });
}

const THEMES: readonly { theme: Theme; title: string; icon: "half" | "sun" | "moon" }[] = [
  { theme: "system", title: "System theme", icon: "half" },
  { theme: "light", title: "Light theme", icon: "sun" },
  { theme: "dark", title: "Dark theme", icon: "moon" },
];

export function PersonMenu() {
  const user = session.value?.user;
  if (!user) return null;
  const items: Item[] = [
    { title: "Account", icon: "person", run: () => go("/account") },
    ...THEMES.map((one, at) => ({ title: one.title, icon: one.icon, apart: at === 0, picked: theme.value === one.theme, run: () => setTheme(one.theme) })),
    { title: "Keyboard", icon: "keyboard", hint: "?", apart: true, run: () => (keyListOpen.value = true) },
    { title: "Sign out", icon: "exit", run: signOut },
  ];
  const name = user.name || user.email;
  return (
    <Menu
      class="person"
      wide
      button={
        <>
          <span class="initial" aria-hidden="true">
            {(name[0] ?? "?").toUpperCase()}
          </span>
          <span class="cut grow">{name}</span>
          <Icon name="updown" />
        </>
      }
      items={items}
    />
  );
}

async function signOut(): Promise<void> {
  await api.internal("post", "/sign-out");
  enter(null);
}
