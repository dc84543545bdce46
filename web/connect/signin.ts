// One sign-in in another window: socket, window, result. Ends by calling `done` or `failed` once.
import type { Problem } from "./api.ts";
import { listenToResultPage, openSocket, type Message } from "./socket.ts";

/** What is known of the window. */
export interface WindowState {
  blocked: boolean;
  closed: boolean;
  /** The server is gone for the moment. */
  lost: boolean;
}

interface Setup {
  websocketsPath: string;
  address: (socketId: string) => string;
  done: (message: Message) => void;
  failed: (problem: Problem) => void;
  approved: () => void;
  changed: (state: WindowState) => void;
}

export type SignIn = ReturnType<typeof startSignIn>;

const POLL_MS = 500;
/** A window that closes itself after success may do so before its message is here. */
const GRACE_MS = 1500;

/** Opens the socket. The window opens with `open`, which a click must call: browsers allow it only then. */
export function startSignIn(setup: Setup) {
  let popup: Window | null = null;
  let over = false;
  let poll = 0;
  let stopListening = () => {};
  let state: WindowState = { blocked: false, closed: false, lost: false };

  const change = (part: Partial<WindowState>) => {
    state = { ...state, ...part };
    if (!over) setup.changed(state);
  };
  const finish = (report: () => void) => {
    if (over) return;
    end();
    setTimeout(() => popup?.close(), POLL_MS);
    report();
  };
  const onMessage = (message: Message) => {
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
  const line = openSocket(setup.websocketsPath, onMessage, (lost) => change({ lost }));
  line.id.then(
    () => !over && (stopListening = listenToResultPage(line, () => popup, onMessage)),
    () => finish(() => setup.failed({ code: "socket", message: "The live connection could not be opened." })),
  );

  function end() {
    over = true;
    clearInterval(poll);
    stopListening();
    line.close();
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
    change({ blocked: !opened, closed: false });
    if (!opened) return;
    go(opened);
    watch(opened);
  }

  function go(opened: Window) {
    line.id.then((id) => !over && opened.location.replace(setup.address(id)), () => {});
  }

  /** Sends the window that is still open to the sign-in again; false when there is none, and a click must open it. */
  function goOn(): boolean {
    if (!popup || popup.closed) return false;
    go(popup);
    watch(popup);
    change({ blocked: false, closed: false });
    return true;
  }

  /** Some sign-in pages cut the tie to their opener, and then seem closed: so this only asks, and goes on listening. */
  function watch(opened: Window) {
    clearInterval(poll);
    poll = setInterval(() => {
      if (!opened.closed) return;
      clearInterval(poll);
      setTimeout(() => opened === popup && change({ closed: true }), GRACE_MS);
    }, POLL_MS);
  }

  return { open, goOn, stop, socketId: line.id };
}
