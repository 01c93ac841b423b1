/**
 * What the targets that store mail in a mailbox share. The mailbox's user stores the message: this process, if it is
 * that user; else this program, which runs as that user ({@linkcode deliverHere}). Root stores nothing.
 * @module
 */
import { fileURLToPath } from "node:url";
import { findAccount } from "../base/passwd.ts";
import { tried } from "../base/tried.ts";
import type { Addressee } from "../handler/reply.ts";
import type { Arguments } from "./arguments.ts";
import { isOwn } from "./identity.ts";
import { type Order, type Program, RECIPIENT } from "./launch.ts";
import { AS_ROOT, DELIVER } from "./mailbox/deliver.ts";
import { faultOf, MailboxFault, outcomeOf } from "./mailbox/fault.ts";
import { framed } from "./mailbox/frames.ts";
import { placeOf } from "./mailbox/path.ts";
import type { Store } from "./mailbox/store.ts";
import { type Mailers, refused } from "./mailer.ts";
import { finalInput } from "./mailer_input.ts";
import type { MailerRun } from "./mailer_process.ts";
import type { Delivery, DeliveryContext, Message, Outcome, TargetType } from "./target.ts";
import {
  parseTemplate,
  type PlaceholderValues,
  refusalOf,
  type Template,
  valuesFor,
  valuesForAny,
} from "./template.ts";

/** The permissions of the program when it is run from its sources. */
const FLAGS = "--allow-read --allow-write --allow-sys --allow-env --allow-ffi --allow-run=/bin/sh";
/** It needs no packages: another user may not read those of this one. */
const ALONE = "--quiet --no-prompt --no-config --no-lock --no-npm --no-remote";

/** This program. */
const SELF = Deno.build.standalone ? [Deno.execPath()] : [
  ...[Deno.execPath(), "run", ...`${ALONE} ${FLAGS}`.split(" ")],
  fileURLToPath(new URL("../../main.ts", import.meta.url)),
];

/** The sender of a bounce in the `From ` line of an mbox. */
const NULL_SENDER = "MAILER-DAEMON";

/** What the arguments of such a target say. */
export interface MailboxProgram<M extends { readonly path: string }> extends Program {
  readonly mailbox: M;
}

/** The command that stores a message in a mailbox. */
export function storingTemplate(kind: string, mailbox: object): Template {
  const fixed = [...SELF, DELIVER, kind, JSON.stringify(mailbox)].map((argument) =>
    argument.replace(/[{}]/g, "$&$&")
  );
  const values = ["{user}", "{extension}", "{local}", "{domain}", "{sender}"];
  return parseTemplate([...fixed, "--", ...values], false);
}

/** A kind of mailbox. */
export interface MailboxKind<M extends { readonly path: string }> {
  readonly name: string;
  readonly args: Arguments<MailboxProgram<M>>;
  /** Stores a message in this process; without it, another process does. */
  readonly store?: Store<M>;
  /** A path for people. */
  readonly print: (path: string) => string;
}

/** The implementation of the target for a kind of mailbox. */
export function mailboxType<M extends { readonly path: string }>(
  kind: MailboxKind<M>,
  mailers: Mailers,
): TargetType {
  const { name, args: given } = kind;
  return {
    readsBody: true,
    work: mailers,
    faultIn: (args) => given.faultIn(args),
    obstacleTo: (args) => {
      const program = given.read(args);
      const isRoot = program.user !== RECIPIENT &&
        tried(() => mailers.identityFor({ ...program, recipients: [] }))?.uid === 0;
      return isRoot ? AS_ROOT.message : mailers.obstacleTo(program);
    },
    plan: (args, addressee) => plan(kind, given.read(args), addressee),
    open: (args, context) => {
      const program = given.read(args);
      const accepted: PlaceholderValues[] = [];
      let message: Message;
      return {
        recipient: (addressee) => {
          const values = valuesFor(addressee, context.envelope, NULL_SENDER);
          const refusal = refusalOf(program.template, values);
          if (refusal !== undefined) return refused(refusal);
          const fault = faultOfPath(name, program.mailbox, values);
          return fault ?? void accepted.push(values);
        },
        body: (given) => Promise.resolve(void (message = given)),
        commit: () =>
          Promise.all(accepted.map((one) => store(kind, program, one, message, mailers, context))),
        abort: () => Promise.resolve(),
      } satisfies Delivery;
    },
  };
}

async function store<M extends { readonly path: string }>(
  { name, store }: MailboxKind<M>,
  { mailbox, ...program }: MailboxProgram<M>,
  values: PlaceholderValues,
  message: Message,
  mailers: Mailers,
  context: DeliveryContext,
): Promise<Outcome> {
  const order: Order = { ...program, recipients: [values] };
  const identity = tried(() => mailers.identityFor(order)); // a fault in it is found again
  const { size, input } = finalInput(message, context.envelope, [values]);
  if (identity?.uid === 0) return outcomeOf(name, AS_ROOT);
  if (store !== undefined && identity !== undefined && isOwn(identity)) {
    const mail = { ...values, home: identity.account?.home };
    const stored = () => store(mailbox, mail, input()).then(() => delivered(name));
    return await mailers.inTurn(
      () => stored().catch((error) => outcomeOf(name, faultOf(error))),
      context,
    );
  }
  const told = (run: MailerRun) => outcomeIn(name, run);
  const job = { ...order, size, input: () => framed(input()), outcomeOf: told };
  return await mailers.run(job, context);
}

const delivered = (name: string): Outcome => ({
  result: "delivered",
  reason: `${name}: delivered`,
});

/** What the program said: a status and a reason on its standard output. Where it said nothing, it broke. */
function outcomeIn(name: string, { ending, output, complaint }: MailerRun): Outcome | undefined {
  if (ending.how !== "exit") return undefined;
  if (ending.code === 0) return delivered(name);
  const [, status, reason] = SAID.exec(output) ?? ["", "4.3.0", "local delivery failed"];
  const cause = complaint.trim() || `exit status ${ending.code}`;
  return outcomeOf(name, new MailboxFault(status as MailboxFault["status"], reason!, cause));
}

const SAID = /^([45]\.\d{1,3}\.\d{1,3}) ([ -~]+)$/m;

/** The outcome for an address that makes no path. The home is known later. */
function faultOfPath(
  name: string,
  { path }: { readonly path: string },
  values: PlaceholderValues,
): Outcome | undefined {
  try {
    placeOf(path, { ...values, home: "/home" });
    return undefined;
  } catch (error) {
    return outcomeOf(name, faultOf(error));
  }
}

function plan<M extends { readonly path: string }>(
  { name, print }: MailboxKind<M>,
  { mailbox, template, user, group }: MailboxProgram<M>,
  addressee: Addressee,
): string | Outcome {
  const values = valuesForAny(addressee);
  const refusal = refusalOf(template, values);
  if (refusal !== undefined) return refused(refusal);
  const self = user === RECIPIENT ? values.user : user;
  const home = tried(() => findAccount(self ?? Deno.uid()!))?.home;
  const who = [self ?? "", ...(group === undefined ? [] : [group])].join(":");
  try {
    const { path } = placeOf(mailbox.path, { ...values, home });
    return print(path) + (who === "" ? "" : ` (as ${who})`);
  } catch (error) {
    return outcomeOf(name, faultOf(error));
  }
}
