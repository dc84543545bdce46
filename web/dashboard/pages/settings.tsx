// The environment's settings, a card a topic. Each card saves by itself.

import type { components } from "../../shared/openapi.d.ts";
import { useEffect } from "preact/hooks";
import { useLoad } from "../components/load.ts";
import type { Loaded } from "../components/load.ts";
import { Show } from "../components/states.tsx";
import { PageHead } from "../components/text.tsx";
import { Addresses } from "../settings/addresses.tsx";
import { Connecting } from "../settings/connecting.tsx";
import { Environments } from "../settings/environments.tsx";
import { Hosts } from "../settings/hosts.tsx";
import { LookCard } from "../settings/look.tsx";
import { Signing } from "../settings/signing.tsx";
import { Variables } from "../settings/variables.tsx";
import { api } from "../shell/api.ts";
import { environment } from "../shell/place.ts";
import { mayWrite } from "../shell/session.ts";

export const title = "Environment";

type Settings = components["schemas"]["Environment"];

const TOPICS = [
  ["webhooks", "Webhooks"], ["signing", "Signing key"], ["connecting", "Connecting users"], ["look", "Look"], ["hosts", "Proxy hosts"],
  ["variables", "Variables"], ["environments", "Environments"],
] as const;

export default function SettingsPage() {
  const loaded = useLoad(environment.value, (signal) => api.get("/environment", { signal }));
  useAnchor(loaded.value !== undefined);
  return (
    <>
      <PageHead title="Environment" text={<>Settings of <b>{environment.value}</b>. Each card is saved by itself.</>} />
      <Show from={loaded} rows={10}>{(answer) => <Cards settings={answer.data} loaded={loaded} />}</Show>
    </>
  );
}

function Cards({ settings, loaded }: { settings: Settings; loaded: Loaded<{ data: Settings }> }) {
  const keep = (answer: { data: Settings }) => loaded.set(answer);
  return (
    <div class="settings">
      <nav class="settings-nav" aria-label="Settings">
        <ul>{TOPICS.map(([id, name]) => <li key={id}><a href={`#${id}`}>{name}</a></li>)}</ul>
      </nav>
      <div class="stack wide settings-cards" key={settings.id}>
        <Addresses settings={settings} keep={keep} />
        {mayWrite.value && <Signing />}
        <Connecting settings={settings} keep={keep} />
        <LookCard settings={settings} keep={keep} />
        <Hosts settings={settings} keep={keep} />
        {mayWrite.value && <Variables />}
        <Environments settings={settings} />
      </div>
    </div>
  );
}

/** The browser looked for the anchor before the cards were there. */
function useAnchor(there: boolean) {
  useEffect(() => {
    if (there && location.hash.length > 1) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }, [there]);
}
