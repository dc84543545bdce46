// What the first view does not need, loaded as soon as it stands.
export { direction, directionOf } from "./directions.ts";
export { AdminLink, Failure, Success } from "./screens/outcome.tsx";
export { Waiting } from "./screens/waiting.tsx";
export { startSignIn } from "./signin.ts";
