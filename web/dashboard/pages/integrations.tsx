// The integrations of the environment.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Icon, Mark } from "../components/icons.tsx";
import { useLoad } from "../components/load.ts";
import { Search } from "../components/search.tsx";
import { Empty, Show } from "../components/states.tsx";
import { Table } from "../components/table.tsx";
import { Badge, PageHead, Time } from "../components/text.tsx";
import { SecretEnd } from "../integrations/secret-end.tsx";
import { api } from "../shell/api.ts";
import { environment, href } from "../shell/place.ts";
import { mayWrite } from "../shell/session.ts";

export const title = "Integrations";

export default function Integrations() {
  const loaded = useLoad(environment.value, (signal) => api.get("/integrations", { signal }));
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const add = mayWrite.value && (
    <a class="button primary" href={href("/integrations/new")}>
      <Icon name="plus" /> Configure new integration
    </a>
  );
  return (
    <>
      <PageHead title="Integrations" text="Each is one provider with the settings of your own app there. Your users connect their accounts to it." actions={add} />
      <Show from={loaded} as="rows">
        {({ data }) => {
          if (data.length === 0) return <None add={add} />;
          const rows = data.filter((one) => `${one.unique_key} ${one.display_name} ${one.provider}`.toLowerCase().includes(wanted));
          return (
            <>
              {data.length > 8 && <div class="filters"><Search label="Search integrations" value={search} change={setSearch} /></div>}
              <Table
                caption="Integrations"
                rows={rows}
                id={(one) => one.unique_key}
                to={(one) => `/integrations/${encodeURIComponent(one.unique_key)}`}
                columns={[
                  {
                    title: "Integration",
                    width: "most",
                    cell: (one) => (
                      <>
                        <Mark name={one.provider} title={one.display_name} />
                        <span class="two-lines">
                          <span>{one.display_name}</span>
                          <span class="soft small mono">{one.unique_key}</span>
                        </span>
                      </>
                    ),
                  },
                  { title: "Provider", minor: true, cell: (one) => <span class="soft">{one.provider}</span> },
                  { title: "Cloud", minor: true, cell: (one) => one.cloud && one.cloud !== "global" && <Badge tone={one.cloud === "sandbox" ? "info" : "soft"}>{one.cloud}</Badge> },
                  { title: "Client secret", cell: (one) => <SecretEnd at={one.secret_expires_at} /> },
                  { title: "Changed", minor: true, end: true, cell: (one) => <Time at={one.updated_at} /> },
                ]}
              />
              {rows.length === 0 && <p class="soft">No integration is called that.</p>}
            </>
          );
        }}
      </Show>
    </>
  );
}

function None({ add }: { add: ComponentChildren }) {
  return (
    <Empty icon="plug" title="No integration yet" actions={add}>
      <p>
        Pick a provider, paste the client id and secret of your own app there, and your users can connect their accounts. For Microsoft Excel
        that takes about five minutes in the Entra admin center; the guide stands beside the form.
      </p>
    </Empty>
  );
}
