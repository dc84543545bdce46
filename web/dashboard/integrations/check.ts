// The provider's rules, checked by the server while one types.

import { useEffect, useState } from "preact/hooks";
import type { IntegrationProblem, ProviderForm } from "../../shared/internal.ts";
import type { Complaint } from "../components/form.tsx";
import { api } from "../shell/api.ts";
import { credentialsOf } from "./draft.ts";
import type { Draft } from "./draft.ts";

const WAIT_MS = 250;

export interface Checked {
  problems: readonly IntegrationProblem[];
  /** The worst that was said of a field, by its name or the last word of it. */
  at(field: string): Complaint | null;
  blocked: boolean;
}

/** `own` is the key of the integration that is being changed, which may keep it. */
export function useCheck(form: ProviderForm, draft: Draft, own: string | null): Checked {
  const [problems, setProblems] = useState<readonly IntegrationProblem[]>([]);
  const credentials = credentialsOf(form, draft);
  const key = draft.key.trim();
  const asked = JSON.stringify({
    provider: form.name,
    ...(credentials ? { credentials } : {}),
    ...(draft.cloud ? { cloud: draft.cloud } : {}),
    ...(key !== "" && key !== own ? { key } : {}),
  });
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(() => {
      const body: unknown = JSON.parse(asked);
      void api.internal<{ problems: IntegrationProblem[] }>("post", "/integrations/check", { body, signal: abort.signal }).then((answer) => {
        if (answer.ok && !abort.signal.aborted) setProblems(answer.value.problems);
      });
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [asked]);
  return {
    problems,
    at: (field) => worst(problems.filter((one) => one.field === field || one.field.split(".").at(-1) === field)),
    blocked: problems.some((one) => one.severity === "error"),
  };
}

function worst(problems: readonly IntegrationProblem[]): Complaint | null {
  return problems.find((one) => one.severity === "error") ?? problems[0] ?? null;
}
