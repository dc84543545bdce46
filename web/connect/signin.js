// One sign-in in another window: socket, window, result. Ends by calling `done` or `failed` once.
import { listenToResultPage, openSocket } from "./socket.js";

/** @typedef {import("./socket.js").Message} Message */
/** @typedef {{websocketsPath: string, address: (socketId: string) => string, done: (message: Message) => void,
 *   failed: (problem: import("./api.js").Problem) => void, approved: () => void,
 *   changed: (state: {blocked: boolean, closed: boolean}) => void}} Setup */

const POLL_MS = 500;
/** A window that closes itself after success may do so before its message is here. */
const GRACE_MS = 1500;

/** Opens the socket. The window opens with `open`, which a click must call: browsers allow it only then.
 * @param {Setup} setup */
export function startSignIn(setup) {
  /** @type {Window | null} */
  let popup = null;
  let over = false;
  let poll = 0;
  let stopListening = () => {};

  const finish = (/** @type {() => void} */ report) => {
    if (over) return;
    end();
    setTimeout(() => popup?.close(), POLL_MS);
    report();
  };
  const onMessage = (/** @type {Message} */ message) => {
    if (message.message_type === "success") finish(() => setup.done(message));
    else if (message.message_type === "admin_consent") setup.approved();
    else if (message.message_type === "error")
      finish(() =>
        setup.failed({
          code: message.error_type ?? "unknown_error",
          message: message.error_desc ?? "The sign-in failed.",
          ...message.problem,
        }),
      );
  };
  const socket = openSocket(setup.websocketsPath, onMessage);
  socket.id.then(
    (id) => !over && (stopListening = listenToResultPage(id, () => popup, onMessage)),
    () =>
      finish(() =>
        setup.failed({
          code: "socket",
          message: "The live connection to the server could not be opened.",
          actor: "user",
          remedy: "A proxy or browser extension may block WebSockets. Try another network or browser.",
        }),
      ),
  );

  function end() {
    over = true;
    clearInterval(poll);
    stopListening();
    socket.close();
  }

  /** Gives up: nothing is reported any more. */
  function stop() {
    end();
    popup?.close();
  }

  /** Opens the window, or opens it again. */
  function open() {
    popup?.close();
    const left = Math.max(0, screenX + (outerWidth - 520) / 2);
    const top = Math.max(0, screenY + (outerHeight - 640) / 2);
    popup = window.open("", "_blank", `popup,width=520,height=640,left=${left},top=${top}`);
    const opened = popup;
    setup.changed({ blocked: !opened, closed: false });
    if (!opened) return;
    socket.id.then((id) => !over && opened.location.replace(setup.address(id)), () => {});
    watch(opened);
  }

  /** Some sign-in pages cut the tie to their opener, and then seem closed: so this only asks, and goes on listening.
   * @param {Window} opened */
  function watch(opened) {
    clearInterval(poll);
    poll = setInterval(() => {
      if (!opened.closed) return;
      clearInterval(poll);
      setTimeout(() => !over && opened === popup && setup.changed({ blocked: false, closed: true }), GRACE_MS);
    }, POLL_MS);
  }

  return { open, stop, socketId: socket.id };
}
