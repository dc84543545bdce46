// Data that a page asks for: loading, failed or there, asked anew when what it depends on changes.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Answer, Failure } from "../../shared/api.ts";
import { onReturn } from "../shell/api.ts";

export interface Loaded<T> {
  /** The last answer; stays while it is asked for again. */
  value: T | undefined;
  /** Why there is none, or no newer one. */
  failure: Failure | null;
  loading: boolean;
  reload(): void;
  /** Puts a value in place without asking. */
  set(value: T): void;
}

interface State<T> {
  value: T | undefined;
  failure: Failure | null;
  loading: boolean;
  of: string;
}

/** Asks when first drawn and whenever `of` is another text; an answer that comes too late is dropped, and a lost server
 * is asked again when it is back. `of` null: not yet. */
export function useLoad<T>(of: string | null, ask: (signal: AbortSignal) => Promise<Answer<T>>): Loaded<T> {
  const [state, setState] = useState<State<T>>({ value: undefined, failure: null, loading: of !== null, of: of ?? "" });
  const [turn, setTurn] = useState(0);
  const latest = useRef(ask);
  latest.current = ask;

  useEffect(() => {
    if (of === null) return;
    const abort = new AbortController();
    setState((was) => ({ ...was, loading: true, ...(was.of === of ? {} : { value: undefined, failure: null }), of }));
    void latest.current(abort.signal).then((answer) => {
      if (abort.signal.aborted) return;
      setState((was) =>
        answer.ok
          ? { value: answer.value, failure: null, loading: false, of }
          : { ...was, failure: answer.failure, loading: false },
      );
    });
    return () => abort.abort();
  }, [of, turn]);

  const reload = useCallback(() => setTurn((was) => was + 1), []);
  const set = useCallback((value: T) => setState((was) => ({ ...was, value, failure: null })), []);
  const lost = state.failure?.kind === "unreachable";
  useEffect(() => (lost ? onReturn(reload) : undefined), [lost, reload]);

  // Between the draw with a new `of` and its effect, the old answer is not the answer.
  if (of !== null && state.of !== of) return { value: undefined, failure: null, loading: true, reload, set };
  return { value: state.value, failure: state.failure, loading: state.loading, reload, set };
}
