// The connect page: loads the language, draws the card, and lets the flow decide what stands on it.
import { begun, spoken } from "./early.ts";
import { render } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { choose, logo, shown, start } from "./flow.ts";
import { t } from "./i18n/index.ts";
import { framed, options, tell } from "./parent.ts";
import { Head, Icon } from "./parts/base.tsx";
import { rest } from "./rest.ts";
import { Form } from "./screens/form.tsx";
import { Picker } from "./screens/picker.tsx";
import { firstView, onView, type View } from "./view.ts";

const close = framed && !options.inline ? () => tell("close") : undefined;

function Screen({ view }: { view: View }) {
  // Whoever shows a screen of the rest has loaded it.
  if (!rest || view.kind === "unloadable") return <FirstScreen view={view} />;
  switch (view.kind) {
    case "waiting":
      return <rest.Waiting {...view} />;
    case "admin":
      return <rest.AdminLink {...view} />;
    case "failure":
      return <rest.Failure {...view} close={close} />;
    case "success":
      return <rest.Success {...view} finish={close} />;
    default:
      return <FirstScreen view={view} />;
  }
}

function FirstScreen({ view }: { view: View }) {
  switch (view.kind) {
    case "loading":
      return (
        <p class="loading">
          <span class="spinner" />
          {t("loading")}
        </p>
      );
    case "list":
      return <Picker all={shown} choose={choose} busy={view.busy} />;
    case "form":
      return <Form key={view.model.key} model={view.model} />;
    default:
      return (
        <div>
          <Head title={t("networkTitle")} alert>
            {t("networkText")}
          </Head>
          {view.kind === "unloadable" && (
            <div class="actions">
              <button type="button" class="primary" onClick={view.again}>
                {t("retry")}
              </button>
            </div>
          )}
        </div>
      );
  }
}

function Card() {
  const [view, setView] = useState(firstView);
  useLayoutEffect(() => onView(setView), []);
  useEffect(() => scrollTo(0, 0), [view.kind]);
  const { back } = view;
  return (
    <div class="inside" aria-busy={view.kind === "loading"}>
      <header>
        {back ? (
          <button type="button" class="glyph" aria-label={t("back")} onClick={back}>
            <Icon name="back" />
          </button>
        ) : (
          <i />
        )}
        {logo ? <img class="brand" src={logo} alt="" /> : <i />}
        {close ? (
          <button type="button" class="glyph" aria-label={t("close")} onClick={close}>
            <Icon name="close" />
          </button>
        ) : (
          <i />
        )}
      </header>
      <Screen view={view} />
      <footer>
        <Icon name="lock" />
        {t("encrypted")}
      </footer>
    </div>
  );
}

/** Escape and a press beside the card close the page, when it lies over another. */
function closeFromOutside(): void {
  if (!close) return;
  document.documentElement.classList.add("overlay");
  addEventListener("keydown", (event) => event.key === "Escape" && close());
  document.body.addEventListener("mousedown", (event) => event.target === document.body && close());
}

closeFromOutside();
const card = document.getElementById("card");
void spoken.then(() => {
  card?.replaceChildren();
  card?.removeAttribute("aria-busy");
  if (card) render(<Card />, card);
  return start(begun);
});
