// Long lists, page by page.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Answer, Failure } from "../../shared/api.ts";
import { onReturn } from "../shell/api.ts";

export interface Paged<Row> {
  rows: readonly Row[];
  failure: Failure | null;
  loading: boolean;
  /** No page follows. */
  whole: boolean;
  /** Asks for the next page, once at a time. */
  more(): void;
  reload(): void;
  /** Counts the beginnings: a new text of `of`, a reload. */
  round: number;
}

interface State<Row> {
  rows: Row[];
  failure: Failure | null;
  loading: boolean;
  next: string | null;
}

/** Asks page by page; a new text of `of` starts over and keeps the old rows until the first page is there. */
export function usePages<Row>(
  of: string,
  ask: (cursor: string | null, signal: AbortSignal) => Promise<Answer<{ data: Row[]; next: string | null }>>,
): Paged<Row> {
  const [state, setState] = useState<State<Row>>({ rows: [], failure: null, loading: true, next: null });
  const [round, setRound] = useState(0);
  const latest = useRef(ask);
  latest.current = ask;
  const running = useRef<AbortController | null>(null);

  const page = useCallback((cursor: string | null) => {
    running.current?.abort();
    const abort = new AbortController();
    running.current = abort;
    setState((was) => ({ ...was, loading: true, failure: null }));
    void latest.current(cursor, abort.signal).then((answer) => {
      if (abort.signal.aborted) return;
      running.current = null;
      setState((was) => {
        if (!answer.ok) return { ...was, failure: answer.failure, loading: false };
        const rows = cursor === null ? answer.value.data : [...was.rows, ...answer.value.data];
        return { rows, next: answer.value.next, failure: null, loading: false };
      });
    });
  }, []);

  useEffect(() => {
    page(null);
    return () => running.current?.abort();
  }, [of, round, page]);

  const more = useCallback(() => {
    if (state.next !== null && !running.current) page(state.next);
  }, [state.next, page]);
  const reload = useCallback(() => setRound((was) => was + 1), []);
  const lost = state.failure?.kind === "unreachable";
  useEffect(() => (lost ? onReturn(reload) : undefined), [lost, reload]);

  return { rows: state.rows, failure: state.failure, loading: state.loading, whole: state.next === null, more, reload, round };
}
