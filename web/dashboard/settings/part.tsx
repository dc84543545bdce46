// What every card of the settings is made of.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Failure } from "../../shared/api.ts";
import type { components } from "../../shared/openapi.d.ts";
import { Form } from "../components/form.tsx";
import { Card } from "../components/text.tsx";
import { say } from "../components/toast.tsx";
import { api } from "../shell/api.ts";
import { mayWrite } from "../shell/session.ts";

export type Settings = components["schemas"]["Environment"];
export type Change = components["schemas"]["UpdateEnvironment"];

export interface CardProps {
  settings: Settings;
  /** Puts the changed settings in place. */
  keep(answer: { data: Settings }): void;
}

/** A card of fields that one button saves. */
export function SavedCard({ id, title, text, change, keep, children, failed, saved }: {
  id: string;
  title: string;
  text: ComponentChildren;
  /** What to save; null when nothing was changed. */
  change: Change | null;
  keep: CardProps["keep"];
  children: ComponentChildren;
  /** Told of the failure, to show it beside the fields it names; true when it is shown there. */
  failed?: (failure: Failure) => boolean;
  saved?: () => void;
}) {
  const send = () => api.patch("/environment", change ?? {});
  return (
    <div id={id} class="anchor">
      <Card title={title} text={text}>
        <fieldset disabled={!mayWrite.value}>
          <Form verb="Save" send={send} disabled={change === null || !mayWrite.value} {...(failed ? { quietly: failed } : {})}
            done={(answer) => { keep(answer); say("Saved."); saved?.(); }}>
            {children}
          </Form>
        </fieldset>
      </Card>
    </div>
  );
}

/** Fields as they are typed, and what of them differs from what is saved. */
export function useFields<T extends object>(saved: T) {
  const [typed, setTyped] = useState<Partial<T>>({});
  const all: T = { ...saved, ...typed };
  const changed = Object.fromEntries(Object.entries(typed).filter(([name, value]) => value !== (saved as Record<string, unknown>)[name])) as Partial<T>;
  return {
    all,
    /** Null when nothing differs. */
    changed: Object.keys(changed).length === 0 ? null : changed,
    put: <Name extends keyof T>(name: Name) => (value: T[Name]) => setTyped((was) => ({ ...was, [name]: value })),
    clear: () => setTyped({}),
  };
}
