// Short word of what just happened, read out as well.

import { signal } from "@preact/signals";
import type { Failure } from "../../shared/api.ts";
import { Icon } from "./icons.tsx";

interface Toast {
  id: number;
  kind: "good" | "bad";
  text: string;
}

const STAYS_MS = { good: 4000, bad: 9000 };
const toasts = signal<readonly Toast[]>([]);
let count = 0;

function show(kind: Toast["kind"], text: string): void {
  const id = (count += 1);
  toasts.value = [...toasts.value.slice(-2), { id, kind, text }];
  setTimeout(() => drop(id), STAYS_MS[kind]);
}

function drop(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

/** "Saved." */
export function say(text: string): void {
  show("good", text);
}

/** What failed and what to do, where there is no better place for it. */
export function complain(failure: Failure | string): void {
  if (typeof failure === "string") show("bad", failure);
  else if (failure.kind !== "cancelled") show("bad", [failure.message, failure.remedy].filter(Boolean).join(" "));
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((one) => (
        <div key={one.id} class={`toast ${one.kind}`}>
          <Icon name={one.kind === "good" ? "check" : "error"} />
          <span class="grow">{one.text}</span>
          <button type="button" class="tiny glyph quiet" aria-label="Dismiss" onClick={() => drop(one.id)}>
            <Icon name="cross" />
          </button>
        </div>
      ))}
    </div>
  );
}
