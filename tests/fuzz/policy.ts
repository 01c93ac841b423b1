/**
 * The handlers and targets of a fuzzed server, which do what `world.ts` says.
 * @module
 */
import { Buffer } from "node:buffer";
import { chain, type Handler, Mailbox, on, type Route, say } from "postmaster";
import { type Mechanism, type Passwords, WRONG } from "../../src/auth/exchange.ts";
import { LOGIN, PLAIN } from "../../src/auth/plain.ts";
import { scram, scramKeys } from "../../src/auth/scram.ts";
import { Targets, type TargetType, unsettled } from "../../src/targets/target.ts";
import type { Delivered } from "./heard.ts";
import { DOMAIN, PASSWORDS, RECIPIENTS, SENDERS } from "./world.ts";

/** Waits for some turns of the event loop. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

const route = (local: string, how: string): Route => ({
  recipient: new Mailbox(local, DOMAIN),
  target: { target: "kept", args: { how } },
});

const recipients: Handler = on("AddRcptTo", async ({ mailbox }, next) => {
  const { local, domain } = mailbox;
  const isOurs = domain.toLowerCase() === DOMAIN || domain === "";
  const fate = RECIPIENTS.get(domain === "" ? "postmaster" : local);
  if (!isOurs || fate === undefined) return await next();
  if (local === "throws") throw new Error("a handler is broken");
  if (local === "late") await turns(3);
  if ("refused" in fate) return say(fate.refused < 500 ? 4 : 5, 5, 1, "not this one");
  const routes = "gets" in fate
    ? fate.gets.map((one) => route(one, "delivered"))
    : [route(local, fate.ends)];
  return { ...say(2, 5, 0, "recipient ok", "2.1.5"), routes };
});

const senders: Handler = on("SetMailFrom", ({ mailbox }, next) => {
  const answer = SENDERS.get(mailbox?.local ?? "");
  if (answer === 451) throw new Error("a handler is broken");
  if (answer === 450) return turns(2).then(() => say(4, 5, 0, "not yet"));
  return answer === 550 ? say(5, 5, 0, "not you") : next();
});

const endings: Handler = on("Deliver", async (event, next, session) => {
  switch (SENDERS.get(session.transaction?.mailFrom?.local ?? "")) {
    case "read slowly":
      return await next({ ...event, body: slowly(event.body) });
    case "discarded":
      for await (const _ of event.body);
      return say(2, 5, 0, "thank you");
    case "refused unread":
      return say(5, 5, 0, "not that");
    case "refused early":
      for await (const _ of event.body) break;
      return say(5, 5, 4, "not that");
    case "broken":
      throw new Error("a handler is broken");
    case "hanging":
      return await new Promise<never>(() => {});
    default:
      return await next();
  }
});

async function* slowly(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const chunk of body) {
    await turns(1);
    yield chunk;
  }
}

/** The handlers. */
export const policy: Handler = chain(recipients, senders, endings);

/** Checks passwords, and takes its time. */
export const passwords: Passwords = {
  async verify(user, password) {
    await turns(2);
    return PASSWORDS.get(user) === password.reveal() ? { user } : WRONG;
  },
};

/** What SCRAM keeps of each password, and of one that nobody knows. */
const SECRETS = new Map(
  await Promise.all([...PASSWORDS, ["", "nobody's"] as const].map(async ([user, password]) => {
    const [salt, iterations] = [new TextEncoder().encode(`salt of ${user}`), 2];
    const keys = await scramKeys(password, salt, iterations, "sha256");
    return [user, { salt, iterations, ...keys }] as const;
  })),
);

/** What clients may authenticate with. */
export const mechanisms: readonly Mechanism[] = [
  PLAIN,
  LOGIN,
  scram({
    hash: "sha256",
    secrets: {
      async secretOf(user) {
        await turns(1);
        return SECRETS.get(user) ?? SECRETS.get("")!;
      },
    },
  }),
];

/** The targets: what is delivered is given to `take`. */
export const targetsFor = (take: (delivered: Omit<Delivered, "after">, session: string) => void) =>
  new Targets({ kept: keptBy(take) });

const keptBy = (
  take: (delivered: Omit<Delivered, "after">, session: string) => void,
): TargetType => ({
  readsBody: true,
  faultIn: () => undefined,
  open: ({ how }, { envelope: { sender, session } }) => {
    const recipients: string[] = [];
    let message = "";
    return {
      recipient: ({ recipient }) => void recipients.push(recipient.local),
      body: async (body) => {
        if (how === "broken") throw new Error("a target is broken");
        const chunks: Uint8Array[] = [];
        for await (const chunk of body.read()) chunks.push(chunk.slice());
        message = Buffer.concat(chunks).toString("latin1");
      },
      commit: async () => {
        await turns(1);
        if (how === "deferred") return recipients.map(() => unsettled("on purpose"));
        if (how === "failed") {
          return recipients.map(() => ({ result: how, status: "5.1.1", reason: "nobody" }));
        }
        const { local, domain } = sender ?? {};
        take({
          sender: sender === null ? "" : `${local}@${domain}`,
          recipients,
          message,
        }, session);
        return recipients.map(() => ({ result: "delivered", reason: "kept" }));
      },
      abort: () => Promise.resolve(),
    };
  },
});
