/**
 * The tools for handlers with options, and for one that changes parts of messages: "postmaster/making". A configuration
 * reads the options, and reports mistakes in them.
 * @module
 */
export { z } from "zod";
export {
  SignatureCheck,
  type SignatureOptions,
  type SignaturesFound,
} from "./authenticity/signatures.ts";
export * as kinds from "./base/kinds.ts";
export { messageOf } from "./base/message_of.ts";
export { MIN_UID } from "./base/passwd.ts";
export { ConfigError, type Place, printProblem, type Problem } from "./base/problem.ts";
export { Seldom } from "./base/seldom.ts";
export { spellings, SystemUsers } from "./base/system_users.ts";
export { type Parse, Watched } from "./base/watched.ts";
export {
  defineHandler,
  type HandlerDefinition,
  type HandlerFactory,
  type Part,
} from "./handler/define.ts";
export { checkDmarc, type DmarcQuestion, wantedOf } from "./authenticity/dmarc.ts";
export { type LookupOptions, Lookups } from "./authenticity/lookups.ts";
export { readResults, type ResultRead, type ResultsRead } from "./authenticity/read_results.ts";
export { checkSpf, type SpfQuestion } from "./authenticity/spf.ts";
export { senderAuthentication, trustedResults } from "./handler/sender_authentication.ts";
export { type Decode, type Decoded, decodeOf } from "./mime/decode.ts";
export { type MimeOptions, MimeParser, type MimeRoot, type MimeSink } from "./mime/parser.ts";
