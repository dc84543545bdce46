// One connection: whose account, what it may do, whether it works.

import { useState } from "preact/hooks";
import type { ConnectionDetail } from "../../shared/internal.ts";
import { Confirm } from "../components/dialog.tsx";
import { Icon, Mark } from "../components/icons.tsx";
import { useLoad } from "../components/load.ts";
import { Menu } from "../components/menu.tsx";
import { Show } from "../components/states.tsx";
import { PageHead } from "../components/text.tsx";
import { complain, say } from "../components/toast.tsx";
import { CredentialsCard } from "../connections/credentials.tsx";
import { AccountCard, CallCard, ConfigCard, accountName } from "../connections/detail-cards.tsx";
import { MetadataCard, TagsCard } from "../connections/metadata-card.tsx";
import { Problem } from "../connections/problem.tsx";
import { Reconnect } from "../connections/reconnect.tsx";
import { Works } from "../connections/row.tsx";
import { api } from "../shell/api.ts";
import { environment, go, href } from "../shell/place.ts";
import { mayWrite } from "../shell/session.ts";

export const title = "Connection";

export default function ConnectionPage({ params }: { params: Record<string, string> }) {
  const integration = params["integration"] ?? "";
  const connection = params["connection"] ?? "";
  const route = `/connections/${encodeURIComponent(integration)}/${encodeURIComponent(connection)}`;
  const loaded = useLoad(`${environment.value}${route}`, (signal) => api.internal<ConnectionDetail>("get", route, { signal }));
  return (
    <Show from={loaded} rows={5} as="cards">
      {(detail) => <One detail={detail} integration={integration} connection={connection} route={route} reload={loaded.reload} />}
    </Show>
  );
}

interface OneProps {
  detail: ConnectionDetail;
  integration: string;
  connection: string;
  route: string;
  reload(): void;
}

function One({ detail, integration, connection, route, reload }: OneProps) {
  const [open, setOpen] = useState<"reconnect" | "delete" | null>(null);
  const close = () => setOpen(null);
  const named = { integration, connection, disabled: !mayWrite.value, changed: reload };
  const name = accountName(detail) ?? connection;
  return (
    <>
      <PageHead
        title={name}
        before={<Mark big name={detail.provider} title={integration} />}
        crumb={
          <>
            <a href={href("/connections")}>Connections</a> /{" "}
            <a href={href(`/integrations/${encodeURIComponent(integration)}`)}>{integration}</a>
          </>
        }
        text={<Works errors={detail.errors.length} />}
        actions={<Actions {...{ detail, integration, connection, route, reload }} open={setOpen} />}
      />
      {detail.errors.map((problem) => (
        <Problem key={problem.log_id ?? problem.cause} problem={problem} reconnect={mayWrite.value && problem.needs_reconnect !== false ? () => setOpen("reconnect") : undefined} />
      ))}
      <div class="columns">
        <div class="stack wide">
          <AccountCard detail={detail} integration={integration} connection={connection} />
          <ConfigCard config={detail.config} />
          <CredentialsCard integration={integration} connection={connection} />
        </div>
        <div class="stack wide">
          <CallCard integration={integration} connection={connection} />
          <MetadataCard key={`m${JSON.stringify(detail.metadata)}`} metadata={detail.metadata} {...named} />
          <TagsCard key={`t${JSON.stringify(detail.tags)}`} tags={detail.tags} {...named} />
        </div>
      </div>
      {open === "reconnect" && (
        <Reconnect
          integration={integration}
          connection={connection}
          close={close}
          done={() => {
            close();
            reload();
          }}
        />
      )}
      {open === "delete" && (
        <Confirm
          title="Delete this connection?"
          verb="Delete"
          close={close}
          run={() => api.delete("/connections/{connectionId}", { path: { connectionId: connection }, query: { provider_config_key: integration } })}
          done={() => {
            say("The connection is deleted.");
            go("/connections", { replace: true });
          }}
        >
          <p>
            The credentials of <strong>{name}</strong> are forgotten and calls fail at once. The account itself stays as it is at the provider.
          </p>
        </Confirm>
      )}
    </>
  );
}

function Actions({ detail, integration, connection, route, reload, open }: OneProps & { open(what: "reconnect" | "delete"): void }) {
  const [busy, setBusy] = useState(false);
  const of = `integration=${encodeURIComponent(integration)}&connection=${encodeURIComponent(connection)}`;
  const refresh = async () => {
    setBusy(true);
    const answer = await api.internal("post", `${route}/refresh`);
    setBusy(false);
    if (answer.ok) say("Refreshed: the token is new.");
    else complain(answer.failure);
    reload();
  };
  return (
    <>
      <a class="button" href={href(`/logs?${of}`)}>
        <Icon name="list" /> Logs
      </a>
      {mayWrite.value && (
        <>
          {detail.refreshable && (
            <button type="button" disabled={busy} aria-busy={busy} onClick={refresh}>
              {!busy && <Icon name="refresh" />} Refresh now
            </button>
          )}
          <a class="button primary" href={href(`/playground?${of}`)}>
            <Icon name="play" /> Call it
          </a>
          <Menu
            label="More"
            items={[
              { title: "Reconnect link", icon: "link", run: () => open("reconnect") },
              { title: "Delete…", icon: "trash", danger: true, apart: true, run: () => open("delete") },
            ]}
          />
        </>
      )}
    </>
  );
}
