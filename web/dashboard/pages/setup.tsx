// The first account of a server, by the link that it printed.

import { useState } from "preact/hooks";
import { Form, SecretField, TextField } from "../components/form.tsx";
import { Notice } from "../components/states.tsx";
import { api } from "../shell/api.ts";
import { Gate, SHORTEST_PASSWORD, passwordProblem, useTokenOfLink, walkIn } from "./gate.tsx";

export function Setup() {
  const token = useTokenOfLink();
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  if (token === "") {
    return (
      <Gate title="Create the first account">
        <Notice kind="wait" title="The link is not whole">
          <p>
            Copy it as it was printed, with what stands after <code>#</code>. <code>sheetbend users setup-link</code> makes a new one.
          </p>
        </Notice>
      </Gate>
    );
  }
  return (
    <Gate title="Create the first account" lead="It owns this server: it may do everything and invite others.">
      <Form
        verb="Create the account"
        disabled={email === "" || password.length < SHORTEST_PASSWORD}
        send={() => api.internal<unknown>("post", "/setup", { body: { token, email, name, password } })}
        done={() => void walkIn()}
      >
        <TextField label="E-mail" type="email" autocomplete="username" autofocus value={email} change={setEmail} />
        <TextField label="Name" autocomplete="name" value={name} change={setName} />
        <SecretField label="Password" autocomplete="new-password" value={password} change={setPassword} complaint={passwordProblem(password)}
          help={`At least ${SHORTEST_PASSWORD} characters; a few words are easiest.`} />
      </Form>
    </Gate>
  );
}
