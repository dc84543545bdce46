// The banner of a server that does not answer.

import { unreachableSince } from "./session.ts";

export function Gone() {
  if (unreachableSince.value === null) return null;
  return (
    <div class="banner" role="alert">
      <span class="spinner" aria-hidden="true" />
      <span>
        The server does not answer. This page asks again by itself and goes on when it is back; what you typed stays.
      </span>
    </div>
  );
}
