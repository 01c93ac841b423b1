/**
 * The framework: everything that a module of handlers, or a test of one, needs.
 * @module
 */
export {
  hostOf,
  type Ip,
  isIn,
  isLocal,
  isNumeric,
  Network,
  networkOf,
  parseIp,
  type Prefixes,
} from "./base/ip.ts";
export { yieldToOthers } from "./base/turn.ts";
export { parseDuration, parseSize, printDuration, printSize } from "./base/units.ts";
export type {
  ArcVerdict,
  DkimResult,
  DkimVerdict,
  DmarcDisposition,
  DmarcPolicy,
  DmarcVerdict,
  SenderAuthentication,
  SpfResult,
  SpfVerdict,
} from "./authenticity/verdict.ts";
export { DnsError } from "./dns/error.ts";
export type { DnsCode } from "./dns/error.ts";
export { canonicalName, isSameName } from "./dns/name.ts";
export { type MailExchangers, mailExchangers, type MxOptions } from "./dns/mx.ts";
export type {
  MxRecord,
  RecordType,
  RecordTypes,
  SoaRecord,
  SrvRecord,
  TlsaRecord,
} from "./dns/records.ts";
export { type DnsAnswer, Resolver } from "./dns/resolver.ts";
export { isDomain, isMailDomain, Mailbox, mayLeadOn } from "./smtp/mailbox.ts";
export { asAscii, foldCase } from "./smtp/unicode.ts";
export { type Cut, cuts, rejoin } from "./smtp/subaddress.ts";
export type { Parameters } from "./smtp/parameters.ts";
export {
  type ParameterName,
  type ParameterValues,
  readParameter,
} from "./smtp/parameter_values.ts";
export type { ClientDetails } from "./smtp/client_details.ts";
export type { Notification, OriginalRecipient } from "./smtp/dsn.ts";
export type { DeliverBy } from "./smtp/times.ts";
export type { QueueName } from "./smtp/etrn.ts";
export type { Fault } from "./smtp/fault.ts";
export type { ForeignLine, OtherProtocol } from "./smtp/other_protocol.ts";
export type { Category, Digit, Enhanced, Severity, WireReply } from "./smtp/reply.ts";
export { headerField, prepend } from "./message/header.ts";
export { dateTime } from "./message/received.ts";
export type { KeptMessage } from "./message/kept.ts";
export { Header, type HeaderField } from "./message/fields.ts";
export { type HeadedMessage, readHeader, type ReadHeaderOptions } from "./message/read_header.ts";
export { type MimeLimit, PartHead } from "./mime/part_head.ts";
export { type MimePart, parts, type PartsOptions } from "./mime/parts.ts";
export type { Field } from "./log/event.ts";
export type { Level } from "./log/levels.ts";

export type {
  Event,
  EventMap,
  EventName,
  EventOf,
  LimitName,
  Nothing,
  OutOfOrder,
  Verdict,
} from "./handler/event.ts";
export { Secret } from "./base/secret.ts";
export type { HandlerFactory } from "./handler/define.ts";
export { chain, handlerNames, named, on, onEvery } from "./handler/handler.ts";
export type { Handler, MaybePromise, Next } from "./handler/handler.ts";
export type { AnswerTo, Destined } from "./handler/fitting.ts";
export {
  authenticated,
  hold,
  isPermanent,
  isPositive,
  isRelayingDenied,
  isReply,
  isTransient,
  isUnclaimed,
  isUnknownRecipient,
  relayingDenied,
  say,
} from "./handler/reply.ts";
export type {
  Addressee,
  AuthenticationReply,
  PositiveReply,
  RecipientReply,
  Reply,
  Route,
  Target,
} from "./handler/reply.ts";
export type {
  Outcome,
  RefusalKind,
  Remote,
  RemoteTls,
  Scope as OutcomeScope,
} from "./handler/outcome.ts";
export type { OwnMessage } from "./handler/own_message.ts";
export { inspect, type InspectedMessage } from "./handler/inspect.ts";
export { routeKey, routeTo } from "./handler/route.ts";
export type {
  Helo,
  LocalUser,
  Peer,
  Session,
  SessionListener,
  Transaction,
} from "./handler/session.ts";
export type { ListenerKind } from "./net/address.ts";
export type { PeerCertificate, Tls } from "./handler/tls.ts";
export type { Step } from "./handler/supervisor.ts";
export { printSteps } from "./handler/print_steps.ts";
export { variable } from "./handler/variable.ts";
export type { GlobalOptions, Held, Json, Scope, Stored, Variable } from "./handler/variable.ts";

export { discard } from "./targets/discard.ts";
export { defineTarget, type TargetContext, type TargetDefinition } from "./targets/define.ts";
export type { Delivery, DeliveryTime, Envelope, Message } from "./targets/target.ts";
export { lmtp, type LmtpOptions } from "./targets/lmtp.ts";
export { maildir, type MaildirOptions } from "./targets/maildir.ts";
export { mailer } from "./targets/mailer_target.ts";
export { mbox, type MboxOptions } from "./targets/mbox.ts";
export { pipe, type PipeOptions, procmail } from "./targets/pipe.ts";
export { relay, type RelayOptions } from "./targets/relay.ts";
export type { TlsMode } from "./security/security.ts";
