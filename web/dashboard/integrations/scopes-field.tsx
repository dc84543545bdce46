// Scopes, one chip each; a comma, a space or Enter ends one, and a pasted list becomes many.

import { useState } from "preact/hooks";
import { Field } from "../components/form.tsx";
import type { Complaint } from "../components/form.tsx";
import { Icon } from "../components/icons.tsx";

export function ScopesField({ label, value, change, help, complaint, example, disabled }: {
  label: string;
  /** Separated by commas. */
  value: string;
  change(value: string): void;
  help?: string | null | undefined;
  complaint: Complaint | string | null;
  example?: string | null | undefined;
  disabled: boolean;
}) {
  const [typed, setTyped] = useState("");
  const scopes = split(value);
  const add = (text: string) => {
    const fresh = split(text).filter((scope) => !scopes.includes(scope));
    if (fresh.length > 0) change([...scopes, ...fresh].join(","));
    setTyped("");
  };
  return (
    <Field label={label} help={help ?? "Space, comma or Enter adds one; paste a whole list."} complaint={complaint}>
      {(tied) => (
        <div class="chips-box">
          {scopes.map((scope) => (
            <span key={scope} class="chip on">
              <span class="mono">{scope}</span>
              {!disabled && (
                <button type="button" aria-label={`Take ${scope} away`} onClick={() => change(scopes.filter((one) => one !== scope).join(","))}>
                  <Icon name="cross" />
                </button>
              )}
            </span>
          ))}
          <input
            {...tied}
            class="chips-input"
            autocomplete="off"
            spellcheck={false}
            disabled={disabled}
            placeholder={scopes.length === 0 ? (example ?? "offline_access, User.Read") : ""}
            value={typed}
            onInput={(event) => {
              const text = event.currentTarget.value;
              if (/[\s,]/.test(text)) add(text);
              else setTyped(text);
            }}
            onKeyDown={(event) => {
              if (event.key === "Enter" && typed !== "") {
                event.preventDefault();
                add(typed);
              } else if (event.key === "Backspace" && typed === "" && scopes.length > 0) {
                change(scopes.slice(0, -1).join(","));
              }
            }}
            onBlur={() => typed !== "" && add(typed)}
          />
        </div>
      )}
    </Field>
  );
}

function split(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter(Boolean))];
}
