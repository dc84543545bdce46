// Starts the dashboard: asks who is here, then draws the frame or the door.

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Failure } from "../shared/api.ts";
import { Skeleton, Trouble } from "./components/states.tsx";
import { Toasts } from "./components/toast.tsx";
import { Invitation } from "./pages/invitation.tsx";
import { Setup } from "./pages/setup.tsx";
import { SignIn } from "./pages/sign-in.tsx";
import { routes } from "./routes.ts";
import { onReturn, watchServer, whoIsHere } from "./shell/api.ts";
import { listen } from "./shell/keys.ts";
import { addressed, belongsToEnvironment, environment, followBrowser, go, path } from "./shell/place.ts";
import { session, settle } from "./shell/session.ts";
import { Shell } from "./shell/shell.tsx";
import { dress } from "./shell/theme.ts";

function Dashboard() {
  const [failure, setFailure] = useState<Failure | null>(null);
  const ask = () => void whoIsHere().then(setFailure);
  useEffect(() => {
    // Whoever comes by a link is nobody yet.
    if (path.peek() !== "/setup" && path.peek() !== "/invitation") ask();
    return onReturn(ask);
  }, []);
  useEffect(settle, [addressed.value]);
  const atTheDoor = path.value === "/sign-in" && Boolean(session.value);
  useEffect(() => {
    if (atTheDoor) go("/", { replace: true });
  }, [atTheDoor]);
  const unnamed = Boolean(session.value) && addressed.value === null && environment.value !== "" && belongsToEnvironment(path.value);
  useEffect(() => {
    // So that a copied address means the same to everybody.
    if (unnamed) go(path.peek() + location.search, { replace: true });
  }, [unnamed]);
  if (path.value === "/setup") return <Setup />;
  if (path.value === "/invitation") return <Invitation />;
  if (session.value) return <Shell routes={routes} />;
  if (session.value === null) return <SignIn />;
  return (
    <main class="gate">
      <div class="gate-card">
        <h1 class="unseen">Sheetbend</h1>
        {failure ? <Trouble failure={failure} again={ask} /> : <Skeleton rows={3} />}
        <Toasts />
      </div>
    </main>
  );
}

dress();
followBrowser();
listen();
watchServer();
const root = document.getElementById("app");
if (root) render(<Dashboard />, root);
