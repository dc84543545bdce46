// Every page on one page. A page is a module that exports `default` (its component) and `title`; it is loaded when it
// is first visited. To add one: a line here, a file in `pages/`.

import type { Route } from "./shell/route.ts";

export const routes: readonly Route[] = [
  { path: "/", load: () => import("./pages/home.tsx"), nav: { title: "Home", icon: "home", group: "build", jump: "h" } },
  {
    path: "/integrations",
    load: () => import("./pages/integrations.tsx"),
    nav: { title: "Integrations", icon: "plug", group: "build", jump: "i" },
  },
  { path: "/integrations/new", load: () => import("./pages/catalog.tsx"), for: "developer" },
  { path: "/integrations/new/:provider", load: () => import("./pages/new-integration.tsx"), for: "developer" },
  { path: "/integrations/:key", load: () => import("./pages/integration.tsx") },
  {
    path: "/connections",
    load: () => import("./pages/connections.tsx"),
    nav: { title: "Connections", icon: "people", group: "build", jump: "c" },
    full: true,
  },
  { path: "/connections/:integration/:connection", load: () => import("./pages/connection.tsx") },
  { path: "/playground", load: () => import("./pages/playground.tsx"), nav: { title: "Playground", icon: "play", group: "build", jump: "p" }, full: true, for: "developer" },

  { path: "/logs", load: () => import("./pages/logs.tsx"), nav: { title: "Logs", icon: "list", group: "watch", jump: "l" }, full: true },
  { path: "/webhooks", load: () => import("./pages/webhooks.tsx"), nav: { title: "Webhooks", icon: "send", group: "watch", jump: "w" } },
  { path: "/health", load: () => import("./pages/health.tsx"), nav: { title: "Health", icon: "pulse", group: "watch", jump: "e" } },

  { path: "/settings", load: () => import("./pages/settings.tsx"), nav: { title: "Environment", icon: "settings", group: "settings", jump: "s" }, for: "developer" },
  { path: "/api-keys", load: () => import("./pages/api-keys.tsx"), nav: { title: "API keys", icon: "key", group: "settings", jump: "k" }, for: "developer" },
  { path: "/team", load: () => import("./pages/team.tsx"), nav: { title: "Team", icon: "team", group: "settings", jump: "t" }, for: "owner" },
  { path: "/audit", load: () => import("./pages/audit.tsx"), nav: { title: "Audit", icon: "shield", group: "settings", jump: "a" }, for: "developer" },
  { path: "/account", load: () => import("./pages/account.tsx") },
];
