// What stands where data would: loading, nothing yet, failed.

import type { ComponentChildren } from "preact";
import type { Failure } from "../../shared/api.ts";
import type { Loaded } from "./load.ts";
import { Icon } from "./icons.tsx";
import type { IconName } from "./icons.tsx";

const WHO: Record<string, string> = {
  user: "The account's owner must act",
  end_user: "The account's owner must act",
  admin: "An administrator of the account must act",
  developer: "You must act",
  operator: "The operator of this server must act",
  provider: "The provider must act",
  nobody: "Nobody must act",
};

/** "Who must act" in words. */
export function whoActs(actor: string | null | undefined): string | null {
  if (!actor) return null;
  return WHO[actor] ?? `${actor} must act`;
}

/** What is on its way: lines of text, the rows of a list, a page of cards under its heading. */
export type Shape = "lines" | "rows" | "cards";

/** The outline of what is being loaded, in its place, so that nothing jumps when it comes. */
export function Skeleton({ rows = 6, as = "lines" }: { rows?: number; as?: Shape }) {
  const all = Array.from({ length: rows }, (_, row) => row);
  return (
    <div class={`skeleton of-${as}`} role="status">
      <span class="unseen">Loading…</span>
      {as === "lines" && all.map((row) => <span key={row} class={`bone w${row % 4}`} />)}
      {as === "rows" && all.map((row) => (
        <span key={row} class="bone-row">
          <span class="bone square" />
          <span class={`bone w${4 + (row % 3)}`} />
          <span class="bone w7" />
        </span>
      ))}
      {as === "cards" && (
        <>
          <span class="bone-row head">
            <span class="bone square big" />
            <span class="bone w6 tall" />
          </span>
          <span class="columns">
            {[0, 1].map((card) => (
              <span key={card} class="card">
                <span class="bone w5 tall" />
                {all.map((row) => <span key={row} class={`bone w${(row + card) % 4}`} />)}
              </span>
            ))}
          </span>
        </>
      )}
    </div>
  );
}

/** Nothing here yet: why that is, the next step, and the code that does it. */
export function Empty({ icon, title, children, actions, code, page = false }: {
  icon: IconName;
  title: string;
  /** It is the whole page, and its title the page's. */
  page?: boolean;
  children?: ComponentChildren;
  actions?: ComponentChildren;
  code?: ComponentChildren;
}) {
  return (
    <div class={page ? "empty page" : "empty"}>
      <span class="empty-mark">
        <Icon name={icon} />
      </span>
      {page ? <h1 tabIndex={-1}>{title}</h1> : <h2>{title}</h2>}
      {children && <div class="empty-text">{children}</div>}
      {actions && <div class="line">{actions}</div>}
      {code && <div class="empty-code">{code}</div>}
    </div>
  );
}

/** A failure in full: what happened, who must act, how; and a button to try again. */
export function Trouble({ failure, again }: { failure: Failure; again?: (() => void) | undefined }) {
  const who = whoActs(failure.actor);
  return (
    <div class="notice bad" role="alert">
      <Icon name="error" />
      <div class="grow">
        <p class="notice-title">{failure.message}</p>
        {failure.places.filter((place) => place.message !== failure.message || place.path.length > 1).map((place) => (
          <p key={place.path.join(".") + place.message}>
            {place.path.length > 0 && <code>{place.path.join(".")}</code>} {place.message}
          </p>
        ))}
        {(who || failure.remedy) && (
          <p>
            {who && <strong>{who}. </strong>}
            {failure.remedy}
          </p>
        )}
        {failure.link && (
          <p>
            <a href={failure.link} target="_blank" rel="noreferrer">
              Read more
            </a>
          </p>
        )}
        {failure.status === 403 && <p class="small">Your role does not include this. An owner can change roles under Team.</p>}
        <p class="small mono">{failure.code}</p>
      </div>
      {again && (
        <button type="button" class="tiny" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

/** A box that tells something. */
export function Notice({ kind, title, children, actions }: {
  kind: "info" | "good" | "wait" | "bad";
  title?: string;
  children?: ComponentChildren;
  actions?: ComponentChildren;
}) {
  const icon: IconName = kind === "good" ? "check" : kind === "info" ? "info" : kind === "wait" ? "warning" : "error";
  return (
    <div class={`notice ${kind}`}>
      <Icon name={icon} />
      <div class="grow">
        {title && <p class="notice-title">{title}</p>}
        {children}
      </div>
      {actions}
    </div>
  );
}

/** Draws loaded data, or what stands in its place. Keeps drawing the last answer while it asks again. */
export function Show<T>({ from, rows = 6, as = "lines", children }: {
  from: Loaded<T>;
  rows?: number;
  as?: Shape;
  children: (value: T) => ComponentChildren;
}) {
  if (from.value !== undefined) {
    return (
      <>
        {from.failure && <Trouble failure={from.failure} again={from.reload} />}
        {children(from.value)}
      </>
    );
  }
  if (from.failure) return <Trouble failure={from.failure} again={from.reload} />;
  return <Skeleton rows={rows} as={as} />;
}
