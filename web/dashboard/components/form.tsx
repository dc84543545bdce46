// Forms: a field with its label, help and complaint tied together, and a form that sends and shows what came back.

import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import type { Answer, Failure, Place } from "../../shared/api.ts";
import { Icon } from "./icons.tsx";
import { Trouble } from "./states.tsx";

export interface Complaint {
  severity: "error" | "warning";
  message: string;
}

interface Shown {
  label: string;
  help?: ComponentChildren;
  /** What is wrong with the value. */
  complaint?: Complaint | string | null | undefined;
  optional?: boolean;
  hideLabel?: boolean;
}

/** Ties label, help and complaint to a control that takes `id` and `aria`. */
export function Field({ label, help, complaint, optional, hideLabel, children }: Shown & {
  children: (tied: { id: string; "aria-describedby": string; "aria-invalid": boolean | undefined }) => ComponentChildren;
}) {
  const id = useId();
  const told = typeof complaint === "string" ? { severity: "error" as const, message: complaint } : complaint;
  return (
    <div class="field">
      <label for={id} class={hideLabel ? "unseen" : undefined}>
        {label}
        {optional && <span class="soft"> optional</span>}
      </label>
      {children({ id, "aria-describedby": `${id}h ${id}c`, "aria-invalid": told?.severity === "error" ? true : undefined })}
      <div id={`${id}c`} class={`complaint ${told?.severity ?? ""}`} aria-live="polite">
        {told && (
          <>
            <Icon name={told.severity === "error" ? "error" : "warning"} />
            {told.message}
          </>
        )}
      </div>
      {help && (
        <div id={`${id}h`} class="help">
          {help}
        </div>
      )}
    </div>
  );
}

interface Control {
  type?: "text" | "email" | "search" | "url" | "date" | "number";
  autocomplete?: string;
  placeholder?: string | undefined;
  inputMode?: "text" | "numeric" | "url";
  autofocus?: boolean;
  disabled?: boolean;
  readOnly?: boolean;
  spellcheck?: boolean;
  maxLength?: number;
}

export function TextField({ value, change, label, help, complaint, optional, hideLabel, ...rest }: Shown & Control & {
  value: string;
  change(value: string): void;
}) {
  return (
    <Field {...shown(label, help, complaint, optional, hideLabel)}>
      {(tied) => <input {...input(rest)} {...tied} value={value} onInput={(event) => change(event.currentTarget.value)} />}
    </Field>
  );
}

/** A secret: hidden until asked for, never offered to the password keeper as a login. */
export function SecretField({ value, change, label, help, complaint, optional, hideLabel, ...rest }: Shown & Omit<Control, "type"> & {
  value: string;
  change(value: string): void;
}) {
  const [open, setOpen] = useState(false);
  return (
    <Field {...shown(label, help, complaint, optional, hideLabel)}>
      {(tied) => (
        <span class="with-button">
          <input class="input" autocomplete="off" spellcheck={false} {...rest} {...tied} {...kind(open)} value={value}
            onInput={(event) => change(event.currentTarget.value)} />
          <button type="button" class="tiny quiet" aria-pressed={open} onClick={() => setOpen(!open)}>
            {open ? "Hide" : "Show"}
            <span class="unseen"> {label}</span>
          </button>
        </span>
      )}
    </Field>
  );
}

export function TextArea({ value, change, label, help, complaint, optional, hideLabel, rows = 5, mono = false, placeholder, readOnly }: Shown & {
  value: string;
  change(value: string): void;
  rows?: number;
  mono?: boolean;
  placeholder?: string | undefined;
  readOnly?: boolean;
}) {
  return (
    <Field {...shown(label, help, complaint, optional, hideLabel)}>
      {(tied) => (
        <textarea class={mono ? "input code" : "input"} rows={rows} spellcheck={!mono} {...tied} placeholder={placeholder} readOnly={readOnly}
          value={value} onInput={(event) => change(event.currentTarget.value)} />
      )}
    </Field>
  );
}

export interface Choice {
  value: string;
  title: string;
}

export function SelectField({ value, change, options, label, help, complaint, optional, hideLabel, disabled }: Shown & {
  value: string;
  change(value: string): void;
  options: readonly Choice[];
  disabled?: boolean;
}) {
  return (
    <Field {...shown(label, help, complaint, optional, hideLabel)}>
      {(tied) => (
        <select class="input" {...tied} value={value} disabled={disabled} onChange={(event) => change(event.currentTarget.value)}>
          {options.map((one) => (
            <option key={one.value} value={one.value}>
              {one.title}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function Check({ checked, change, label, help, disabled }: {
  checked: boolean;
  change(checked: boolean): void;
  label: ComponentChildren;
  help?: ComponentChildren;
  disabled?: boolean;
}) {
  const id = useId();
  return (
    <div class="check">
      <input id={id} type="checkbox" checked={checked} disabled={disabled} aria-describedby={help ? `${id}h` : undefined}
        onChange={(event) => change(event.currentTarget.checked)} />
      <div>
        <label for={id}>{label}</label>
        {help && (
          <div id={`${id}h`} class="help">
            {help}
          </div>
        )}
      </div>
    </div>
  );
}

/** Sends on Enter and by its button, once at a time; shows the failure above the button. `verb` is the button. */
export function Form<T>({ children, send, done, verb, danger, disabled, beside, quietly }: {
  children: ComponentChildren;
  send(): Promise<Answer<T>>;
  done(value: T): void;
  verb: string;
  danger?: boolean;
  disabled?: boolean;
  /** More buttons beside the first. */
  beside?: ComponentChildren;
  /** Failures that the caller shows itself. */
  quietly?(failure: Failure): boolean;
}) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy || disabled) return;
    setBusy(true);
    setFailure(null);
    const answer = await send();
    setBusy(false);
    if (answer.ok) return done(answer.value);
    if (!quietly?.(answer.failure)) setFailure(answer.failure);
    const form = event.target as HTMLFormElement;
    requestAnimationFrame(() => form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  };
  return (
    <form onSubmit={submit} noValidate class="form">
      {children}
      {failure && <Trouble failure={failure} />}
      <div class="line form-foot">
        <button type="submit" class={danger ? "primary danger" : "primary"} disabled={busy || disabled} aria-busy={busy}>
          {verb}
        </button>
        {beside}
      </div>
    </form>
  );
}

/** What the server said about one place of the request: `complaintAt(failure, "credentials", "scopes")`. */
export function complaintAt(failure: Failure | null, ...path: string[]): string | null {
  const fits = (place: Place) => place.path.join(".") === path.join(".");
  return failure?.places.find(fits)?.message ?? null;
}

/** An input's type decides which roles it may have, so the compiler wants one of each. */
function kind(open: boolean): { type: "text" } | { type: "password" } {
  return open ? { type: "text" } : { type: "password" };
}

function input({ type = "text", ...rest }: Control) {
  return { class: "input", ...rest, type: type as "text" };
}

function shown(label: string, help: ComponentChildren, complaint: Shown["complaint"], optional?: boolean, hideLabel?: boolean): Shown {
  return { label, help, complaint: complaint ?? null, optional: optional ?? false, hideLabel: hideLabel ?? false };
}
