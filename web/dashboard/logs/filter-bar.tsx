// What narrows the log: words, kind, state, status, integration, connection, time.

import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../components/icons.tsx";
import { useLoad } from "../components/load.ts";
import { api } from "../shell/api.ts";
import { environment } from "../shell/place.ts";
import { KINDS, STATES } from "./operation.ts";
import type { Filters } from "./filters.ts";
import { RANGES, count, nothing, statusOf } from "./filters.ts";
import { PickMany } from "./pick-many.tsx";

/** How long typing pauses before the search runs. */
const TYPING_MS = 250;
/** What the search takes. */
const LONGEST = 256;

export interface FilterProps {
  filters: Filters;
  change(filters: Partial<Filters>): void;
}

export function FilterBar({ filters, change }: FilterProps) {
  const [open, setOpen] = useState(false);
  const set = count(filters);
  return (
    <div class="log-filters" role="search" aria-label="Log">
      <div class="filters-first">
        <SearchField text={filters.search} change={(search) => change({ search })} />
        <Span filters={filters} change={change} />
        <button type="button" class="filters-more" aria-expanded={open} onClick={() => setOpen(!open)}>
          <Icon name="filter" />
          Filters{set > 0 ? ` (${set})` : ""}
        </button>
      </div>
      <div class={open ? "filters-rest is-open" : "filters-rest"}>
        <PickMany label="Type" options={KINDS} picked={filters.types} change={(types) => change({ types })} />
        <PickMany label="State" options={STATES} picked={filters.states} change={(states) => change({ states })} />
        <Status text={filters.status} change={(status) => change({ status })} />
        <Integration picked={filters.integration} change={(integration) => change({ integration })} />
        <Connection text={filters.connection} change={(connection) => change({ connection })} />
        {set > 0 && (
          <button type="button" class="quiet" onClick={() => {
            const { range, from, to, ...rest } = nothing();
            change(rest);
          }}>
            Clear
          </button>
        )}
      </div>
    </div>
  );
}

/** A text of its own while it is typed; tells when the typing rests. */
function useTyped(text: string, change: (text: string) => void) {
  const [typed, setTyped] = useState(text);
  const told = useRef(text);
  useEffect(() => {
    if (text !== told.current) setTyped(text);
    told.current = text;
  }, [text]);
  useEffect(() => {
    if (typed === told.current) return;
    const timer = setTimeout(() => {
      told.current = typed;
      change(typed);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const now = () => {
    told.current = typed;
    change(typed);
  };
  return { typed, setTyped, now };
}

function SearchField({ text, change }: { text: string; change(text: string): void }) {
  const { typed, setTyped, now } = useTyped(text, change);
  return (
    <span class="search">
      <Icon name="search" />
      <input type="search" class="input" data-search aria-label="Search the log" placeholder="Search words, paths, errors, ids" maxLength={LONGEST}
        spellcheck={false} value={typed} onInput={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") now();
          if (event.key === "Escape") event.currentTarget.blur();
        }} />
    </span>
  );
}

function Status({ text, change }: { text: string; change(text: string): void }) {
  const usual = ["2xx", "3xx", "4xx", "5xx", "400", "401", "403", "404", "409", "429", "500", "502", "503"];
  const all = text === "" || usual.includes(text) ? usual : [text, ...usual];
  return (
    <select class={text === "" ? "input" : "input is-set"} aria-label="HTTP status" value={text} onChange={(event) => change(statusOf(event.currentTarget.value))}>
      <option value="">Any status</option>
      {all.map((one) => <option key={one} value={one}>{one}</option>)}
    </select>
  );
}

function Integration({ picked, change }: { picked: string; change(key: string): void }) {
  const loaded = useLoad(environment.value, (signal) => api.get("/integrations", { signal }));
  const keys = (loaded.value?.data ?? []).map((one) => one.unique_key);
  const all = picked === "" || keys.includes(picked) ? keys : [picked, ...keys];
  return (
    <select class={picked === "" ? "input" : "input is-set"} aria-label="Integration" value={picked} onChange={(event) => change(event.currentTarget.value)}>
      <option value="">Any integration</option>
      {all.map((key) => <option key={key} value={key}>{key}</option>)}
    </select>
  );
}

function Connection({ text, change }: { text: string; change(id: string): void }) {
  const { typed, setTyped, now } = useTyped(text, (typing) => change(typing.trim()));
  return (
    <input type="text" class={text === "" ? "input" : "input is-set"} aria-label="Connection id" placeholder="Connection id" maxLength={LONGEST}
      spellcheck={false} value={typed} onInput={(event) => setTyped(event.currentTarget.value)}
      onKeyDown={(event) => event.key === "Enter" && now()} />
  );
}

function Span({ filters, change }: FilterProps) {
  const own = filters.from !== "" || filters.to !== "";
  const pick = (value: string) => {
    if (value !== "own") return change({ range: value, from: "", to: "" });
    const span = RANGES.find((one) => one.value === filters.range)?.ms ?? 86_400_000;
    const now = Date.now();
    change({ range: "", from: new Date(now - span).toISOString(), to: new Date(now).toISOString() });
  };
  return (
    <>
      <select class="input" aria-label="Time" value={own ? "own" : filters.range} onChange={(event) => pick(event.currentTarget.value)}>
        {RANGES.map((one) => <option key={one.value} value={one.value}>{one.name}</option>)}
        <option value="own">Between…</option>
      </select>
      {own && (
        <>
          <Moment label="From" at={filters.from} change={(from) => change({ from, range: "" })} />
          <Moment label="To" at={filters.to} change={(to) => change({ to, range: "" })} />
        </>
      )}
    </>
  );
}

function Moment({ label, at, change }: { label: string; at: string; change(at: string): void }) {
  return (
    <input type="datetime-local" step={1} class="input is-set" aria-label={label} value={local(at)}
      onChange={(event) => {
        const moment = new Date(event.currentTarget.value);
        change(Number.isNaN(moment.getTime()) ? "" : moment.toISOString());
      }} />
  );
}

/** A moment as the field wants it: local time without a zone. */
function local(at: string): string {
  const moment = new Date(at);
  if (Number.isNaN(moment.getTime())) return "";
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
