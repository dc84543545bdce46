// One's own account: name, password, second factor, places that are signed in.

import { useState } from "preact/hooks";
import type { SignedInPlace } from "../../shared/internal.ts";
import { Form, SecretField, TextField } from "../components/form.tsx";
import { useLoad } from "../components/load.ts";
import { Show } from "../components/states.tsx";
import { Table } from "../components/table.tsx";
import { Badge, Card, PageHead, Time } from "../components/text.tsx";
import { complain, say } from "../components/toast.tsx";
import { api, whoIsHere } from "../shell/api.ts";
import { session } from "../shell/session.ts";
import { SHORTEST_PASSWORD, passwordProblem } from "./gate.tsx";
import { SecondFactorCard } from "./second-factor.tsx";

export const title = "Account";

export default function Account() {
  const user = session.value?.user;
  if (!user) return null;
  return (
    <>
      <PageHead title="Account" text={user.email} />
      <div class="columns">
        <NameCard name={user.name} />
        {user.password !== false && <PasswordCard email={user.email} />}
      </div>
      <SecondFactorCard on={user.totp} />
      <Sessions />
    </>
  );
}

function NameCard({ name: now }: { name: string }) {
  const [name, setName] = useState(now);
  return (
    <Card title="Name" text="How others see you in the team and the audit log.">
      <Form
        verb="Save"
        disabled={name.trim() === "" || name.trim() === now}
        send={() => api.internal<unknown>("patch", "/account", { body: { name: name.trim() } })}
        done={() => {
          say("Name saved.");
          void whoIsHere();
        }}
      >
        <TextField label="Name" autocomplete="name" value={name} change={setName} />
      </Form>
    </Card>
  );
}

function PasswordCard({ email }: { email: string }) {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  return (
    <Card title="Password" text="A change signs every other place out.">
      <Form
        verb="Change the password"
        disabled={current === "" || next.length < SHORTEST_PASSWORD}
        send={() => api.internal<unknown>("patch", "/account", { body: { password: { current, new: next } } })}
        done={() => {
          setCurrent("");
          setNext("");
          say("Password changed.");
          void whoIsHere();
        }}
      >
        <input type="text" class="unseen" autocomplete="username" value={email} readOnly tabIndex={-1} aria-hidden="true" />
        <SecretField label="Current password" autocomplete="current-password" value={current} change={setCurrent} />
        <SecretField label="New password" autocomplete="new-password" value={next} change={setNext} complaint={passwordProblem(next)}
          help={`At least ${SHORTEST_PASSWORD} characters.`} />
      </Form>
    </Card>
  );
}

function Sessions() {
  const places = useLoad("sessions", (signal) => api.internal<{ data: SignedInPlace[] }>("get", "/account/sessions", { signal }));
  const end = async (place: SignedInPlace) => {
    const answer = await api.internal("delete", `/account/sessions/${encodeURIComponent(place.id)}`);
    if (!answer.ok) return complain(answer.failure);
    say("Signed out there.");
    places.reload();
  };
  return (
    <Card title="Signed in" text="Browsers that hold a session of yours. Sign out what you do not know.">
      <Show from={places} rows={2}>
        {({ data }) => (
          <Table
            caption="Sessions"
            rows={data}
            id={(place) => place.id}
            columns={[
              {
                title: "Browser",
                width: "most",
                cell: (place) => (
                  <span class="line">
                    {browser(place.user_agent)} {place.current && <Badge tone="good">this one</Badge>}
                  </span>
                ),
              },
              { title: "Address", minor: true, cell: (place) => <span class="mono">{place.address ?? "–"}</span> },
              { title: "Signed in", minor: true, end: true, cell: (place) => <Time at={place.created_at} /> },
              { title: "Last seen", end: true, cell: (place) => <Time at={place.last_seen_at} /> },
              {
                title: "Action",
                end: true,
                cell: (place) =>
                  !place.current && (
                    <button type="button" class="tiny" onClick={() => end(place)}>
                      Sign out
                    </button>
                  ),
              },
            ]}
          />
        )}
      </Show>
    </Card>
  );
}

/** "Firefox on Linux", as far as the browser says. */
export function browser(agent: string | null): string {
  if (!agent) return "Unknown browser";
  const name = /(Edg|OPR|Firefox|Chrome|Safari)[a-z]*\//i.exec(agent)?.[1];
  const system = /Windows|Android|iPhone|iPad|Mac OS X|Linux/.exec(agent)?.[0];
  const called: Record<string, string> = { Edg: "Edge", OPR: "Opera" };
  return [called[name ?? ""] ?? name ?? agent.slice(0, 40), system && `on ${system.replace("Mac OS X", "macOS")}`].filter(Boolean).join(" ");
}
