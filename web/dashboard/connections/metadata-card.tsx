// The customer's own JSON and tags, changed in place.

import { useState } from "preact/hooks";
import { CodeBlock } from "../components/code-block.tsx";
import { Form, TextArea } from "../components/form.tsx";
import { Icon } from "../components/icons.tsx";
import { Card } from "../components/text.tsx";
import { say } from "../components/toast.tsx";
import { api } from "../shell/api.ts";

interface Named {
  integration: string;
  connection: string;
  disabled: boolean;
  changed(): void;
}

export function MetadataCard({ metadata, integration, connection, disabled, changed }: Named & { metadata: Record<string, unknown> | null }) {
  const now = JSON.stringify(metadata ?? {}, null, 2);
  const [text, setText] = useState(now);
  const problem = jsonProblem(text);
  if (disabled) return <Card title="Metadata" text="The product's own JSON beside the connection."><CodeBlock text={now} label="Metadata" language="json" wrap /></Card>;
  return (
    <Card title="Metadata" text="Your own JSON beside the connection; your backend and functions read it.">
      <Form
        verb="Save metadata"
        disabled={problem !== null || text === now}
        send={() =>
          api.post("/connections/metadata", {
            connection_id: connection,
            provider_config_key: integration,
            metadata: JSON.parse(text) as Record<string, unknown>,
          })
        }
        done={() => {
          say("Metadata saved.");
          changed();
        }}
      >
        <TextArea label="Metadata" hideLabel mono rows={Math.min(16, Math.max(4, text.split("\n").length))} value={text} change={setText}
          complaint={problem} />
      </Form>
    </Card>
  );
}

/** Null for a JSON object. */
export function jsonProblem(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? null : "It must be an object: { … }.";
  } catch (error) {
    return error instanceof Error ? error.message : "It is not JSON.";
  }
}

interface Pair {
  name: string;
  value: string;
}

export function TagsCard({ tags, integration, connection, disabled, changed }: Named & { tags: Record<string, string> }) {
  const start = Object.entries(tags).map(([name, value]) => ({ name, value }));
  const [pairs, setPairs] = useState<Pair[]>(start);
  const put = (at: number, part: Partial<Pair>) => setPairs(pairs.map((pair, index) => (index === at ? { ...pair, ...part } : pair)));
  const same = JSON.stringify(pairs) === JSON.stringify(start);
  if (disabled) {
    return (
      <Card title="Tags">
        {start.length === 0 ? <p class="soft small">No tags.</p> : <p class="chips">{start.map((pair) => <span key={pair.name} class="chip on">{pair.name}: {pair.value}</span>)}</p>}
      </Card>
    );
  }
  return (
    <Card title="Tags" text="To find and filter connections by what you know: a plan, a region, a team.">
      <Form
        verb="Save tags"
        disabled={same || pairs.some((pair) => pair.name.trim() === "")}
        send={() =>
          api.patch(
            "/connections/{connectionId}",
            { tags: Object.fromEntries(pairs.map((pair) => [pair.name.trim(), pair.value])) },
            { path: { connectionId: connection }, query: { provider_config_key: integration } },
          )
        }
        done={() => {
          say("Tags saved.");
          changed();
        }}
        beside={
          <button type="button" class="quiet" onClick={() => setPairs([...pairs, { name: "", value: "" }])}>
            <Icon name="plus" /> Add a tag
          </button>
        }
      >
        {pairs.length === 0 && <p class="soft small">No tags.</p>}
        {pairs.map((pair, at) => (
          <div class="pair" key={at}>
            <input class="input" aria-label={`Name of tag ${at + 1}`} placeholder="plan" value={pair.name}
              onInput={(event) => put(at, { name: event.currentTarget.value })} />
            <input class="input" aria-label={`Value of tag ${at + 1}`} placeholder="pro" value={pair.value}
              onInput={(event) => put(at, { value: event.currentTarget.value })} />
            <button type="button" class="glyph quiet" aria-label={`Take tag ${pair.name || at + 1} away`} onClick={() => setPairs(pairs.filter((_, index) => index !== at))}>
              <Icon name="cross" />
            </button>
          </div>
        ))}
      </Form>
    </Card>
  );
}
