// Every page on one page. A page is a module that exports `default` (its component) and `title`; it is loaded when it
// is first visited. To add one: a line here, a file in `pages/`.

import type { Route } from "./shell/route.ts";

export const routes: readonly Route[] = [
  { path: "/playground", load: () => import("./pages/playground.tsx"), nav: { title: "Playground", icon: "play", group: "build", jump: "p" }, full: true },

  { path: "/logs", load: () => import("./pages/logs.tsx"), nav: { title: "Logs", icon: "list", group: "watch", jump: "l" }, full: true },
  { path: "/webhooks", load: () => import("./pages/webhooks.tsx"), nav: { title: "Webhooks", icon: "send", group: "watch", jump: "w" } },
  { path: "/health", load: () => import("./pages/health.tsx"), nav: { title: "Health", icon: "pulse", group: "watch", jump: "e" } },

  { path: "/settings", load: () => import("./pages/settings.tsx"), nav: { title: "Environment", icon: "settings", group: "settings", jump: "s" } },
  { path: "/api-keys", load: () => import("./pages/api-keys.tsx"), nav: { title: "API keys", icon: "key", group: "settings", jump: "k" } },
  { path: "/account", load: () => import("./pages/account.tsx") },
];
