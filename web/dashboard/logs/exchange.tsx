// A request and its response, side by side.

import { CodeBlock } from "../components/code-block.tsx";
import { CopyButton } from "../components/copy.tsx";
import { JsonTree, Text } from "../components/json-tree.tsx";
import type { Kept, Side, Step } from "./steps.ts";

/** Text that is looked through for JSON; a larger one is shown as it is. */
const PARSED = 6_000_000;

export function Exchange({ step }: { step: Step }) {
  const { request, response } = step;
  return (
    <div class="exchange">
      {request !== null && (
        <section aria-label="Request">
          <h4>Request</h4>
          <p class="exchange-line mono"><span class={`verb ${request.method.toLowerCase()}`}>{request.method}</span> <Address url={request.url} /></p>
          <SideOf side={request} of="request" />
        </section>
      )}
      {response !== null && (
        <section aria-label="Response">
          <h4>Response</h4>
          <p class="exchange-line mono">
            <span class={`badge ${(response.code ?? 500) >= 400 ? "bad" : "good"}`}>{response.code ?? "No answer"}</span>
          </p>
          <SideOf side={response} of="response" />
        </section>
      )}
    </div>
  );
}

function SideOf({ side, of }: { side: Side; of: string }) {
  return (
    <>
      <Lines of={side.facts} />
      {side.body !== null && <KeptBody body={side.body} of={of} />}
      {side.headers.length > 0 && (
        <details class="fold" open={side.body === null}>
          <summary>{side.headers.length === 1 ? "1 header" : `${side.headers.length.toLocaleString()} headers`}</summary>
          <Lines of={side.headers} />
        </details>
      )}
    </>
  );
}

function Lines({ of }: { of: readonly [string, string][] }) {
  if (of.length === 0) return null;
  return (
    <dl class="headers">
      {of.map(([name, value], index) => (
        <div key={index}>
          <dt>{name}</dt>
          <dd class="mono">{value === "REDACTED" ? <span class="soft">not kept</span> : <Text text={value} most={400} />}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Characters of an address that get places to break. */
const BREAKS = 1_000;

/** An address that breaks after its slashes where it must break. */
export function Address({ url }: { url: string }) {
  if (url.length > BREAKS) return <Text text={url} most={BREAKS} />;
  return <>{url.split(/(?<=[^:/]\/|[?&])/).map((part, at) => (at === 0 ? part : [<wbr />, part]))}</>;
}

const LEFT_OUT: Record<string, string> = {
  streamed: "The body was streamed through and not kept.",
  too_large: "The body was too large to be kept.",
  binary: "The body is not a text and was not kept.",
};

function KeptBody({ body, of }: { body: Kept; of: string }) {
  if ("leftOut" in body) return <p class="soft small">{LEFT_OUT[body.leftOut] ?? "The body was not kept."}</p>;
  return (
    <>
      <BodyOf body={body.text} label={`Body of the ${of}`} />
      {body.redacted && <p class="soft small">What looked like a secret was not kept.</p>}
      {body.cut && <p class="soft small">This is the body's beginning; the rest was not kept.</p>}
    </>
  );
}

/** A body as a tree where it is JSON, else as text. */
export function BodyOf({ body, label }: { body: string; label: string }) {
  if (body === "") return <p class="soft small">Empty body</p>;
  const parsed = jsonOf(body);
  if (parsed === undefined) return <CodeBlock text={body} label={label} wrap />;
  return (
    <div class="json-box">
      <CopyButton text={body} what={label.toLowerCase()} />
      <JsonTree value={parsed} label={label} />
    </div>
  );
}

/** The object or list that a text spells, or undefined. */
export function jsonOf(text: string): unknown {
  if (text.length > PARSED || !/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
