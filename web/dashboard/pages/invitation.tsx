// An invitation or a reset, by its link.

import { useState } from "preact/hooks";
import { Form, SecretField, TextField } from "../components/form.tsx";
import { useLoad } from "../components/load.ts";
import { Notice, Show } from "../components/states.tsx";
import { api } from "../shell/api.ts";
import { href } from "../shell/place.ts";
import { Gate, SHORTEST_PASSWORD, passwordProblem, useTokenOfLink, walkIn } from "./gate.tsx";

interface Invited {
  email: string;
  purpose: "invite" | "reset";
}

export function Invitation() {
  const token = useTokenOfLink();
  const shown = useLoad(token || null, (signal) =>
    api.internal<Invited>("post", "/invitations/show", { body: { token }, signal }),
  );
  const reset = shown.value?.purpose === "reset";
  return (
    <Gate title={reset ? "Choose a new password" : "Join Sheetbend"} lead={shown.value ? `For ${shown.value.email}.` : undefined}>
      {token === "" ? (
        <Notice kind="wait" title="The link is not whole">
          <p>Copy it as you got it, with what stands after #, or ask for a new one.</p>
        </Notice>
      ) : (
        <Show from={shown} rows={3}>
          {(invited) => <Accept token={token} invited={invited} />}
        </Show>
      )}
      {shown.failure && (
        <p class="small soft gate-foot">
          <a href={href("/sign-in")}>To the sign-in</a>
        </p>
      )}
    </Gate>
  );
}

function Accept({ token, invited }: { token: string; invited: Invited }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const join = invited.purpose === "invite";
  return (
    <Form
      verb={join ? "Join" : "Set the password"}
      disabled={password.length < SHORTEST_PASSWORD || (join && name.trim() === "")}
      send={() => api.internal<unknown>("post", "/invitations/accept", { body: { token, password, ...(join ? { name: name.trim() } : {}) } })}
      done={() => void walkIn()}
    >
      <input type="hidden" autocomplete="username" value={invited.email} />
      {join && <TextField label="Your name" autocomplete="name" autofocus value={name} change={setName} />}
      <SecretField label="Password" autocomplete="new-password" value={password} change={setPassword} complaint={passwordProblem(password)}
        help={`At least ${SHORTEST_PASSWORD} characters.`} />
    </Form>
  );
}
