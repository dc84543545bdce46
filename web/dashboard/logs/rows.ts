// The rows that the page holds: a window on the log, newest first, of bounded size. Pages are added at either end and
// fall off the other, so that a million rows can be walked through without holding them.

import type { Row } from "./operation.ts";

/** Rows held at most. */
export const MOST = 5_000;

export interface Window {
  rows: readonly Row[];
  /** There is more beyond the newest row held (it fell off, or was never fetched). */
  above: boolean;
  /** There is more beyond the oldest row held. */
  below: boolean;
}

export const EMPTY: Window = { rows: [], above: false, below: false };

/** Adds a page of older rows; `last` says that the log ends with it. */
export function older(window: Window, page: readonly Row[], last: boolean): Window {
  const known = new Set(window.rows.map((row) => row.id));
  const rows = [...window.rows, ...page.filter((row) => !known.has(row.id))];
  const over = Math.max(0, rows.length - MOST);
  return { rows: rows.slice(over), above: window.above || over > 0, below: !last };
}

/** Adds a page of newer rows, oldest first as the API tells them; `last` says that nothing newer is there. */
export function newer(window: Window, page: readonly Row[], last: boolean): Window {
  const known = new Set(window.rows.map((row) => row.id));
  const rows = [...page.filter((row) => !known.has(row.id)).reverse(), ...window.rows];
  return { rows: rows.slice(0, MOST), above: !last, below: window.below || rows.length > MOST };
}

/** Puts rows that just came where they belong, and changes those that are there already. */
export function arrive(window: Window, arrived: readonly Row[]): Window {
  if (arrived.length === 0) return window;
  const fresh = new Map(arrived.map((row) => [row.id, row]));
  const rows = window.rows.map((row) => {
    const changed = fresh.get(row.id);
    if (changed === undefined) return row;
    fresh.delete(row.id);
    return changed;
  });
  const oldest = rows[rows.length - 1];
  // Ids begin with the moment of creation. What is older than the window's end comes with its own page.
  const fitting = [...fresh.values()].filter((row) => oldest === undefined || !window.below || row.id > oldest.id);
  if (fitting.length > 0) {
    rows.push(...fitting);
    rows.sort((one, other) => (one.id < other.id ? 1 : one.id > other.id ? -1 : 0));
  }
  return { rows: rows.slice(0, MOST), above: window.above, below: window.below || rows.length > MOST };
}
