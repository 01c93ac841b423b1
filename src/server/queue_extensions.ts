/**
 * The extensions of servers with a queue, or that send mail on: what they promise to clients, only these can keep. And
 * those that no server offers yet; their parameters are "not recognized".
 * @module
 */
import type { Fault } from "../smtp/fault.ts";
import { wrong } from "../smtp/grammar.ts";
import { GRAMMARS, readParameter } from "../smtp/parameter_values.ts";
import type { Parameters } from "../smtp/parameters.ts";
import { isForUsers } from "../net/address.ts";
import { BINARYMIME } from "./chunking.ts";
import type { Extension } from "./extension.ts";

/** RFC 3461: the sender says of what it wants to be told, for each recipient. */
const DSN: Extension = {
  about: {
    name: "DSN",
    rfc: [3461, 6533],
    where: "to all sessions, with a [queue](queue.md)",
    seen:
      '`readParameter(event.parameters, "RET")` and `"ENVID"` at MAIL, `"NOTIFY"` and `"ORCPT"` at RCPT; ' +
      "`parameters` of each route",
    test: "server/queue_extensions_test.ts",
  },
  line: () => "DSN",
  parameters: {
    MAIL: { RET: GRAMMARS.RET, ENVID: GRAMMARS.ENVID },
    RCPT: { NOTIFY: GRAMMARS.NOTIFY, ORCPT: GRAMMARS.ORCPT },
  },
};

/** RFC 6710: some messages go before others. */
const MT_PRIORITY: Extension = {
  about: {
    name: "MT-PRIORITY",
    rfc: [6710],
    where:
      "to all sessions, with a [queue](queue.md#priorities); a priority above 0 counts of users and of clients on this machine",
    seen: '`readParameter(event.parameters, "MT-PRIORITY")` at MAIL',
    test: "server/queue_extensions_test.ts",
  },
  line: () => "MT-PRIORITY",
  parameters: { MAIL: { "MT-PRIORITY": GRAMMARS["MT-PRIORITY"] } },
};

/** RFC 2852: a message that is late is returned, or its sender is told. */
const DELIVERBY: Extension = {
  about: {
    name: "DELIVERBY",
    rfc: [2852],
    where: "to all sessions, with a [queue](queue.md#deadlines)",
    seen: '`readParameter(event.parameters, "BY")` at MAIL',
    test: "server/queue_extensions_test.ts",
  },
  line: () => "DELIVERBY",
  parameters: { MAIL: { BY: GRAMMARS.BY } },
};

/** RFC 8689: the message may only go on by encrypted connections to servers that keep to this, too. */
export const REQUIRETLS: Extension = {
  about: {
    name: "REQUIRETLS",
    rfc: [8689],
    where: "to encrypted sessions, where mail for other domains goes on by SMTP",
    seen: '`readParameter(event.parameters, "REQUIRETLS")` at MAIL',
    test: "server/queue_extensions_test.ts",
  },
  line: ({ tls }) => tls === undefined ? undefined : "REQUIRETLS",
  parameters: { MAIL: { REQUIRETLS: GRAMMARS.REQUIRETLS } },
};

/** How long messages may be held back. */
export interface HoldOptions {
  /** Seconds; 0: they may not. */
  readonly longest: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** RFC 4865: messages of users may be held back, for some time or until a time. */
const futureRelease = ({ longest, now }: HoldOptions): Extension => {
  const secondsUntil = (time: Date): number => (time.getTime() - now()) / 1000;
  return {
    about: {
      name: "FUTURERELEASE",
      rfc: [4865],
      where: "to users, at listeners for submission, with a [queue](queue.md#mail-for-later)",
      seen: '`readParameter(event.parameters, "HOLDFOR")` or `"HOLDUNTIL"` at MAIL',
      test: "server/queue_extensions_test.ts",
    },
    line: ({ listener }) =>
      isForUsers(listener.kind)
        ? `FUTURERELEASE ${longest} ${printTime(now() + 1000 * longest)}`
        : undefined,
    parameters: {
      MAIL: {
        HOLDFOR: {
          ...GRAMMARS.HOLDFOR,
          judge: (seconds: number) => seconds > longest ? TOO_LONG : undefined,
        },
        HOLDUNTIL: {
          ...GRAMMARS.HOLDUNTIL,
          judge: (time: Date) => {
            const seconds = secondsUntil(time);
            return seconds < 0 ? OVER : seconds > longest ? TOO_LONG : undefined;
          },
        },
      },
    },
    agree: (parameters) => {
      if (parameters.has("HOLDFOR") && parameters.has("HOLDUNTIL")) return TWO_TIMES;
      const until = readParameter(parameters, "HOLDUNTIL");
      const held = until === undefined ? readParameter(parameters, "HOLDFOR") : secondsUntil(until);
      return held === undefined ? undefined : lateFor(held, parameters);
    },
  };
};

/** A message that is held back longer than it may take can only be late. */
function lateFor(held: number, parameters: Parameters): Fault | undefined {
  const by = readParameter(parameters, "BY");
  return by !== undefined && by.seconds <= held ? LATE_ANYWAY : undefined;
}

/** `2026-12-24T18:00:00Z`. */
const printTime = (time: number): string => new Date(time).toISOString().replace(/\.\d+/, "");

const TOO_LONG = wrong(501, "no message is held back as long as that");
const OVER = wrong(501, "HOLDUNTIL wants a time to come");
const TWO_TIMES = wrong(501, "a message is held back for some time or until a time, not both");
const LATE_ANYWAY = wrong(501, "the message would be held back longer than BY allows");

/** The extensions of a server with a queue. */
export const queueExtensions = (hold: HoldOptions): readonly Extension[] => [
  DSN,
  MT_PRIORITY,
  DELIVERBY,
  ...hold.longest > 0 ? [futureRelease(hold)] : [],
];

/** The extensions that no server offers yet. */
export const NOT_OFFERED: readonly Extension[] = [BINARYMIME];
