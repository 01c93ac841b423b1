/**
 * The client of the control socket.
 * @module
 */
import { dirname } from "node:path";
import { findAccount, groupName, ownUser } from "../base/passwd.ts";
import { tried } from "../base/tried.ts";
import { within } from "../base/within.ts";
import type { Health, OperatorsDesk } from "../queue/desk.ts";
import type { Listed, Page, Trace } from "../queue/store.ts";
import type { AnswerLine, Request } from "./control_protocol.ts";
import type { Values } from "./fixed.ts";
import type { Reloaded } from "./reload.ts";
import type { Standing } from "./standing.ts";

/** Milliseconds for an answer. */
const PATIENCE = 120_000;
/** Milliseconds for a reload, which may have to check types and run tests. */
const RELOADING = 600_000;

/** No server listens at the socket. */
export class NobodyListens extends Error {
  override readonly name = "NobodyListens";
}

/** The server has not said whether it has done what was asked. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
}

/**
 * Whether a server listens at a socket.
 *
 * @throws {Error} if this user may not use it
 */
export async function isListening(socket: string): Promise<boolean> {
  try {
    (await connect(socket)).close();
    return true;
  } catch (error) {
    if (error instanceof NobodyListens) return false;
    throw error;
  }
}

/** What was answered. */
interface Answer {
  readonly items: readonly unknown[];
  readonly end: unknown;
}

/** The queue of the server that listens at a control socket. Each question has a connection of its own. */
export class RemoteDesk implements OperatorsDesk {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  find(...[filter, after, limit]: Parameters<OperatorsDesk["find"]>): Promise<Page<Listed>> {
    return this.#page({ ask: "find", filter, after, limit });
  }

  change(...[filter, change, page]: Parameters<OperatorsDesk["change"]>): Promise<Page<Listed>> {
    return this.#page({ ask: "change", filter, change, page });
  }

  async stats(): Promise<Health> {
    return (await this.#ask({ ask: "stats" })).end as Health;
  }

  async head(id: string, octets: number): Promise<Uint8Array | undefined> {
    const { end } = await this.#ask({ ask: "head", id, octets });
    return end === undefined ? undefined : Uint8Array.fromBase64(end as string);
  }

  async trace(...[what, limit]: Parameters<OperatorsDesk["trace"]>): Promise<readonly Trace[]> {
    return (await this.#ask({ ask: "trace", what, limit })).items as readonly Trace[];
  }

  async #page(request: Request): Promise<Page<Listed>> {
    const { items, end } = await this.#ask(request);
    return { items: items as readonly Listed[], next: end as number | undefined };
  }

  #ask(request: Request): Promise<Answer> {
    return ask(this.#socket, request, PATIENCE);
  }
}

/**
 * Has the server at a control socket reload its configuration.
 *
 * @throws {Unanswered}
 * @throws {Error} why all stays as it was
 */
export const askToReload = async (socket: string): Promise<Reloaded> =>
  (await ask(socket, { ask: "reload" }, RELOADING)).end as Reloaded;

/**
 * Has the server at a control socket compare its configuration with another one.
 *
 * @throws {Unanswered}
 * @throws {Error} also of a version that cannot
 */
export const askToCompare = async (
  socket: string,
  written: Values,
  fixed: Values,
): Promise<Standing> =>
  (await ask(socket, { ask: "compare", written, fixed }, PATIENCE)).end as Standing;

/**
 * @throws {Unanswered}
 * @throws {Error} what the server has not done, and why
 */
async function ask(socket: string, request: Request, patience: number): Promise<Answer> {
  using connection = await connect(socket);
  const lines = (await exchange(connection, `${JSON.stringify(request)}\n`, patience)).split("\n");
  const isWhole = lines.pop() === ""; // what follows the end of the last line
  const answer = lines.map((line): AnswerLine => JSON.parse(line));
  const last = answer.at(-1);
  if (last !== undefined && "error" in last) throw new Error(last.error);
  if (!isWhole || last === undefined || "item" in last) {
    throw new Unanswered(`the server at ${socket} has stopped before it answered`);
  }
  return {
    items: answer.flatMap((line) => "item" in line ? [line.item] : []),
    end: last.end,
  };
}

async function connect(path: string): Promise<Deno.UnixConn> {
  try {
    return await Deno.connect({ transport: "unix", path });
  } catch (error) {
    const { NotFound, NotADirectory, ConnectionRefused, PermissionDenied } = Deno.errors;
    if ([NotFound, NotADirectory, ConnectionRefused].some((kind) => error instanceof kind)) {
      throw new NobodyListens(`no server listens at ${path}`);
    }
    throw error instanceof PermissionDenied ? new Error(whyForbidden(path)) : error;
  }
}

/** Sends a request, and returns all that is answered. A server that goes away has answered nothing more. */
async function exchange(
  connection: Deno.UnixConn,
  request: string,
  patience: number,
): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const talk = async () => {
    const writer = connection.writable.getWriter();
    await writer.write(new TextEncoder().encode(request));
    resolve(await new Response(connection.readable).text());
  };
  talk().catch(() => resolve(""));
  if (!await within(promise, patience)) {
    const minutes = patience / 60_000;
    throw new Unanswered(`the server has not answered for ${minutes} minutes: its log may say why`);
  }
  return await promise;
}

/** Who may use the socket that this user may not use. */
function whyForbidden(socket: string): string {
  const [GROUP_WRITES, GROUP_ENTERS] = [0o020, 0o010];
  const file = tried(() => Deno.statSync(socket));
  const found = file ?? tried(() => Deno.statSync(dirname(socket)));
  const intro = `${ownUser()} may not use the control socket ${socket}`;
  if (found === undefined) {
    return `${intro}: a directory above is open only to others: ask as root or as the server's user, or let ` +
      "`control.socket` be in a directory that the operators' group may enter";
  }
  const { uid, gid, mode } = found;
  const user = findAccount(uid!)?.name ?? uid;
  return (mode! & (file === undefined ? GROUP_ENTERS : GROUP_WRITES)) === 0
    ? `${intro}: root and the user ${user} may; \`control.group\` can name a group that may, too`
    : `${intro}: root, the user ${user} and the members of the group ${groupName(gid!)} may`;
}
