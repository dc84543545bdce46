// One operation beside the list: what it was, how it went, and what can be done with it.

import { useEffect, useRef, useState } from "preact/hooks";
import { copy, CopyText } from "../components/copy.tsx";
import { Icon } from "../components/icons.tsx";
import { JsonTree } from "../components/json-tree.tsx";
import { useLoad } from "../components/load.ts";
import { Fact, Facts } from "../components/text.tsx";
import { Show } from "../components/states.tsx";
import { complain, say } from "../components/toast.tsx";
import { api } from "../shell/api.ts";
import { base, environment, href, setQuery } from "../shell/place.ts";
import { mayWrite, session } from "../shell/session.ts";
import { curl, worthSending } from "./curl.ts";
import type { Told } from "./operation.ts";
import { duration, exactly, kindName, partsOf, requestLine, statusText, toneOf } from "./operation.ts";
import { Address } from "./exchange.tsx";
import { Replay } from "./replay.tsx";
import type { Step } from "./steps.ts";
import { problemOf, stepsOf, wholeBody } from "./steps.ts";
import { AT_FIRST, ProblemCard, Timeline } from "./timeline.tsx";

/** How often an operation that runs is asked for. */
const AGAIN_MS = 1_500;
/** Pixels of the window up to which the detail covers the list (`logs.css`). */
const COVERS = 1_240;

export function Detail({ id, close, show }: { id: string; close(): void; show(id: string): void }) {
  const loaded = useLoad(`${environment.value} ${id}`, (signal) => api.get("/operations/{id}", { path: { id }, signal }));
  const state = loaded.value?.data.state;
  useEffect(() => {
    if (state !== "running" && state !== "waiting") return;
    const timer = setTimeout(loaded.reload, AGAIN_MS);
    return () => clearTimeout(timer);
  }, [loaded.value]);
  // Walking with j and k, the last operation stays, dimmed, until the next one is there.
  const last = useRef<Told | null>(null);
  if (loaded.value !== undefined) last.current = loaded.value.data;
  const before = loaded.value === undefined && loaded.failure === null ? last.current : null;
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    // Where it covers the list, it takes the keyboard over.
    if (innerWidth <= COVERS) box.current?.focus();
  }, []);
  return (
    <aside class="log-detail" aria-label="Operation" aria-busy={before !== null} ref={box} tabIndex={-1}>
      <div class="log-detail-close">
        <span class="soft small">Operation</span>
        <button type="button" class="tiny quiet" onClick={close}><Icon name="cross" /> Close <kbd>Esc</kbd></button>
      </div>
      {before !== null ? <Whole key={before.id} told={before} show={show} />
        : <Show from={loaded} rows={8}>{(answer) => <Whole key={answer.data.id} told={answer.data} show={show} />}</Show>}
    </aside>
  );
}

function Whole({ told, show }: { told: Told; show(id: string): void }) {
  const [shown, setShown] = useState(AT_FIRST);
  const steps = stepsOf(told);
  const from = Math.min(Date.parse(told.created_at), ...steps.slice(0, 500).map((step) => step.at));
  const to = Math.max(from + (told.duration_ms ?? 0), ...steps.slice(0, 500).map((step) => step.at + (step.durationMs ?? 0)));
  const line = requestLine(told.message);
  const problem = problemOf(told.detail?.["problem"]);
  const told_already = problem !== null || steps.some((step) => step.problem !== null);
  return (
    <>
      <header class="log-detail-head">
        <p class="line small">
          <span class={`badge ${toneOf(told.state, told.status ?? null)}`}>{statusText({ state: told.state, status: told.status ?? null })}</span>
          {line !== null && <span>{kindName(told.type, told.action)}</span>}
          <span class="soft">{exactly(Date.parse(told.created_at))}</span>
          {told.duration_ms != null && <span class="soft">{duration(told.duration_ms)}</span>}
        </p>
        {line === null ? <h2>{kindName(told.type, told.action)}</h2> : <h2 class="mono"><Line method={line.method} url={line.url} /></h2>}
        <Actions told={told} steps={steps} show={show} />
      </header>
      {told.error != null && !told_already && (
        <ProblemCard problem={{ code: null, cause: told.error.message, actor: null, remedy: null, link: null, traceId: null, correlationId: null }} />
      )}
      {problem !== null && <ProblemCard problem={problem} />}
      <Facts across>
        {told.integration != null && <Fact name="Integration"><a href={href(`/integrations/${encodeURIComponent(told.integration)}`)}>{told.integration}</a> <Only name="integration" value={told.integration} /></Fact>}
        {told.connection != null && <Fact name="Connection"><ConnectionLink told={told} /> <Only name="connection" value={told.connection} /></Fact>}
        {told.provider != null && told.provider !== told.integration && <Fact name="Provider">{told.provider}</Fact>}
        <Fact name="Operation id"><CopyText text={told.id} what="operation id" /></Fact>
      </Facts>
      <h3 class="log-part">Timeline</h3>
      {steps.length === 0
        ? <p class="soft small">{told.state === "running" ? "Nothing was written down yet." : "No steps were written down for this operation."}</p>
        : <Timeline steps={steps} from={from} to={to} shown={shown} more={() => setShown(shown + AT_FIRST)} />}
      <details class="fold">
        <summary>Everything, as JSON</summary>
        <JsonTree value={told} label="The operation as JSON" openTo={1} />
      </details>
    </>
  );
}

/** The path in full; the host, which is the same in most of them, beside it and softer. */
function Line({ method, url }: { method: string; url: string }) {
  const { host, path } = partsOf(url);
  return <><span class={`verb ${method.toLowerCase()}`}>{method}</span> <Address url={path} />{host !== null && <span class="log-host">{host}</span>}</>;
}

/** Narrows the list to what this operation shares with others. */
function Only({ name, value }: { name: "integration" | "connection"; value: string }) {
  return (
    <button type="button" class="tiny glyph quiet" title={`Show only this ${name}`} aria-label={`Show only this ${name}`} onClick={() => setQuery({ [name]: value }, { push: true })}>
      <Icon name="filter" />
    </button>
  );
}

function ConnectionLink({ told }: { told: Told }) {
  const connection = told.connection ?? "";
  if (told.integration == null) return <span class="mono">{connection}</span>;
  const page = `/connections/${encodeURIComponent(told.integration)}/${encodeURIComponent(connection)}`;
  return <a class="mono" href={href(page)}>{connection}</a>;
}

function Actions({ told, steps, show }: { told: Told; steps: readonly Step[]; show(id: string): void }) {
  const [replaying, setReplaying] = useState(false);
  const call = steps.find((step) => step.request !== null)?.request ?? null;
  const proxied = told.type === "proxy" && call !== null && told.integration != null && told.connection != null;
  const put = async (text: string, what: string) => {
    if (await copy(text)) say(`${what} copied.`);
    else complain("The browser did not allow copying.");
  };
  const asCurl = () => {
    if (call === null) return "";
    const host = session.value?.public_url ?? `${location.origin}${base}`;
    return curl({
      host, integration: told.integration ?? "", connection: told.connection ?? "", method: call.method,
      target: call.target ?? call.url, headers: worthSending(call.headers), body: wholeBody(call.body) ?? undefined,
    });
  };
  return (
    <div class="line log-actions">
      {proxied && mayWrite.value && <button type="button" class="tiny" onClick={() => setReplaying(true)}><Icon name="refresh" /> Replay</button>}
      {proxied && mayWrite.value && <a class="button tiny" href={href(`/playground?from=${encodeURIComponent(told.id)}`)}><Icon name="play" /> Open in playground</a>}
      {proxied && <button type="button" class="tiny" onClick={() => void put(asCurl(), "The curl command")}><Icon name="copy" /> Copy as curl</button>}
      <button type="button" class="tiny" onClick={() => void put(location.href, "The link")}><Icon name="link" /> Copy link</button>
      {replaying && call !== null && <Replay id={told.id} method={call.method} url={call.url} close={() => setReplaying(false)} show={show} />}
    </div>
  );
}
