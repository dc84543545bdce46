// One integration: its settings, a test, its end.

import { useState } from "preact/hooks";
import type { Failure } from "../../shared/api.ts";
import type { FormField, ProviderForm } from "../../shared/internal.ts";
import { CopyText } from "../components/copy.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Form } from "../components/form.tsx";
import { Icon, Mark } from "../components/icons.tsx";
import { useLoad } from "../components/load.ts";
import { Notice, Show } from "../components/states.tsx";
import { Badge, Card, PageHead } from "../components/text.tsx";
import { complain, say } from "../components/toast.tsx";
import { TestConnection } from "../connections/test-connection.tsx";
import { useCheck } from "../integrations/check.ts";
import { change, draftOf } from "../integrations/draft.ts";
import type { Integration } from "../integrations/draft.ts";
import { IntegrationFields } from "../integrations/fields.tsx";
import { Guide } from "../integrations/guide.tsx";
import { ending } from "../integrations/secret-end.tsx";
import { api } from "../shell/api.ts";
import { environment, go, href } from "../shell/place.ts";
import { mayWrite } from "../shell/session.ts";

export const title = "Integration";

export default function IntegrationPage({ params }: { params: Record<string, string> }) {
  const uniqueKey = params["key"] ?? "";
  const loaded = useLoad(`${environment.value}/${uniqueKey}`, async (signal) => {
    const found = await api.get("/integrations/{uniqueKey}", { path: { uniqueKey }, query: { include: ["client", "webhook"] }, signal });
    if (!found.ok) return found;
    const form = await api.internal<ProviderForm>("get", `/providers/${encodeURIComponent(found.value.data.provider)}`, { signal });
    if (!form.ok) return form;
    return { ok: true as const, value: { integration: found.value.data, form: form.value } };
  });
  return (
    <Show from={loaded} rows={6} as="cards">
      {({ integration, form }) => <One key={integration.updated_at} integration={integration} form={form} changed={loaded.reload} />}
    </Show>
  );
}

function One({ integration, form, changed }: { integration: Integration; form: ProviderForm; changed(): void }) {
  const [open, setOpen] = useState<"test" | "delete" | null>(null);
  const name = integration.display_name;
  return (
    <>
      <PageHead
        title={name}
        before={<Mark big name={integration.provider} title={name} />}
        crumb={<a href={href("/integrations")}>Integrations</a>}
        actions={
          <>
            <a class="button" href={href(`/connections?integration=${encodeURIComponent(integration.unique_key)}`)}>
              <Icon name="people" /> Connections
            </a>
            <a class="button" href={href(`/logs?integration=${encodeURIComponent(integration.unique_key)}`)}>
              <Icon name="list" /> Logs
            </a>
            {mayWrite.value && (
              <button type="button" class="primary" onClick={() => setOpen("test")}>
                <Icon name="plus" /> Add test connection
              </button>
            )}
          </>
        }
        text={
          <>
            <code>{integration.unique_key}</code> {integration.cloud === "sandbox" && <Badge tone="info">sandbox</Badge>}
          </>
        }
      />
      <Warnings integration={integration} />
      <div class="beside">
        <div class="stack wide">
          <Settings integration={integration} form={form} changed={changed} />
          {mayWrite.value && (
            <Card
              danger
              title="Delete the integration"
              text="Its connections and their credentials go with it. Calls that name it fail at once."
              actions={
                <button type="button" class="danger" onClick={() => setOpen("delete")}>
                  <Icon name="trash" /> Delete
                </button>
              }
            />
          )}
        </div>
        <div class="stack">
          <Guide form={form} />
          {integration.webhook_url && (
            <Card title="Webhook URL" text="Where the provider sends its notifications.">
              <CopyText text={integration.webhook_url} what="the webhook URL" />
            </Card>
          )}
        </div>
      </div>
      {open === "test" && <TestConnection integration={integration.unique_key} close={() => setOpen(null)} />}
      {open === "delete" && (
        <Confirm
          title={`Delete ${name}?`}
          verb="Delete with all connections"
          word={integration.unique_key}
          close={() => setOpen(null)}
          run={() => api.delete("/integrations/{uniqueKey}", { path: { uniqueKey: integration.unique_key } })}
          done={() => {
            say(`${name} is deleted.`);
            go("/integrations", { replace: true });
          }}
        >
          <p>Every account that your users connected here is forgotten. This cannot be taken back.</p>
        </Confirm>
      )}
    </>
  );
}

function Warnings({ integration }: { integration: Integration }) {
  const state = ending(integration.secret_expires_at);
  return (
    <>
      {state === "over" && (
        <Notice kind="bad" title="The client secret has ended">
          <p>Nobody can connect and no token can be refreshed. Make a new secret at the provider and put it in below.</p>
        </Notice>
      )}
      {(integration.warnings ?? []).map((one) => (
        <Notice key={one.code} kind="wait">
          <p>{one.message}</p>
        </Notice>
      ))}
    </>
  );
}

function Settings({ integration, form, changed }: { integration: Integration; form: ProviderForm; changed(): void }) {
  const [draft, setDraft] = useState(() => draftOf(integration, form));
  const [failure, setFailure] = useState<Failure | null>(null);
  const checked = useCheck(form, draft, integration.unique_key);
  const refused = (field: string) => failure?.places.find((place) => place.path.at(-1) === field)?.message ?? null;
  const reveal = async (field: FormField) => {
    const answer = await api.get("/integrations/{uniqueKey}", { path: { uniqueKey: integration.unique_key }, query: { include: ["credentials"] } });
    if (!answer.ok) return complain(answer.failure);
    const value = answer.value.data.credentials?.[field.name];
    if (typeof value === "string") setDraft((was) => ({ ...was, values: { ...was.values, [field.name]: value } }));
    else say("There is none.");
  };
  const known = form.clouds.includes(integration.cloud);
  const clouds = known || integration.cloud === "" ? form.clouds : [integration.cloud, ...form.clouds];
  return (
    <Card title="Settings">
      <Form
        verb="Save"
        disabled={!mayWrite.value || checked.blocked}
        send={async () => {
          const answer = await api.patch("/integrations/{uniqueKey}", change(form, draft, integration), {
            path: { uniqueKey: integration.unique_key },
          });
          setFailure(answer.ok ? null : answer.failure);
          return answer;
        }}
        done={(answer) => {
          say("Saved.");
          const key = answer.data.unique_key;
          if (key === integration.unique_key) changed();
          else go(`/integrations/${encodeURIComponent(key)}`, { replace: true });
        }}
      >
        {!mayWrite.value && (
          <Notice kind="info">
            <p>Your role may look, not change. Secrets are not shown to it.</p>
          </Notice>
        )}
        <IntegrationFields form={form} draft={draft} change={setDraft} checked={checked} refused={refused} disabled={!mayWrite.value} clouds={clouds}
          reveal={mayWrite.value ? reveal : undefined} />
      </Form>
    </Card>
  );
}
