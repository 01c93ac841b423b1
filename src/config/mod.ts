/**
 * The configuration: `postmaster.yaml` and what becomes of it.
 * @module
 */
export {
  around,
  build,
  type Built,
  loadHandlers,
  moduleOf,
  type Modules,
  modulesOf,
  tryHandlers,
} from "./build.ts";
export type { Config, HandlerEntry } from "./config.ts";
export { queueDirectory } from "./queue.ts";
export { type Defaults, defaults } from "./defaults.ts";
export { describe } from "./describe.ts";
export { type JsonSchema, jsonSchema, printJsonSchema } from "./json_schema.ts";
export { findConfig, USUAL } from "./find.ts";
export {
  examineConfig,
  type ExaminedConfig,
  loadConfig,
  loadPlaces,
  loadSettings,
  parseConfig,
  type Places,
} from "./load.ts";
export type { Overrides } from "./overrides.ts";
export {
  ConfigError,
  type Place,
  printPlace,
  printProblem,
  type Problem,
} from "../base/problem.ts";
export { describeKeys, faultOfKeys } from "./check_keys.ts";
export { keysDirectory } from "./dkim_sign.ts";
export { bareDomainOf } from "./for_users.ts";
export { connectionsOf } from "./sessions.ts";
export { forwardedAs } from "./srs.ts";
export { relaySchema, type SmtpRelay } from "./relay.ts";
export { type Sending, sendingOf, stsDirectory, stsOptions } from "./sending.ts";
export { type Settings, settingsKeys, settingsSchema } from "./schema.ts";
