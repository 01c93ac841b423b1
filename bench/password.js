/**
 * The handler of `serve.ts` that knows a user, without a hash, so that AUTH itself is measured. It is no
 * TypeScript, whose compiler is in a cache that an unprivileged user may be unable to read.
 *
 * @module
 */
import { authenticated, on } from "postmaster";

export default on(
  "Authenticate",
  ({ user, password }, next) =>
    user === "sink" && password?.equals("secret") ? authenticated(user) : next(),
);
