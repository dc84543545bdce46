// The door: e-mail and password, the second factor, or the company's own sign-in.

import { useState } from "preact/hooks";
import type { SignInFacts } from "../../shared/internal.ts";
import { CodeBlock } from "../components/code-block.tsx";
import { Form, SecretField, TextField } from "../components/form.tsx";
import { useLoad } from "../components/load.ts";
import { Notice } from "../components/states.tsx";
import { api, whoIsHere } from "../shell/api.ts";
import { base, go, path } from "../shell/place.ts";
import { Gate } from "./gate.tsx";

/** Words of our own for each code, so that a link cannot put others here. */
const REFUSALS: Record<string, string> = {
  oidc_expired: "It took too long, or was begun in another browser. Begin again.",
  oidc_not_invited: "Nobody invited this address. Ask an owner for an invitation, then sign in again.",
  oidc_taken: "This address belongs to an account that signs in differently. Sign in as before, or ask an owner.",
  oidc_unverified: "The address is not verified there. Verify it with your company's sign-in, or ask its administrator.",
  oidc_unusable: "The company's sign-in gave an answer that this server cannot use. The server's log says which; its operator must act.",
  oidc_refused: "The company's sign-in refused it. The server's log says why.",
};

export function SignIn() {
  const [step, setStep] = useState<"password" | "totp">("password");
  const facts = useLoad("sign-in", (signal) => api.internal<SignInFacts>("get", "/sign-in", { signal }));
  const refused = new URLSearchParams(location.search).get("error");
  if (step === "totp") return <SecondFactor back={() => setStep("password")} />;
  return (
    <Gate title={facts.value?.setup_needed ? "Set up Sheetbend" : "Sign in"}>
      <div class="stack">
        {facts.value?.setup_needed && (
          <>
            <p>Nobody has an account here yet. Open the setup link that the server printed when it started, or make another one where it runs:</p>
            <CodeBlock text="sheetbend users setup-link" label="The command" language="shell" wrap />
          </>
        )}
        {refused && (
          <Notice kind="bad" title="The sign-in did not succeed">
            <p>{REFUSALS[refused] ?? REFUSALS["oidc_refused"]}</p>
          </Notice>
        )}
        {!facts.value?.setup_needed && <Password done={(next) => (next === "totp" ? setStep("totp") : void arrive())} />}
      </div>
      {facts.value?.oidc && (
        <>
          <p class="or">or</p>
          <a class="button oidc" href={`${base}/internal/oidc/start?return=${encodeURIComponent(location.pathname + location.search)}`}>
            Go on with {facts.value.oidc.name}
          </a>
        </>
      )}
    </Gate>
  );
}

async function arrive(): Promise<void> {
  await whoIsHere();
  if (path.peek() === "/sign-in") go("/", { replace: true });
}

function Password({ done }: { done(next: "done" | "totp"): void }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  return (
    <Form
      verb="Sign in"
      disabled={email === "" || password === ""}
      send={() => api.internal<{ next: "done" | "totp" }>("post", "/sign-in", { body: { email, password } })}
      done={({ next }) => done(next)}
    >
      <TextField label="E-mail" type="email" autocomplete="username" autofocus value={email} change={setEmail} />
      <SecretField label="Password" autocomplete="current-password" value={password} change={setPassword}
        help={<>Forgotten? An owner can give you a new link under Team, or run <code>sheetbend users reset</code>.</>} />
    </Form>
  );
}

function SecondFactor({ back }: { back(): void }) {
  const [code, setCode] = useState("");
  return (
    <Gate title="Second factor" lead="Enter the six digits that your authenticator shows, or one of your recovery codes.">
      <Form
        verb="Sign in"
        disabled={code.trim().length < 6}
        send={() => api.internal<unknown>("post", "/sign-in/totp", { body: { code: code.trim() } })}
        done={() => void arrive()}
        beside={
          <button type="button" class="quiet" onClick={back}>
            Back
          </button>
        }
      >
        <TextField label="Code" inputMode="text" autocomplete="one-time-code" autofocus value={code} change={setCode} />
      </Form>
    </Gate>
  );
}
