// The playground: one call through the proxy, as one of the environment's connections, and its answer in readable form.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Failure } from "../../shared/api.ts";
import { useLoad } from "../components/load.ts";
import { Empty, Skeleton, Trouble } from "../components/states.tsx";
import { PageHead } from "../components/text.tsx";
import { stepsOf, wholeBody } from "../logs/steps.ts";
import { worthSending } from "../logs/curl.ts";
import { AnswerView } from "../playground/answer.tsx";
import { examplesOf } from "../playground/examples.ts";
import type { ProxyAnswer } from "../playground/proxy-answer.ts";
import type { Choice } from "../playground/request-form.tsx";
import { RequestForm } from "../playground/request-form.tsx";
import type { Draft } from "../playground/request.ts";
import { METHODS, bodyOf, exampleIn, headersOf, missing, pathOf } from "../playground/request.ts";
import { api } from "../shell/api.ts";
import { useKeys } from "../shell/keys.ts";
import { environment, href, query, setQuery } from "../shell/place.ts";

export const title = "Playground";

export default function Playground() {
  const integrations = useLoad(environment.value, (signal) => api.get("/integrations", { signal }));
  const head = <PageHead title="Playground" text="One call as one of your connections, by the same proxy as your product's calls." />;
  if (integrations.failure !== null && integrations.value === undefined) return <>{head}<Trouble failure={integrations.failure} again={integrations.reload} /></>;
  if (integrations.value === undefined) return <>{head}<Skeleton rows={8} /></>;
  const choices = integrations.value.data.map((one) => ({ key: one.unique_key, provider: one.provider }));
  if (choices.length === 0) {
    return (
      <>
        {head}
        <Empty icon="play" title="Nothing to call yet" actions={<a class="button primary" href={href("/integrations/new")}>Configure an integration</a>}>
          The playground sends calls to an integration with the credentials of one of its connections. Make an integration, add a test
          connection, and come back: ready requests wait here.
        </Empty>
      </>
    );
  }
  return <>{head}<Bench key={environment.value} choices={choices} /></>;
}

function Bench({ choices }: { choices: readonly Choice[] }) {
  const [draft, setDraft] = useState<Draft>(() => begun(choices));
  const [problem, setProblem] = useState<string | null>(null);
  const { busy, answer, failure, send, cancel } = useSending();
  usePrefilled(setDraft);

  const change = (next: Draft) => {
    // Another integration begins with its own first request, unless something was typed already.
    if (next.integration !== draft.integration) {
      const example = examplesFor(choices, next.integration)[0];
      if (example !== undefined && (draft.path === "" || isExample(choices, draft))) next = exampleIn(next, example);
    }
    setDraft(next);
    setProblem(null);
    setQuery({ integration: next.integration, connection: next.connection, method: next.method, path: next.path, from: null });
  };
  const run = () => {
    const lacking = missing(draft);
    setProblem(lacking);
    if (lacking === null) void send(draft);
  };
  useKeys("Playground", [
    { keys: "mod+Enter", what: "Send the call", run, inFields: true },
    { keys: "/", what: "Go to the path", run: () => document.querySelector<HTMLInputElement>("[data-path]")?.select() },
  ]);
  const shown = useRef<HTMLElement>(null);
  useEffect(() => {
    // Where the answer stands below the request, it comes into sight.
    if ((answer ?? failure) !== null && innerWidth <= 1000) shown.current?.scrollIntoView({ block: "start", behavior: "smooth" });
  }, [answer, failure]);
  return (
    <div class="bench">
      <section aria-label="Request"><RequestForm draft={draft} change={change} choices={choices} busy={busy} send={run} cancel={cancel} problem={problem} /></section>
      <section ref={shown} aria-label="Answer" class="bench-answer" aria-busy={busy}>
        {busy && <div class="progress" role="status"><span class="unseen">Waiting for the answer…</span></div>}
        {failure !== null && <Trouble failure={failure} />}
        {answer !== null && <><a class="small answer-link" href={href(`/logs?op=${encodeURIComponent(answer.operation_id)}`)}>See it in the logs</a><AnswerView key={answer.operation_id} answer={answer} /></>}
        {answer === null && failure === null && !busy && (
          <Empty icon="send" title="The answer shows here">Pick a ready request or write a path, then send it with <kbd>{mac ? "⌘" : "Ctrl"}</kbd> <kbd>Enter</kbd>.</Empty>
        )}
      </section>
    </div>
  );
}

const mac = /Mac|iPhone|iPad/.test(navigator.userAgent);

function examplesFor(choices: readonly Choice[], key: string) {
  return examplesOf(choices.find((one) => one.key === key)?.provider ?? "");
}

function isExample(choices: readonly Choice[], draft: Draft): boolean {
  return examplesFor(choices, draft.integration).some((one) => one.path === draft.path && one.method === draft.method);
}

/** The draft that the address names, or the first integration with ready requests. */
function begun(choices: readonly Choice[]): Draft {
  const asked = query.peek();
  const named = asked.get("integration") ?? "";
  const usual = choices.find((one) => examplesOf(one.provider).length > 0) ?? choices[0];
  const integration = choices.some((one) => one.key === named) ? named : usual?.key ?? "";
  const method = METHODS.find((one) => one === asked.get("method")?.toUpperCase()) ?? "GET";
  const draft: Draft = { integration, connection: asked.get("connection") ?? "", method, path: asked.get("path") ?? "", headers: [], body: "" };
  const example = examplesFor(choices, integration).find((one) => draft.path === "" || (one.path === draft.path && one.method === draft.method));
  return example === undefined || asked.get("from") !== null ? draft : exampleIn(draft, example);
}

/** Takes the call of a logged operation over, where the address names one. */
function usePrefilled(put: (change: (draft: Draft) => Draft) => void) {
  // Once: the draft that comes of it rewrites the address.
  const [from] = useState(() => query.peek().get("from"));
  const logged = useLoad(from === null ? null : `${environment.value} ${from}`, (signal) => api.get("/operations/{id}", { path: { id: from ?? "" }, signal }));
  useEffect(() => {
    const told = logged.value?.data;
    const call = told === undefined ? null : stepsOf(told).find((step) => step.request !== null)?.request;
    if (told === undefined || call == null) return;
    put((draft) => ({
      integration: told.integration ?? draft.integration,
      connection: told.connection ?? draft.connection,
      method: call.method,
      path: call.target ?? call.url,
      headers: worthSending(call.headers),
      body: wholeBody(call.body) ?? "",
    }));
  }, [logged.value]);
}

function useSending() {
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<ProxyAnswer | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const send = async (draft: Draft) => {
    running.current?.abort();
    const stop = new AbortController();
    running.current = stop;
    setBusy(true);
    setFailure(null);
    const body = bodyOf(draft);
    const asked = {
      integration: draft.integration, connection: draft.connection.trim(), method: draft.method, path: pathOf(draft),
      headers: Object.fromEntries(headersOf(draft)), ...(body === undefined ? {} : { body }),
    };
    const got = await api.internal<ProxyAnswer>("post", "/playground", { body: asked, signal: stop.signal });
    if (running.current !== stop) return;
    setBusy(false);
    if (got.ok) setAnswer(got.value);
    else if (got.failure.kind !== "cancelled") {
      setAnswer(null);
      setFailure(got.failure);
    }
  };
  return { busy, answer, failure, send, cancel: () => { running.current?.abort(); setBusy(false); } };
}
