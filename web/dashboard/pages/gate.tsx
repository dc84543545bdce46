// The card that sign-in, set-up and invitation stand on, and what they share.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Knot } from "../components/icons.tsx";
import { Toasts } from "../components/toast.tsx";
import { Gone } from "../shell/gone.tsx";
import { go } from "../shell/place.ts";
import { whoIsHere } from "../shell/api.ts";
import { complain } from "../components/toast.tsx";

export const SHORTEST_PASSWORD = 10;

export function Gate({ title, lead, children }: { title: string; lead?: ComponentChildren; children: ComponentChildren }) {
  useEffect(() => {
    document.title = `${title} · Sheetbend`;
  }, [title]);
  return (
    <main class="gate">
      <div class="gate-card">
        <Gone />
        <p class="brand">
          <Knot /> Sheetbend
        </p>
        <h1 tabIndex={-1}>{title}</h1>
        {lead && <p class="lead">{lead}</p>}
        {children}
      </div>
      <Toasts />
    </main>
  );
}

/** The token of a link, from the fragment, which no server and no log saw; taken out of the address at once. */
export function useTokenOfLink(): string {
  const [known, setKnown] = useState(tokenOfLink);
  useEffect(() => {
    // Somebody pastes the whole link over a half one: the page stays, only the fragment changes.
    const look = () => setKnown(tokenOfLink());
    addEventListener("hashchange", look);
    return () => removeEventListener("hashchange", look);
  }, []);
  return known;
}

function tokenOfLink(): string {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    token = given;
    history.replaceState(history.state, "", location.pathname + location.search);
  }
  return token;
}

let token = "";

/** After a door was opened: into the house. */
export async function walkIn(): Promise<void> {
  const failure = await whoIsHere();
  if (failure) complain(failure);
  else go("/", { replace: true });
}

/** Why a new password will not do; null when it will. */
export function passwordProblem(password: string, again?: string): string | null {
  if (password.length > 0 && password.length < SHORTEST_PASSWORD) return `At least ${SHORTEST_PASSWORD} characters; a few words are easiest.`;
  if (again !== undefined && again !== "" && again !== password) return "The two passwords differ.";
  return null;
}
