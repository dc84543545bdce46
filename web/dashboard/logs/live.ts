// The live tail: one stream that is opened again whenever it ends, with pauses that grow.

import { api, onReturn } from "../shell/api.ts";
import type { Row, Told } from "./operation.ts";
import { rowOf } from "./operation.ts";
import { events } from "./tail.ts";

const PAUSES_MS = [500, 1_000, 2_000, 5_000, 10_000];
/** Without even a heartbeat for so long, the stream is dead. */
const SILENCE_MS = 45_000;
/** Rows are shown together, at most so often: a thousand a second must not draw a thousand times. */
const GATHER_MS = 150;

/** How the tail stands: `off` where the filters end in the past. */
export type Tail = "off" | "joining" | "live" | "lost";

export interface Listener {
  stands(now: Tail): void;
  rows(arrived: readonly Row[]): void;
  /** Something may have been missed. */
  catchUp(): void;
}

/** Listens until told to stop. */
export async function tailed(query: Record<string, string>, stop: AbortSignal, listener: Listener): Promise<void> {
  for (let turn = 0; !stop.aborted; turn += 1) {
    listener.stands("joining");
    const began = Date.now();
    await once(query, stop, listener, turn > 0);
    if (stop.aborted) return;
    listener.stands("lost");
    if (Date.now() - began > 30_000) turn = 0;
    await pause(PAUSES_MS[Math.min(turn, PAUSES_MS.length - 1)] ?? 10_000, stop);
  }
}

async function once(query: Record<string, string>, stop: AbortSignal, listener: Listener, again: boolean): Promise<void> {
  const silent = new AbortController();
  const signal = AbortSignal.any([stop, silent.signal]);
  const response = await api.open("/internal/logs/tail", { query, signal });
  if (response?.body == null) return;
  listener.stands("live");
  if (again) listener.catchUp();
  const gathered = gather(listener, stop);
  let watch = setTimeout(() => silent.abort(), SILENCE_MS);
  try {
    for await (const event of events(response.body)) {
      clearTimeout(watch);
      watch = setTimeout(() => silent.abort(), SILENCE_MS);
      if (event.name === "operation") gathered(event.data);
      else if (event.name === "gap") listener.catchUp();
    }
  } catch {
    // The stream broke off or was stopped; the caller opens it again where it should.
  } finally {
    clearTimeout(watch);
  }
}

function gather(listener: Listener, stop: AbortSignal): (data: string) => void {
  let waiting: Row[] = [];
  let timer: ReturnType<typeof setTimeout> | null = null;
  return (data) => {
    try {
      waiting.push(rowOf(JSON.parse(data) as Told));
    } catch {
      return;
    }
    timer ??= setTimeout(() => {
      const rows = waiting;
      waiting = [];
      timer = null;
      if (!stop.aborted) listener.rows(rows);
    }, GATHER_MS);
  };
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      forget();
      stop.removeEventListener("abort", over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    const forget = onReturn(over);
    stop.addEventListener("abort", over);
  });
}
