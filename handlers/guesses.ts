/**
 * Limits for those who guess passwords.
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import {
  type EventOf,
  type Handler,
  type HandlerFactory,
  hostOf,
  isLocal,
  isPermanent,
  isPositive,
  named,
  networkOf,
  type Next,
  on,
  type Prefixes,
  type Reply,
  say,
  type Session,
  variable,
} from "postmaster";
import { defineHandler, kinds, type z } from "postmaster/making";
import { type Counted, Turnstile } from "./turnstile.ts";

/** The options of {@linkcode guesses}. */
export interface GuessesOptions {
  /** Failures from one address, or one /64 network of IPv6. */
  readonly address?: number;
  /** Failures from one network: a /24, in IPv6 a /48. */
  readonly network?: number;
  /** Failures to be one user, from addresses that the user has not come from before. */
  readonly user?: number;
  /** Failures in one session before it ends. */
  readonly session?: number;
  /** The time in which failures are counted. */
  readonly per?: number | string;
  /** The delay of the reply to the first failure from an address; it doubles with each further failure, up to 16 times. */
  readonly delay?: number | string;
}

/** The schema of the options. */
export const guessesOptions = kinds.options({
  address: kinds.count(1).default(10)
    .describe("Failures from one address, or one /64 network of IPv6."),
  network: kinds.count(1).default(50)
    .describe("Failures from one network: a /24, in IPv6 a /48."),
  user: kinds.count(1).default(20).describe(
    "Failures to be one user, from addresses that the user has not come from before.",
  ),
  session: kinds.count(1).default(3).describe("Failures in one session before it ends."),
  per: kinds.lifetime(1000).prefault("1 h").describe("The time in which failures are counted."),
  delay: kinds.duration(0).refine((milliseconds) => milliseconds <= 3000, {
    error: "this is too long: make it 3 s or less",
  }).prefault("1 s").describe(
    "The delay of the reply to the first failure from an address; it doubles with each further " +
      "failure, up to 16 times.",
  ),
});

/** How often the delay doubles: the reply comes in time even if `delay` is 3 s. */
const DOUBLINGS = 4;
const NETWORK: Prefixes = { ipv4: 24, ipv6: 48 };
/** The longest name that is kept: longer ones are no users. */
const LONGEST = 64;
/** An address that a user has come from. */
const familiar = variable("global", "familiar", () => false, { ttl: "60 d", persist: true });
const inSession = variable("session", "authentication failures", () => 0);

const BLOCKED = say(4, 5, 4, "too many failed attempts, try again later", "4.7.0");
const ENOUGH = say(4, 2, 1, "too many failed attempts", "4.7.0");

/** As {@linkcode guesses}, with options that were read already. */
export function guessesBy(
  { address, network, user, session: most, per, delay }: z.output<typeof guessesOptions>,
): Handler {
  const failures = variable("global", "failures", () => 0, { window: per, persist: true });
  const turnstile = new Turnstile();

  const countsFor = async (name: string, session: Session): Promise<readonly Counted[]> => {
    const { peer } = session;
    const host = hostOf(peer.address);
    const own = `${name} at ${host}`;
    if (isLocal(peer.address) || await session.get(familiar.of(own))) {
      return [{ key: own, most: address }];
    }
    return [
      { key: host, most: address },
      { key: networkOf(peer.address, NETWORK), most: network },
      ...name === "" ? [] : [{ key: `user ${name}`, most: user }],
    ];
  };

  const answer = async (
    event: EventOf<"Authenticate">,
    next: Next<"Authenticate">,
    session: Session,
  ): Promise<Reply> => {
    const name = event.user.toLowerCase().slice(0, LONGEST);
    const counts = await countsFor(name, session);
    const failed = () => Promise.all(counts.map(({ key }) => session.get(failures.of(key))));
    const leave = await turnstile.enter(counts, failed);
    if (leave === undefined) return BLOCKED;
    session.whenAnswered(async (reply) => {
      try {
        if (!isPositive(reply)) return;
        await session.set(familiar.of(`${name} at ${hostOf(session.peer.address)}`), true);
      } finally {
        leave();
      }
    });
    const reply = await next();
    // A client that is gone by now learns nothing. One that goes during the delay knows that it has guessed wrong.
    if (!isPermanent(reply) || session.signal.aborted) return reply;
    const [before = 0] = await failed();
    await Promise.all(counts.map(({ key }) => session.tick(failures.of(key))));
    const milliseconds = delay * 2 ** Math.min(before, DOUBLINGS);
    await pause(milliseconds, undefined, { signal: session.signal }).catch(() => {});
    return session.tick(inSession) < most ? reply : ENOUGH;
  };
  return named("guesses", on("Authenticate", answer));
}

/**
 * Slows down clients that guess passwords, and stops them: failed AUTH commands are counted by address, network and
 * user, over sessions and restarts. Once there are too many, AUTH gets 454 whether the password is right or not.
 *
 * Guesses do not lock a user out: at an address from which the user has authenticated in the last 60 days, only the
 * failures of this user at this address count. Clients on this machine, such as webmail, are counted by user only.
 *
 * @example
 * ```ts
 * import { guesses } from "postmaster/handlers";
 *
 * export default guesses({ address: 10, network: 50, user: 20, per: "1 h" });
 * ```
 */
export const guesses: HandlerFactory<GuessesOptions> = defineHandler({
  name: "guesses",
  summary: "Slows down and stops clients that guess passwords.",
  options: guessesOptions,
  create: guessesBy,
  example: "guesses: { address: 10, network: 50, user: 20, per: 1 h }",
  part: "checks",
});
