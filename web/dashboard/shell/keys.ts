// The keyboard. A page says which keys it knows while it is shown; `?` lists all that are known right now.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

export interface Key {
  /** `j`, `Enter`, `?`, `mod+k` (Ctrl or Command), or two strokes: `g l`. */
  keys: string;
  what: string;
  run(event: KeyboardEvent): void;
  /** Also while the caret stands in a field. */
  inFields?: boolean;
}

export interface KeyGroup {
  title: string;
  keys: readonly Key[];
}

/** Innermost last: the last group that knows a key gets it. */
export const groups = signal<readonly KeyGroup[]>([]);

const BETWEEN_STROKES_MS = 1200;
let first: { key: string; at: number } | null = null;

/** Keys of a component, for as long as it is shown. They may change from draw to draw. */
export function useKeys(title: string, keys: readonly Key[]): void {
  const latest = useRef(keys);
  latest.current = keys;
  const shape = keys.map((key) => key.keys).join("\n");
  useEffect(() => {
    const group: KeyGroup = {
      title,
      get keys() {
        return latest.current;
      },
    };
    groups.value = [...groups.peek(), group];
    return () => {
      groups.value = groups.peek().filter((one) => one !== group);
    };
  }, [title, shape]);
}

/** Begins to listen. */
export function listen(): void {
  document.addEventListener("keydown", onKey);
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  const stroke = strokeOf(event);
  const now = event.timeStamp;
  const both = first && now - first.at < BETWEEN_STROKES_MS ? `${first.key} ${stroke}` : null;
  first = null;
  const inField = isField(event.target);
  const found = (both && find(both)) || find(stroke);
  if (found && (!inField || found.inFields)) {
    if (stroke === "Enter" && isControl(event.target)) return;
    event.preventDefault();
    found.run(event);
  } else if (!inField && begins(stroke)) {
    first = { key: stroke, at: now };
  }
}

function strokeOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 && event.key !== "?" ? event.key.toLowerCase() : event.key;
  return event.ctrlKey || event.metaKey ? `mod+${key}` : key;
}

function find(keys: string): Key | undefined {
  if (openDialog()) return undefined;
  for (const group of [...groups.peek()].reverse()) {
    const found = group.keys.find((key) => key.keys === keys);
    if (found) return found;
  }
  return undefined;
}

function begins(stroke: string): boolean {
  return groups.peek().some((group) => group.keys.some((key) => key.keys.startsWith(`${stroke} `)));
}

/** A dialog has the keyboard to itself. */
function openDialog(): boolean {
  return document.querySelector("dialog[open]") !== null;
}

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Enter on a link or a button is theirs. */
function isControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && /^(A|BUTTON|SUMMARY)$/.test(target.tagName);
}
