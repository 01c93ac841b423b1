/**
 * What makes a handler with options, and one that changes parts of messages: "postmaster/making". A configuration reads
 * its options, and says what is wrong.
 *
 * @module
 */
export { z } from "zod";
export * as kinds from "./base/kinds.ts";
export { Accounts } from "./base/accounts.ts";
export { type Account, findAccount, isPerson, MIN_UID } from "./base/passwd.ts";
export { ConfigError, type Place, printProblem, type Problem } from "./base/problem.ts";
export { type Parse, Watched } from "./base/watched.ts";
export {
  defineHandler,
  type HandlerDefinition,
  type HandlerFactory,
  type Part,
} from "./handler/define.ts";
export { type Decode, type Decoded, decodeOf } from "./mime/decode.ts";
export { type MimeOptions, MimeParser, type MimeRoot, type MimeSink } from "./mime/parser.ts";
