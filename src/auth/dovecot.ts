/**
 * Passwords that Dovecot checks, by its authentication protocol
 * (https://doc.dovecot.org/developer_manual/design/auth_protocol/).
 * @module
 */
import { Buffer } from "node:buffer";
import { randomInt } from "node:crypto";
import { connect, type NetConnectOpts, type Socket } from "node:net";
import { parseIp } from "../base/ip.ts";
import type { Verdict } from "../handler/event.ts";
import { checkedBy, type Claim, Elsewhere, NoAnswer } from "./elsewhere.ts";
import { type Passwords, WRONG } from "./exchange.ts";

/** Where Dovecot listens for those who ask: a Unix socket, or a port. */
export type DovecotAddress = { readonly path: string } | {
  readonly host: string;
  readonly port: number;
};

/** Questions at once. Dovecot answers those to which the answer is no after two seconds. */
const MOST = 500;
/** Characters that a line may have: Dovecot ends the connection, which others share, for a longer one. */
const LONGEST = 8000;
/** Characters of an answer. */
const LONGEST_ANSWER = 65_536;

/** Asks Dovecot, by one connection, which is made when the first client comes, and again when it is lost. */
export function dovecot(address: DovecotAddress): Passwords & Disposable {
  let connection: Connection | undefined;
  const check = async ({ user, password, client }: Claim, signal: AbortSignal) => {
    const { address: ip, port } = client.peer;
    const question = [
      "PLAIN",
      "service=smtp",
      "secured",
      "no-penalty", // who guesses is slowed by the server itself
      ...parseIp(ip) === undefined ? [] : [`rip=${ip}`, `rport=${port}`],
      `resp=${Buffer.from(`\0${user}\0${password}`).toString("base64")}`,
    ].join("\t");
    if (question.length > LONGEST) return WRONG;
    if (connection === undefined || connection.isLost) connection = new Connection(address);
    return verdictOf(await connection.ask(question, signal), user);
  };
  const name = "path" in address ? address.path : `${address.host}:${address.port}`;
  return {
    ...checkedBy(new Elsewhere(`Dovecot at ${name}`, MOST), check),
    [Symbol.dispose]: () => connection?.[Symbol.dispose](),
  };
}

/** The words of answers; other lines are about the connection. */
const ANSWERS: readonly string[] = ["OK", "FAIL", "CONT"];

/** An answer: what Dovecot says, and the fields behind it. */
type Answer = readonly [word: string, ...fields: readonly string[]];

function verdictOf([word, ...fields]: Answer, asked: string): Verdict {
  if (word === "OK") return { user: valueOf("user", fields) ?? asked };
  if (word !== "FAIL") throw new Error(`it says ${word} to PLAIN`);
  const isTemporary = fields.includes("temp") || valueOf("code", fields) === "temp_fail";
  if (!isTemporary) return WRONG;
  throw new Error(valueOf("reason", fields) ?? "a temporary failure, which Dovecot's log explains");
}

function valueOf(key: string, fields: readonly string[]): string | undefined {
  const field = fields.find((one) => one.startsWith(`${key}=`));
  // deno-lint-ignore no-control-regex -- the protocol's escape
  return field?.slice(key.length + 1).replace(/\x01(.)/g, (_, one) => ESCAPED[one] ?? one);
}

/** What stands for the characters that the protocol is made of. */
const ESCAPED: Readonly<Record<string, string>> = {
  "0": "\0",
  "1": "\x01",
  t: "\t",
  r: "\r",
  n: "\n",
};

/** A connection, with the questions that wait for their answers. */
class Connection implements Disposable {
  isLost = false;
  readonly #socket: Socket;
  readonly #ready = Promise.withResolvers<void>();
  readonly #waiting = new Map<string, PromiseWithResolvers<Answer>>();
  #offersPlain = false;
  #rest = "";
  #next = 1;
  /** Lines that have come so far. */
  #heard = 0;

  constructor(address: DovecotAddress) {
    this.#ready.promise.catch(() => {}); // whoever asks waits for it
    this.#socket = connect({ ...address } as NetConnectOpts).setEncoding("utf8");
    this.#socket.on("data", (text: string) => this.#read(text));
    this.#socket.on("error", (error) => this.#end(error));
    this.#socket.on("close", () => this.#end(new Error("the connection was closed")));
    // Dovecot wants another number of each connection.
    this.#socket.write(`VERSION\t1\t1\nCPID\t${randomInt(1, 2 ** 31)}\n`);
  }

  /** @param question all behind its number, the response last */
  async ask(question: string, signal: AbortSignal): Promise<Answer> {
    const id = String(this.#next++);
    const waiting = Promise.withResolvers<Answer>();
    const heard = this.#heard;
    const leave = () => {
      waiting.reject(signal.reason);
      if (signal.reason instanceof NoAnswer && this.#heard === heard) this.#end(signal.reason);
    };
    signal.addEventListener("abort", leave, { once: true });
    this.#waiting.set(id, waiting);
    this.#ready.promise.then(() => this.#socket.write(`AUTH\t${id}\t${question}\n`), () => {});
    try {
      return await waiting.promise;
    } finally {
      this.#waiting.delete(id);
      signal.removeEventListener("abort", leave);
    }
  }

  [Symbol.dispose](): void {
    this.#end(new Error("the server stops"));
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > LONGEST_ANSWER) return this.#end(new Error("its line has no end"));
    for (const line of lines) this.#take(line.split("\t"));
  }

  #take([word = "", id = "", ...fields]: readonly string[]): void {
    this.#heard++;
    if (word === "VERSION" && id !== "1") {
      this.#end(new Error(`it speaks version ${id} of the protocol, and not 1`));
    } else if (word === "MECH" && id === "PLAIN") this.#offersPlain = true;
    else if (word === "DONE") {
      if (this.#offersPlain) this.#ready.resolve();
      else this.#end(new Error("it has no PLAIN: add it to Dovecot's auth_mechanisms"));
    } else if (ANSWERS.includes(word)) this.#waiting.get(id)?.resolve([word, ...fields]);
  }

  #end(error: Error): void {
    if (this.isLost) return;
    this.isLost = true;
    this.#socket.destroy();
    this.#ready.reject(error);
    for (const { reject } of this.#waiting.values()) reject(error);
  }
}
