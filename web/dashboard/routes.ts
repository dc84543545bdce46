// Every page on one page. A page is a module that exports `default` (its component) and `title`; it is loaded when it
// is first visited. To add one: a line here, a file in `pages/`.

import type { Route } from "./shell/route.ts";

export const routes: readonly Route[] = [
  { path: "/account", load: () => import("./pages/account.tsx") },
];
