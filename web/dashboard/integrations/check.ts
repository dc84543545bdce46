// The provider's rules, checked by the server while one types.

import { useEffect, useState } from "preact/hooks";
import type { IntegrationProblem, ProviderForm } from "../../shared/internal.ts";
import type { Complaint } from "../components/form.tsx";
import { api } from "../shell/api.ts";
import { mayWrite } from "../shell/session.ts";
import { configOf, credentialsOf, hostsOf } from "./draft.ts";
import type { Draft } from "./draft.ts";

const WAIT_MS = 250;

export interface Checked {
  problems: readonly IntegrationProblem[];
  /** The worst that was said of a field, by a word of its place. That something is missing, the form sees itself. */
  at(field: string): Complaint | null;
  blocked: boolean;
}

/** `own` is the key of the integration that is being changed, which may keep it; null for a new one. */
export function useCheck(form: ProviderForm, draft: Draft, own: string | null): Checked {
  const [problems, setProblems] = useState<readonly IntegrationProblem[]>([]);
  const asked = mayWrite.value
    ? JSON.stringify({
        provider: form.name,
        credentials: credentialsOf(form, draft) ?? {},
        connection_config: configOf(form, draft, "connection_config"),
        cloud: draft.cloud,
        key: draft.key.trim(),
        allowed_hosts: hostsOf(draft),
        ...(own === null ? {} : { editing: own }),
      })
    : null;
  useEffect(() => {
    if (asked === null) return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      const body: unknown = JSON.parse(asked);
      void api.internal<{ problems: IntegrationProblem[] }>("post", "/integrations/check", { body, signal: abort.signal }).then((answer) => {
        if (answer.ok && !abort.signal.aborted) setProblems(answer.value.problems.filter((one) => one.code !== "required"));
      });
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [asked]);
  return {
    problems,
    at: (field) => worst(problems.filter((one) => one.field.split(".").includes(field))),
    blocked: problems.some((one) => one.severity === "error"),
  };
}

function worst(problems: readonly IntegrationProblem[]): Complaint | null {
  return problems.find((one) => one.severity === "error") ?? problems[0] ?? null;
}
