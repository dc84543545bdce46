// Windows over the page, by the browser's own <dialog>: it keeps the focus inside and gives it back.

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Answer, Failure } from "../../shared/api.ts";
import { Icon } from "./icons.tsx";
import { Trouble } from "./states.tsx";

interface DialogProps {
  title: string;
  close(): void;
  children: ComponentChildren;
  actions?: ComponentChildren;
  size?: "small" | "medium" | "large" | "side";
}

/** Shown for as long as it is drawn. */
export function Dialog({ title, close, children, actions, size = "medium" }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const label = useId();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class={`dialog ${size}`}
      aria-labelledby={label}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onMouseDown={(event) => {
        if (event.target === dialog.current) close();
      }}
    >
      <div class="dialog-box">
        <header class="dialog-head">
          <h2 id={label}>{title}</h2>
          <button type="button" class="glyph quiet" aria-label="Close" onClick={close}>
            <Icon name="cross" />
          </button>
        </header>
        <div class="dialog-body">{children}</div>
        {actions && <footer class="dialog-foot">{actions}</footer>}
      </div>
    </dialog>
  );
}

/** Asks before something that cannot be taken back. Runs it and stays open with the reason where it fails. */
export function Confirm({ title, children, verb, danger = true, word, run, done, close }: {
  title: string;
  children: ComponentChildren;
  verb: string;
  danger?: boolean;
  /** To be typed first, for what hurts most. */
  word?: string;
  run(): Promise<Answer<unknown>>;
  done(): void;
  close(): void;
}) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [typed, setTyped] = useState("");
  const field = useId();
  const ready = !busy && (word === undefined || typed === word);
  const go = async () => {
    if (!ready) return;
    setBusy(true);
    const answer = await run();
    setBusy(false);
    if (answer.ok) done();
    else setFailure(answer.failure);
  };
  return (
    <Dialog
      title={title}
      close={close}
      size="small"
      actions={
        <>
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="button" class={danger ? "primary danger" : "primary"} disabled={!ready} aria-busy={busy} onClick={go}>
            {verb}
          </button>
        </>
      }
    >
      <div class="stack">
        <div>{children}</div>
        {word !== undefined && (
          <div class="field">
            <label for={field}>
              Type <code>{word}</code> to go on
            </label>
            <input id={field} class="input" autocomplete="off" value={typed} onInput={(event) => setTyped(event.currentTarget.value)}
              onKeyDown={(event) => event.key === "Enter" && void go()} />
          </div>
        )}
        {failure && <Trouble failure={failure} />}
      </div>
    </Dialog>
  );
}
