// From nothing to the first call: what is done, what is next.

import type { ComponentChildren } from "preact";
import { Icon } from "../components/icons.tsx";

export interface Step {
  title: string;
  done: boolean;
  /** Shown while the step is the next one, or always. */
  children: ComponentChildren;
  always?: boolean;
}

export function Steps({ steps }: { steps: readonly Step[] }) {
  const next = steps.findIndex((step) => !step.done);
  return (
    <ol class="steps">
      {steps.map((step, at) => (
        <li key={step.title} class={step.done ? "done" : at === next ? "next" : "later"}>
          <span class="way-mark">{step.done ? <Icon name="check" /> : at + 1}</span>
          <div class="stack tight grow">
            <h2>
              {step.title}
              <span class="unseen">{step.done ? " (done)" : at === next ? " (next)" : ""}</span>
            </h2>
            {(at === next || step.always) && <div class="stack tight">{step.children}</div>}
          </div>
        </li>
      ))}
    </ol>
  );
}
