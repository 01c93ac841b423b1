/**
 * The test kit: what tests of one's own handlers and targets need.
 * @module
 */
export { after, ask, before, type DeliverySituation, mail, rcpt, type Situation } from "./ask.ts";
export { Client, type ClientOptions } from "./client.ts";
export type { SessionSetup } from "./session_of.ts";
export { FakeClock } from "./fake_clock.ts";
export { FakeDns, type FakeRecords, type FakeTrouble, type FakeZone } from "./fake_dns.ts";
export { ENCRYPTED } from "./encrypted.ts";
export type { Limits } from "../server/limits.ts";
export type { Clients, Tolerated } from "../server/tolerated.ts";
export type { Tolerance } from "../smtp/tolerance.ts";
export type { ListenerKind } from "../net/address.ts";
export type { Clock } from "../server/transport.ts";
export type { Kept } from "./outbox.ts";
export {
  parseTranscript,
  playTranscript,
  TranscriptError,
  type TranscriptStep,
} from "./transcript.ts";
export { MemoryStore, type MemoryStoreOptions } from "../handler/memory_store.ts";
export type { Entry, GlobalStore } from "../handler/global_store.ts";
