/**
 * What a target is: the implementation behind its name, and a delivery. A route holds that name and plain arguments.
 * Delivery has two phases, and an outcome for each recipient.
 * @module
 */
import type { Outcome } from "../handler/outcome.ts";
import type { Addressee, Route, Target } from "../handler/reply.ts";
import type { Log } from "../log/event.ts";
import type { Message } from "../message/message.ts";
import type { Mailbox } from "../smtp/mailbox.ts";
import type { Parameters } from "../smtp/parameters.ts";

/** What a target learns of the transaction, before the first recipient. */
export interface Envelope {
  /** The queue id. */
  readonly id: string;
  /** The id of the session, for the log. */
  readonly session: string;
  /** The sender; `null` is the null path. */
  readonly sender: Mailbox | null;
  /** The parameters of MAIL: `BODY`, `SMTPUTF8`, `RET` and so on. None for mail that the server makes itself. */
  readonly parameters?: Parameters;
  /** When the message was accepted, in milliseconds since the epoch; without it, now. */
  readonly accepted?: number;
  /** The address of the client that sent the message. */
  readonly peer: string;
  /** The address that answers for the message; without it, nobody does who is known here. */
  readonly source?: string | undefined;
  /** The message is of a user who has authenticated, or of the server itself. */
  readonly isOwn?: boolean;
  /** The client's name as it gave it in HELO or EHLO. */
  readonly helo: string;
  /** The server's own name. */
  readonly hostname: string;
}

/** A delivery in progress: recipients, then the body, then commit; or abort at any time before that. */
export interface Delivery {
  /** Adds a recipient. An outcome settles the recipient at once: the message is not for it. */
  recipient(route: Route): Outcome | undefined | Promise<Outcome | undefined>;
  /** Takes the message. */
  body(message: Message): Promise<void>;
  /** Delivers, and says what became of each recipient that was not settled, in their order. */
  commit(): Promise<readonly Outcome[]>;
  /** Undoes what can be undone. Nothing has been promised yet. */
  abort(): Promise<void>;
}

/** What deliveries share. */
export interface DeliveryContext {
  readonly envelope: Envelope;
  readonly log: Log;
  /** Aborted when nobody waits for the delivery any more. */
  readonly signal: AbortSignal;
}

/** Work that may be going on when the server stops. */
export interface Work {
  /** Resolves when no work is going on. */
  idle(): Promise<void>;
  /** Starts nothing more, and ends soon what has begun. */
  interrupt(): void;
  /** Ends everything at once: nothing is left behind. */
  kill(): void;
}

/**
 * When mail is delivered: from the queue, after the reply; or before the reply, so that the reply tells the outcome.
 */
export type DeliveryTime = "queued" | "before-reply";

/** What limits the deliveries to several destinations together, such as the exchangers of a provider. */
export interface Group {
  /** Unique among all groups. */
  readonly name: string;
  /** Its messages that are on their way. */
  readonly running: number;
  /** How many more may go now, in milliseconds of `performance.now()`. */
  free(now: number): number;
  /** When the next may go, as far as time decides that. */
  next(now: number): number;
}

/** The implementation behind the name of a target. */
export interface TargetType {
  /** When mail for this target is delivered; without it, as the configuration says. */
  readonly deliver?: DeliveryTime | undefined;
  /** True for a target that passes mail on to other servers: nobody knows whether it arrives. */
  readonly relays?: boolean;
  /** For a target that relays: it hands deadlines on (RFC 2852), or says that the next server promises nothing. */
  readonly keepsDeadlines?: boolean;
  /** For targets whose deliveries go on although nobody waits for them. */
  readonly work?: Work;
  /** False for a target that never reads the message: then the message need not be kept. */
  readonly readsBody: boolean;
  /** Says what is wrong with arguments, `undefined` if they make sense. */
  faultIn(args: Target["args"]): string | undefined;
  /** Says why no mail can go there on this machine now. The arguments make sense. */
  obstacleTo?(args: Target["args"]): string | undefined;
  /**
   * Says to people what the target would do with mail for a recipient: `procmail -d joe`; or gives the outcome that is
   * certain already. The arguments make sense. Without it, the arguments are shown.
   */
  plan?(args: Target["args"], addressee: Addressee): string | Outcome;
  /**
   * Where the mail of a recipient goes, as far as limits and trouble are shared: `example.net`. The arguments make sense.
   * Without it, or if it is `undefined`, each recipient is a destination.
   */
  destination?(args: Target["args"], addressee: Addressee): string | undefined;
  /** What limits a destination together with others, as far as it is known before a delivery. */
  groupsOf?(destination: string): readonly Group[];
  /**
   * What the mail of two recipients has in common if one delivery can serve both. Without it, the arguments. The
   * delivery is opened with the arguments of one of them, and gets each recipient with its own.
   */
  place?(args: Target["args"], addressee: Addressee): string;
  /** For a target whose arguments may name several places, which may have different outcomes: each alone. */
  split?(args: Target["args"]): readonly Target["args"][];
  /** For a target that sends mail on: where to. The arguments make sense. */
  forwardsTo?(args: Target["args"]): readonly Mailbox[];
  /** Opens a delivery. If it throws, all recipients are deferred. */
  open(args: Target["args"], context: DeliveryContext): Delivery | Promise<Delivery>;
}
