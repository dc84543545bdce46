// Making another environment, and deleting this one.

import { useState } from "preact/hooks";
import type { Failure } from "../../shared/api.ts";
import { Confirm } from "../components/dialog.tsx";
import { Check, Form, TextField, complaintAt } from "../components/form.tsx";
import { Badge, Card, Fact, Facts, onDay } from "../components/text.tsx";
import { say } from "../components/toast.tsx";
import { api, whoIsHere } from "../shell/api.ts";
import { go } from "../shell/place.ts";
import { isOwner, session } from "../shell/session.ts";
import type { Settings } from "./part.tsx";

export function Environments({ settings }: { settings: Settings }) {
  const [ending, setEnding] = useState(false);
  const others = session.value?.environments.filter((one) => one.name !== settings.name) ?? [];
  const kept = settings.is_production ? "A production environment is not deleted, so that nobody does it by mistake."
    : others.length === 0 ? "It is the only one; make another first." : null;
  const gone = async () => {
    setEnding(false);
    say(`${settings.name} is deleted.`);
    const next = others[0]?.name;
    if (next !== undefined) go("/", { environment: next });
    await whoIsHere();
  };
  return (
    <div id="environments" class="anchor stack wide">
      <Card title="This environment">
        <Facts>
          <Fact name="Name"><code>{settings.name}</code> {settings.is_production && <Badge tone="wait">production</Badge>}</Fact>
          <Fact name="Id"><code>{settings.id}</code></Fact>
          <Fact name="Created">{onDay(settings.created_at)}</Fact>
        </Facts>
      </Card>
      {isOwner.value && <Create />}
      {isOwner.value && (
        <Card danger title="Danger" text="What happens here cannot be taken back by a click.">
          <div class="line apart">
            <p>Delete this environment with its integrations, connections, keys and logs.</p>
            <button type="button" class="danger" disabled={kept !== null} onClick={() => setEnding(true)}>Delete environment…</button>
          </div>
          {kept !== null && <p class="help">{kept}</p>}
        </Card>
      )}
      {ending && (
        <Confirm title={`Delete ${settings.name}?`} verb="Delete environment" word={settings.name} close={() => setEnding(false)}
          run={() => api.delete("/environments/{environmentId}", { path: { environmentId: settings.id } })} done={() => void gone()}>
          <p>Its API keys and sessions end at once, so every call of your backend to it is refused. Its data is erased after 31 days.</p>
        </Confirm>
      )}
    </div>
  );
}

function Create() {
  const [name, setName] = useState("");
  const [production, setProduction] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const wrong = name !== "" && !/^[a-z0-9_-]+$/.test(name) ? "Small letters, digits, - and _ only." : null;
  const made = async () => {
    say(`${name} is made.`);
    await whoIsHere();
    go("/", { environment: name });
  };
  return (
    <Card title="Another environment" text="With its own integrations, connections, keys, settings and logs.">
      <Form verb="Create environment" disabled={name === "" || wrong !== null} done={() => void made()}
        send={() => api.post("/environments", { name, ...(production ? { is_production: true } : {}) })}
        quietly={(of) => { setFailure(of); return of.status === 409 || complaintAt(of, "name") !== null; }}>
        <TextField label="Name" value={name} change={(to) => { setName(to); setFailure(null); }} placeholder="staging" maxLength={255} spellcheck={false}
          complaint={wrong ?? (failure?.status === 409 ? "There is one of this name already." : complaintAt(failure, "name"))} />
        <Check label="Production" checked={production} change={setProduction} help="Marked in red everywhere, so that nobody mistakes it." />
      </Form>
    </Card>
  );
}
