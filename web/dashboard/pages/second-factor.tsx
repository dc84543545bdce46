// Switching the second factor on and off, with the code to scan drawn here: the secret goes to no other server.

import { useState } from "preact/hooks";
import { CopyButton, CopyText } from "../components/copy.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Form, SecretField, TextField } from "../components/form.tsx";
import { useLoad } from "../components/load.ts";
import { QrCode } from "../components/qr-code.tsx";
import { Notice, Show } from "../components/states.tsx";
import { Badge, Card } from "../components/text.tsx";
import { say } from "../components/toast.tsx";
import { api, whoIsHere } from "../shell/api.ts";

export function SecondFactorCard({ on }: { on: boolean }) {
  const [open, setOpen] = useState<"on" | "off" | null>(null);
  const close = () => setOpen(null);
  return (
    <Card
      title="Second factor"
      text="A code of six digits from an authenticator app, asked for after the password."
      actions={
        <>
          <Badge tone={on ? "good" : "soft"}>{on ? "on" : "off"}</Badge>
          <button type="button" onClick={() => setOpen(on ? "off" : "on")}>
            {on ? "Switch off" : "Switch on"}
          </button>
        </>
      }
    >
      {open === "on" && <SwitchOn close={close} />}
      {open === "off" && <SwitchOff close={close} />}
    </Card>
  );
}

function SwitchOn({ close }: { close(): void }) {
  const begun = useLoad("totp", (signal) => api.internal<{ secret: string; uri: string }>("post", "/account/totp", { signal }));
  const [code, setCode] = useState("");
  const [codes, setCodes] = useState<string[] | null>(null);
  const finish = () => {
    close();
    void whoIsHere();
  };
  if (codes) return <RecoveryCodes codes={codes} close={finish} />;
  return (
    <Dialog title="Switch the second factor on" close={close}>
      <Show from={begun} rows={5}>
        {({ secret, uri }) => (
          <div class="stack">
            <p>Scan this with your authenticator, or type the secret into it.</p>
            <div class="center">
              <QrCode text={uri} label="Code to scan with the authenticator" />
            </div>
            <CopyText text={secret} what="the secret" />
            <Form
              verb="Switch on"
              disabled={!/^\d{6}$/.test(code.trim())}
              send={() => api.internal<{ recovery_codes: string[] }>("post", "/account/totp/confirm", { body: { code: code.trim() } })}
              done={(value) => setCodes(value.recovery_codes)}
            >
              <TextField label="The six digits that it shows now" inputMode="numeric" autocomplete="one-time-code" value={code} change={setCode} />
            </Form>
          </div>
        )}
      </Show>
    </Dialog>
  );
}

function RecoveryCodes({ codes, close }: { codes: string[]; close(): void }) {
  return (
    <Dialog
      title="Keep these recovery codes"
      close={close}
      actions={
        <>
          <CopyButton text={codes.join("\n")} what="the codes" label="Copy" />
          <button type="button" class="primary" onClick={close}>
            I have kept them
          </button>
        </>
      }
    >
      <div class="stack">
        <Notice kind="wait">
          <p>They are shown once. Each opens the door one time when the authenticator is lost.</p>
        </Notice>
        <ul class="code-columns">
          {codes.map((one) => (
            <li key={one}>
              <code>{one}</code>
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  );
}

function SwitchOff({ close }: { close(): void }) {
  const [password, setPassword] = useState("");
  return (
    <Dialog title="Switch the second factor off" close={close} size="small">
      <Form
        verb="Switch off"
        danger
        disabled={password === ""}
        send={() => api.internal<unknown>("delete", "/account/totp", { body: { password } })}
        done={() => {
          say("The second factor is off.");
          close();
          void whoIsHere();
        }}
      >
        <p>The password alone will open your account.</p>
        <SecretField label="Password" autocomplete="current-password" value={password} change={setPassword} />
      </Form>
    </Dialog>
  );
}
