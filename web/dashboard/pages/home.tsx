// Where one lands: the way to the first call, then what goes on.

import { useState } from "preact/hooks";
import type { ConnectionsPage, ConnectionRow } from "../../shared/internal.ts";
import type { components } from "../../shared/openapi.d.ts";
import { useLoad } from "../components/load.ts";
import { Show } from "../components/states.tsx";
import { Card, PageHead, plural } from "../components/text.tsx";
import { TestConnection } from "../connections/test-connection.tsx";
import { KEY_VARIABLE } from "../logs/curl.ts";
import { CodeView } from "../playground/code-view.tsx";
import { Icon } from "../components/icons.tsx";
import { Overview } from "../home/overview.tsx";
import { Attention } from "../home/attention.tsx";
import { FirstCall } from "../home/first-call.tsx";
import { Recent } from "../home/recent.tsx";
import { Steps } from "../home/steps.tsx";
import { WALKS } from "../home/walks.ts";
import { api } from "../shell/api.ts";
import { environment, href, keep, kept } from "../shell/place.ts";
import { mayWrite, session } from "../shell/session.ts";

export const title = "Home";

interface Facts {
  integrations: components["schemas"]["Integration"][];
  connections: ConnectionsPage;
  broken: ConnectionRow[];
  operations: components["schemas"]["Operation"][];
}

export default function Home() {
  const loaded = useLoad(environment.value, async (signal) => {
    const [integrations, connections, broken, operations] = await Promise.all([
      api.get("/integrations", { signal }),
      api.internal<ConnectionsPage>("get", "/connections", { query: { limit: 25 }, signal }),
      api.internal<ConnectionsPage>("get", "/connections", { query: { state: "error", limit: 6 }, signal }),
      api.get("/operations", { query: { limit: 8 }, signal }),
    ]);
    if (!integrations.ok) return integrations;
    if (!connections.ok) return connections;
    const value: Facts = {
      integrations: integrations.value.data,
      connections: connections.value,
      broken: broken.ok ? broken.value.data : [],
      operations: operations.ok ? operations.value.data : [],
    };
    return { ok: true as const, value };
  });
  return (
    <>
      <PageHead title="Home" text={greeting(loaded.value?.integrations ?? [])} />
      <Show from={loaded} rows={5} as="cards">
        {(facts) => (
          <>
            {mayWrite.value ? <Way facts={facts} reload={loaded.reload} /> : <Overview connections={facts.connections} integrations={facts.integrations.length} />}
            <div class="columns">
              <Attention broken={facts.broken} integrations={facts.integrations} />
              <Recent operations={facts.operations} />
            </div>
          </>
        )}
      </Show>
    </>
  );
}

function greeting(integrations: Facts["integrations"]): string | undefined {
  return session.value?.dev && integrations.some((one) => one.cloud === "sandbox")
    ? "A development server with a simulated Microsoft tenant: everything here works without an account anywhere."
    : undefined;
}

/** Integrations that the first step names. */
const NAMED = 4;

const mark = () => `first-call.${environment.peek()}`;

/** The walk from nothing to a call that succeeded; it stays out of the way once it was walked. */
function Way({ facts, reload }: { facts: Facts; reload(): void }) {
  const { integrations, connections } = facts;
  const [called, setCalled] = useState(() => kept(mark()) !== null || facts.operations.some(isGoodCall));
  const [hidden, setHidden] = useState(called && integrations.length > 0 && connections.data.length > 0);
  const [connecting, setConnecting] = useState(false);
  const [path, setPath] = useState<string | null>(null);
  if (hidden) {
    return (
      <Overview connections={connections} integrations={integrations.length}
        beside={<button type="button" class="tiny quiet" onClick={() => setHidden(false)}>Show the first steps again</button>} />
    );
  }
  const connection = firstToCall(connections.data);
  return (
    <Card
      title="First steps"
      text="From an integration to a call that succeeded, in about a minute."
      actions={
        called && (
          <button type="button" class="tiny" onClick={() => setHidden(true)}>
            Hide
          </button>
        )
      }
    >
      <Steps
        steps={[
          {
            title: integrations.length > 0 ? `${plural(integrations.length, "integration")} configured` : "Configure an integration",
            done: integrations.length > 0,
            always: integrations.length > 0,
            children: integrations.length > 0 ? (
              <p class="soft small">
                {integrations.slice(0, NAMED).map((one, at) => (
                  <>
                    {at > 0 && ", "}
                    <a href={href(`/integrations/${encodeURIComponent(one.unique_key)}`)}>{one.display_name}</a>
                  </>
                ))}
                {integrations.length > NAMED && ` and ${integrations.length - NAMED} more`}
              </p>
            ) : (
              <>
                <p class="soft">Pick a provider and put in the client id and secret of your app there.</p>
                <div>
                  <a class="button primary" href={href("/integrations/new?search=excel")}>
                    Configure new integration
                  </a>
                </div>
              </>
            ),
          },
          {
            title: connection ? "An account is connected" : "Connect an account",
            done: connection !== undefined,
            always: connection !== undefined,
            children: connection ? (
              <p class="soft small">
                <a href={href(`/connections/${encodeURIComponent(connection.integration)}/${encodeURIComponent(connection.connection_id)}`)}>
                  {connection.connection_id}
                </a>{" "}
                on {connection.integration}.{" "}
                <button type="button" class="plain" onClick={() => setConnecting(true)}>
                  Add a test connection
                </button>{" "}
                to see what your users will see.
              </p>
            ) : (
              <div>
                <button type="button" class="primary" onClick={() => setConnecting(true)}>
                  Add test connection
                </button>
              </div>
            ),
          },
          {
            title: "Make a call with its token",
            done: called,
            always: connection !== undefined,
            children: connection && (
              <FirstCall
                key={connection.id}
                connection={connection}
                called={(made) => {
                  keep(mark(), "1");
                  setCalled(true);
                  setPath(made);
                  reload();
                }}
              />
            ),
          },
          {
            title: "Make the same call from your code",
            done: false,
            always: called,
            children: (
              <>
                <p class="soft small">
                  With an <a href={href("/api-keys")}>API key</a> of this environment as <code>{KEY_VARIABLE}</code>. Each call is a line in
                  the <a href={href("/logs")}>logs</a>: request, answer, retries, refreshes.
                </p>
                {connection && path !== null && (
                  <CodeView draft={{ integration: connection.integration, connection: connection.connection_id, method: "GET", path, headers: [], body: "" }} />
                )}
                <div class="line">
                  {connection && (
                    <a class="button" href={href(`/playground?integration=${encodeURIComponent(connection.integration)}&connection=${encodeURIComponent(connection.connection_id)}`)}>
                      <Icon name="play" /> Try other calls in the playground
                    </a>
                  )}
                </div>
              </>
            ),
          },
        ]}
      />
      {connecting && <TestConnection close={() => setConnecting(false)} done={reload} />}
    </Card>
  );
}

/** The one whose walk stands first in the table, then any. */
function firstToCall(rows: readonly ConnectionRow[]): ConnectionRow | undefined {
  const works = rows.filter((row) => row.errors.length === 0);
  const walked = Object.keys(WALKS).map((provider) => works.find((row) => row.provider === provider));
  return walked.find((row) => row !== undefined) ?? rows[0];
}

function isGoodCall(operation: Facts["operations"][number]): boolean {
  return operation.type === "proxy" && operation.state === "success";
}
