// What happened in an operation, step by step, on the scale of its time.

import { Icon } from "../components/icons.tsx";
import type { IconName } from "../components/icons.tsx";
import { JsonTree, Text } from "../components/json-tree.tsx";
import { whoActs } from "../components/states.tsx";
import { CopyText } from "../components/copy.tsx";
import { Exchange } from "./exchange.tsx";
import { duration, partsOf } from "./operation.ts";
import type { Problem, Step } from "./steps.ts";

/** Steps drawn at once; a hostile operation may have thousands. */
const STEPS = 200;
/** Characters of a step's text at first. */
const TEXT = 2_000;

export function Timeline({ steps, from, to, shown, more }: {
  steps: readonly Step[];
  /** Unix milliseconds. */
  from: number;
  to: number;
  shown: number;
  more(): void;
}) {
  const span = Math.max(1, to - from);
  return (
    <ol class="timeline">
      {steps.slice(0, shown).map((step, index) => <Item key={index} step={step} from={from} span={span} />)}
      {steps.length > shown && (
        <li><button type="button" class="plain" onClick={more}>Show {Math.min(STEPS, steps.length - shown)} more of {steps.length} steps</button></li>
      )}
    </ol>
  );
}

/** How many steps a timeline shows at first, and adds at a time. */
export const AT_FIRST = STEPS;

function Item({ step, from, span }: { step: Step; from: number; span: number }) {
  const start = Math.min(1, Math.max(0, (step.at - from) / span));
  const width = Math.min(1 - start, (step.durationMs ?? 0) / span);
  const waited = step.retry === null ? 0 : Math.min(1 - start, step.retry.waitedMs / span);
  return (
    <li class={`step tone-${tone(step)}`}>
      <span class="step-mark" aria-hidden="true"><Icon name={icon(step)} /></span>
      <div class="step-body">
        <p class="step-line">
          {step.request === null ? <span class="step-text"><Text text={sentence(step.text)} most={TEXT} /></span>
            : <span class="step-text cut">{step.request.method === "" ? "Request" : step.request.method} to <b>{partsOf(step.request.url).host ?? "the provider"}</b></span>}
          <span class="step-time mono soft">+{step.at <= from ? "0 ms" : duration(step.at - from)}{step.durationMs === null ? "" : ` · ${duration(step.durationMs)}`}</span>
        </p>
        <div class="step-track" aria-hidden="true">
          {waited > 0 && <span class="step-wait" style={{ left: `${start * 100}%`, width: `${waited * 100}%` }} />}
          <span class="step-bar" style={{ left: `${start * 100}%`, width: `${width * 100}%` }} />
        </div>
        {step.retry !== null && (
          <p class="small">
            Attempt {step.retry.attempt}{step.retry.max === null ? "" : ` of ${step.retry.max + 1}`}; waited <b>{duration(step.retry.waitedMs)}</b> before the next.
          </p>
        )}
        {step.problem !== null && <ProblemCard problem={step.problem} />}
        {(step.request !== null || step.response !== null) && <Exchange step={step} />}
        {step.rest !== null && <details class="fold"><summary>Details</summary><JsonTree value={step.rest} label="Details of this step" /></details>}
      </div>
    </li>
  );
}

/** The server's words begin small. */
function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function tone(step: Step): string {
  if (step.level === "error" || (step.response?.code ?? 0) >= 400) return "bad";
  if (step.level === "warn" || step.retry !== null) return "wait";
  return step.response?.code == null ? "soft" : "good";
}

function icon(step: Step): IconName {
  if (step.retry !== null) return "refresh";
  if (step.level === "error") return "error";
  if (step.level === "warn") return "warning";
  return step.request === null ? "info" : "send";
}

/** Cause, who must act, remedy; and the ids that the other side's support asks for. */
export function ProblemCard({ problem }: { problem: Problem }) {
  const who = whoActs(problem.actor);
  return (
    <div class="notice bad problem">
      <Icon name="error" />
      <div class="grow">
        <p class="notice-title"><Text text={problem.cause} most={TEXT} /></p>
        {(who !== null || problem.remedy !== null) && (
          <p>{who !== null && <strong>{who}. </strong>}<Text text={problem.remedy ?? ""} most={TEXT} /></p>
        )}
        <p class="small problem-ids">
          {problem.code !== null && <code>{problem.code.slice(0, 200)}</code>}
          {problem.link !== null && <a href={problem.link} target="_blank" rel="noreferrer">What the provider says</a>}
        </p>
        {problem.traceId !== null && <p class="small">Trace id <CopyText text={problem.traceId.slice(0, 200)} what="trace id" /></p>}
        {problem.correlationId !== null && <p class="small">Correlation id <CopyText text={problem.correlationId.slice(0, 200)} what="correlation id" /></p>}
      </div>
    </div>
  );
}
