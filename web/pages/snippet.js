// Sheetbend's connect page over your own page, without npm. The whole of it:
//   <script src="https://your-sheetbend/connect/snippet.js"></script>
//   const { close } = sheetbendConnect({ sessionToken, onEvent });
// `sessionToken`: text, or a promise of it (from your backend). `onEvent` hears {type: "ready" | "connect" | "error" |
// "close", payload}. Also: `lang`, `theme` ("light", "dark", "system"), `detectClosedAuthWindow`.
"use strict";
{
  const home = new URL(".", document.currentScript.src);

  window.sheetbendConnect = ({ sessionToken, onEvent, lang, theme, detectClosedAuthWindow }) => {
    const page = new URL(home);
    for (const [name, value] of Object.entries({ lang, theme, detectClosedAuthWindow }))
      if (value) page.searchParams.set(name, value);

    const frame = document.createElement("iframe");
    frame.title = "Connect";
    frame.allow = "clipboard-write";
    Object.assign(frame.style, { position: "fixed", inset: 0, width: "100%", height: "100%", border: 0, zIndex: 9999 });
    frame.style.colorScheme = "normal";
    const before = document.activeElement;
    const overflow = document.body.style.overflow;

    const close = () => {
      removeEventListener("message", hear);
      frame.remove();
      document.body.style.overflow = overflow;
      before?.focus?.();
    };
    const hear = ({ source, origin, data }) => {
      if (source !== frame.contentWindow || origin !== home.origin || typeof data?.type !== "string") return;
      if (data.type === "ready")
        Promise.resolve(sessionToken).then((token) =>
          frame.contentWindow?.postMessage({ type: "session_token", sessionToken: token }, home.origin),
        );
      if (data.type === "close") close();
      onEvent?.(data);
    };
    addEventListener("message", hear);
    frame.src = page.href;
    document.body.style.overflow = "hidden";
    document.body.append(frame);
    frame.focus();
    return { close };
  };
}
