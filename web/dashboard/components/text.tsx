// Small pieces of text: badges, times, facts.

import type { ComponentChildren } from "preact";

export type Tone = "good" | "bad" | "wait" | "info" | "soft";

export function Badge({ tone = "soft", children }: { tone?: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000_000],
  ["month", 2_592_000_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
];
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "narrow" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const number = new Intl.NumberFormat();

/** "3 minutes ago", "in 2 days". */
export function since(at: number, now: number = Date.now()): string {
  const distance = at - now;
  for (const [unit, size] of UNITS) {
    if (Math.abs(distance) >= size) return relative.format(Math.trunc(distance / size), unit);
  }
  return "now";
}

/** A moment, relative; exact on hover and to copy. */
export function Time({ at, none = "–" }: { at: string | number | null | undefined; none?: string }) {
  if (at === null || at === undefined || at === "") return <span class="soft">{none}</span>;
  const moment = new Date(at);
  if (Number.isNaN(moment.getTime())) return <span>{String(at)}</span>;
  return (
    <time dateTime={moment.toISOString()} title={exact.format(moment)}>
      {since(moment.getTime())}
    </time>
  );
}

export function exactly(at: string | number): string {
  return exact.format(new Date(at));
}

export function onDay(at: string | number): string {
  return day.format(new Date(at));
}

/** 12,345 as this reader writes it. */
export function count(value: number): string {
  return number.format(value);
}

/** "1 connection", "12 connections". */
export function plural(value: number, one: string, many: string = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Names and values, one a line; `across`, names above values and several in a row. */
export function Facts({ across = false, children }: { across?: boolean; children: ComponentChildren }) {
  return <dl class={across ? "facts across" : "facts"}>{children}</dl>;
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** A box around parts of a page that belong together. */
export function Card({ title, text, actions, children, danger = false }: {
  title?: string;
  text?: ComponentChildren;
  actions?: ComponentChildren;
  children?: ComponentChildren;
  danger?: boolean;
}) {
  return (
    <section class={danger ? "card danger-zone" : "card"}>
      {(title || actions) && (
        <header class="card-head">
          <div>
            {title && <h2>{title}</h2>}
            {text && <p class="soft small">{text}</p>}
          </div>
          {actions && <div class="line">{actions}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

/** A page's heading, with what can be done on it. */
export function PageHead({ title, text, crumb, actions, before }: {
  title: ComponentChildren;
  text?: ComponentChildren;
  crumb?: ComponentChildren;
  actions?: ComponentChildren;
  before?: ComponentChildren;
}) {
  return (
    <header class="page-head">
      <div>
        {crumb && <nav class="crumb" aria-label="Where you are">{crumb}</nav>}
        <div class="line stay">
          {before}
          <h1 tabIndex={-1}>{title}</h1>
        </div>
        {text && <p>{text}</p>}
      </div>
      {actions && <div class="line">{actions}</div>}
    </header>
  );
}
