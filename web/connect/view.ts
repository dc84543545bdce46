// Which screen stands on the card; the flow decides, the shell draws.
import type { Problem } from "./api.ts";
import type { Direction } from "./directions.ts";
import type { FormModel } from "./screens/form.tsx";
import type { Stuck } from "./screens/waiting.tsx";
import type { WindowState } from "./signin.ts";

type Press = () => void;

export type View = { back?: Press | undefined } & (
  | { kind: "loading" }
  | { kind: "unloadable"; again: Press }
  | { kind: "list"; busy: string | null }
  | { kind: "form"; model: FormModel }
  | { kind: "waiting"; name: string; state: WindowState; mayStick: boolean; open: Press; cancel: Press; stuck: (at: Stuck) => void }
  | { kind: "admin"; name: string; url: string; expires_at?: string | undefined; approved: boolean; proceed: Press }
  | { kind: "failure"; direction: Direction; problem: Problem | null; button: { text: string; press: Press } | null }
  | { kind: "success"; name: string; pending: boolean; reconnecting: boolean }
);

let draw: (view: View) => void = () => {};
let current: View = { kind: "loading" };

/** What is drawn first. */
export const firstView = (): View => current;

/** Whoever draws says so once; what was shown meanwhile is drawn at once. */
export function onView(then: (view: View) => void): void {
  draw = then;
  then(current);
}

export function show(view: View): void {
  current = view;
  draw(view);
}
