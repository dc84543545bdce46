// The form of a new integration, the provider's guide beside it.

import { useState } from "preact/hooks";
import type { Failure } from "../../shared/api.ts";
import type { ProviderForm } from "../../shared/internal.ts";
import { Form } from "../components/form.tsx";
import { Mark } from "../components/icons.tsx";
import { useLoad } from "../components/load.ts";
import { Show } from "../components/states.tsx";
import { Card, PageHead } from "../components/text.tsx";
import { say } from "../components/toast.tsx";
import { useCheck } from "../integrations/check.ts";
import { creation, emptyDraft } from "../integrations/draft.ts";
import { IntegrationFields } from "../integrations/fields.tsx";
import { Guide } from "../integrations/guide.tsx";
import { api } from "../shell/api.ts";
import { environment, go, href } from "../shell/place.ts";

export const title = "New integration";

export default function NewIntegration({ params }: { params: Record<string, string> }) {
  const name = params["provider"] ?? "";
  const loaded = useLoad(`${environment.value}/${name}`, async (signal) => {
    const [form, taken] = await Promise.all([
      api.internal<ProviderForm>("get", `/providers/${encodeURIComponent(name)}`, { signal }),
      api.get("/integrations", { signal }),
    ]);
    if (!form.ok) return form;
    const keys = taken.ok ? taken.value.data.map((one) => one.unique_key) : [];
    return { ok: true as const, value: { form: form.value, keys } };
  });
  return (
    <Show from={loaded} rows={6} as="cards">
      {({ form, keys }) => <Creation key={form.name} form={form} taken={keys} />}
    </Show>
  );
}

function Creation({ form, taken }: { form: ProviderForm; taken: string[] }) {
  const [draft, setDraft] = useState(() => emptyDraft(form, taken));
  const [failure, setFailure] = useState<Failure | null>(null);
  const checked = useCheck(form, draft, null);
  const missing = form.fields.some((field) => field.required && !draft.values[field.name]);
  const refused = (field: string) => failure?.places.find((place) => place.path.at(-1) === field)?.message ?? null;
  return (
    <>
      <PageHead
        title={`Configure ${form.display_name}`}
        before={<Mark big name={form.name} title={form.display_name} />}
        crumb={
          <>
            <a href={href("/integrations")}>Integrations</a> / <a href={href("/integrations/new")}>New</a>
          </>
        }
      />
      <div class="beside">
        <Card>
          <Form
            verb="Create the integration"
            disabled={missing || checked.blocked || draft.key.trim() === ""}
            send={async () => {
              const answer = await api.post("/integrations", creation(form, draft));
              setFailure(answer.ok ? null : answer.failure);
              return answer;
            }}
            done={(answer) => {
              say(`${form.display_name} is configured. Connect an account to try it.`);
              go(`/integrations/${encodeURIComponent(answer.data.unique_key)}`, { replace: true });
            }}
            beside={
              <a class="button quiet" href={href("/integrations/new")}>
                Cancel
              </a>
            }
          >
            {form.fields.length === 0 && (
              <p class="soft">Nothing to register: your users bring their own keys when they connect.</p>
            )}
            <IntegrationFields form={form} draft={draft} change={setDraft} checked={checked} refused={refused} disabled={false} clouds={form.clouds} />
          </Form>
        </Card>
        <Guide form={form} />
      </div>
    </>
  );
}
