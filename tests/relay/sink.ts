/**
 * A server that takes mail, as good or as evil as a test wants it, and remembers every octet that it was told.
 *
 * @module
 */
import { once } from "node:events";
import { Buffer } from "node:buffer";
import { connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";

/** Octets, one in each character. */
export type Octets = string;

/** What it answers. A text gets its CRLF; several lines stand for a reply of several lines, as they are. */
export type Answer = string | {
  /** Exactly these octets. */
  readonly octets: Octets;
  /** What it does then: nothing more for ever, the end of the connection, or the same octets again without an end. */
  readonly then?: "silence" | "drop" | "flood";
};

/** What it is asked: the greeting, commands by their verbs, the end of the message, and more of it. */
export interface Question {
  /** `GREETING`, `EHLO`, `MAIL` and so on in upper case, `DOT` for the end of a message. */
  readonly verb: string;
  readonly line: Octets;
  /** How often the verb has come before on this connection. */
  readonly before: number;
  /** The recipient that LMTP answers for at the end. */
  readonly recipient?: string;
  readonly connection: Heard;
}

/** What it is. */
export interface Plan {
  /** `127.0.0.1` by default. */
  readonly address?: string;
  /** One that is free, by default. */
  readonly port?: number;
  /** The keywords after EHLO, with their parameters. STARTTLS is there if there is a certificate, and AUTH if there are users. */
  readonly extensions?: readonly string[];
  /** In PEM; or the port of a server that speaks TLS instead. */
  readonly tls?: { readonly certificate: string; readonly key: string } | { readonly port: number };
  /** TLS from the first octet. */
  readonly implicit?: boolean;
  /** LMTP: an answer for each recipient. */
  readonly lmtp?: boolean;
  /** Each octet of an answer is sent by itself. */
  readonly octetwise?: boolean;
  /** What is answered otherwise than by a good server. */
  readonly answer?: (question: Question) => Answer | undefined;
}

/** A message that it has taken. */
export interface Taken {
  /** `MAIL FROM:<joe@example.net> SIZE=400`. */
  readonly mail: string;
  /** The commands of those that were accepted. */
  readonly rcpt: readonly string[];
  /** The message, without the dots of transparency. */
  readonly message: Octets;
  readonly encrypted: boolean;
}

/** What it was told on one connection. */
export interface Heard {
  /** In clear text, and the octets of the TLS handshake where there was none. */
  clear: Octets;
  /** Under TLS. */
  encrypted: Octets;
  /** The name that the client asked for. */
  servername: string | undefined;
  /** The port of the client, by which connections differ. */
  readonly port: number;
  ended: boolean;
}

/** A running one. */
export class Sink {
  readonly address: string;
  port = 0;
  readonly heard: Heard[] = [];
  readonly taken: Taken[] = [];
  /** May be changed while it runs. */
  plan: Plan;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(plan: Plan) {
    this.plan = plan;
    this.address = plan.address ?? "127.0.0.1";
    this.#server = createServer({ noDelay: true }, (socket) => new Conversation(socket, this));
    this.#server.on("connection", (socket: Socket) => this.#sockets.add(socket));
  }

  static async start(plan: Plan = {}): Promise<Sink> {
    const sink = new Sink(plan);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    sink.#server.once("error", reject);
    sink.#server.listen(plan.port ?? 0, sink.address, resolve);
    await promise;
    sink.port = (sink.#server.address() as { readonly port: number }).port;
    return sink;
  }

  /** All that was said to it in clear text. */
  get clear(): Octets {
    return this.heard.map(({ clear }) => clear).join("\n");
  }

  /** Forgets what it was told. */
  forget(): void {
    this.heard.length = this.taken.length = 0;
  }

  /** Says something on all connections and ends them. Returns when the other side has noticed. */
  async endAll(octets: Octets): Promise<void> {
    await Promise.all([...this.#sockets].map((socket) => {
      const closed = once(socket, "close");
      socket.end(octets, "latin1");
      return closed;
    }));
    this.#sockets.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** One connection. */
class Conversation {
  readonly #sink: Sink;
  readonly #clear: Socket;
  #socket: Socket;
  readonly #heard: Heard;
  readonly #counts = new Map<string, number>();
  #buffer: Octets = "";
  #isEncrypted = false;
  /** Nothing that comes is answered any more. */
  #isOver = false;
  #isBusy = false;
  /** There may be something to answer. */
  #hasMore = false;
  #mode: "command" | "data" | number = "command";
  #mail = "";
  #rcpt: string[] = [];
  #message: Octets = "";
  #isLast = false;

  constructor(socket: Socket, sink: Sink) {
    this.#sink = sink;
    this.#clear = this.#socket = socket;
    this.#heard = {
      ...{ clear: "", encrypted: "", servername: undefined },
      ...{ port: socket.remotePort ?? 0, ended: false },
    };
    sink.heard.push(this.#heard);
    socket.on("error", () => {});
    socket.on("close", () => this.#heard.ended = true);
    if (sink.plan.implicit === true) this.#secure();
    else this.#greet();
  }

  async #greet(): Promise<void> {
    this.#socket.on("data", this.#onData);
    this.#isBusy = true;
    await this.#say(this.#answerTo("GREETING", "") ?? "220 sink.example ESMTP");
    this.#isBusy = false;
    await this.#pump();
  }

  readonly #onData = (data: Uint8Array): void => {
    const octets = latin1(data);
    this.#heard[this.#isEncrypted ? "encrypted" : "clear"] += octets;
    if (this.#isOver) return;
    this.#buffer += octets;
    this.#pump();
  };

  /** Leaves what comes to another reader. */
  #leave(): void {
    this.#clear.pause();
    this.#clear.off("data", this.#onData);
  }

  #secure(): void {
    const { tls } = this.#sink.plan;
    const socket = this.#clear;
    this.#leave();
    if (tls !== undefined && "port" in tls) {
      const other = connect(tls.port, "127.0.0.1");
      for (const one of [socket, other]) one.on("error", () => other.destroy());
      socket.pipe(other).pipe(socket);
      return;
    }
    const server: TlsServer = createTlsServer({ cert: tls!.certificate, key: tls!.key });
    server.on("secureConnection", (secured) => {
      this.#isEncrypted = true;
      this.#isBusy = false;
      this.#buffer = "";
      const { servername } = secured as { readonly servername?: string };
      this.#heard.servername = servername || undefined;
      this.#socket = secured;
      secured.on("error", () => {});
      if (this.#sink.plan.implicit === true) this.#greet();
      else secured.on("data", this.#onData);
    });
    server.on("tlsClientError", () => socket.destroy());
    server.emit("connection", socket);
  }

  #answerTo(verb: string, line: Octets, recipient?: string): Answer | undefined {
    const before = this.#counts.get(verb) ?? 0;
    this.#counts.set(verb, before + 1);
    const { answer } = this.#sink.plan;
    const more = recipient === undefined ? {} : { recipient };
    return answer?.({ verb, line, before, connection: this.#heard, ...more });
  }

  /** Answers what has come. */
  async #pump(): Promise<void> {
    this.#hasMore = true;
    if (this.#isBusy) return;
    this.#isBusy = true;
    while (!this.#isOver && this.#hasMore) {
      this.#hasMore = false;
      if (await this.#one()) this.#hasMore = true;
    }
    this.#isBusy = false;
  }

  /** Whether there was something to answer. */
  #one(): Promise<boolean> {
    if (this.#mode === "command") return this.#command();
    return this.#mode === "data" ? this.#data() : this.#chunk(this.#mode);
  }

  async #command(): Promise<boolean> {
    const end = this.#buffer.indexOf("\r\n");
    if (end < 0) return false;
    const line = this.#buffer.slice(0, end);
    this.#buffer = this.#buffer.slice(end + 2);
    const verb = /^\S*/.exec(line)![0].toUpperCase();
    const answer = this.#answerTo(verb, line) ?? this.#good(verb);
    const { octets: first, then } = typeof answer === "string"
      ? { octets: answer, then: undefined }
      : answer;
    const secures = verb === "STARTTLS" && first.startsWith("220") && then === undefined &&
      this.#sink.plan.tls !== undefined;
    if (secures) this.#leave(); // before the client may begin with TLS
    await this.#say(answer);
    if (this.#isOver) return false;
    if (/^2/.test(first)) this.#accept(verb, line);
    if (verb === "DATA" && first.startsWith("354")) this.#mode = "data";
    if (verb === "BDAT") this.#bdat(line);
    if (secures) {
      this.#secure();
      return await new Promise(() => {}); // the rest is under TLS, by another reader
    }
    return true;
  }

  /** What a good server answers. */
  #good(verb: string): Answer {
    const { extensions = [], tls, implicit } = this.#sink.plan;
    if (verb === "EHLO" || verb === "LHLO") {
      const all = ["sink.example", ...extensions];
      if (tls !== undefined && implicit !== true && !this.#isEncrypted) all.push("STARTTLS");
      return all.map((one, i) => `250${i === all.length - 1 ? " " : "-"}${one}`).join("\r\n");
    }
    if (verb === "STARTTLS") return "220 go on";
    if (verb === "AUTH") return "235 2.7.0 welcome";
    if (verb === "QUIT") return { octets: "221 bye\r\n", then: "drop" };
    if (verb === "BDAT") return { octets: "" };
    return verb === "DATA" ? "354 go on" : "250 2.0.0 fine";
  }

  #accept(verb: string, line: Octets): void {
    if (verb === "MAIL" || verb === "RSET") this.#reset();
    if (verb === "MAIL") this.#mail = line;
    if (verb === "RCPT") this.#rcpt.push(line);
  }

  #reset(): void {
    this.#mail = this.#message = "";
    this.#rcpt = [];
    this.#mode = "command";
  }

  #bdat(line: Octets): void {
    const [, size = "0", last] = /^BDAT (\d+)( LAST)?/i.exec(line) ?? [];
    this.#mode = Number(size);
    this.#isLast = last !== undefined;
  }

  /** The end of data is CRLF.CRLF and nothing else. */
  async #data(): Promise<boolean> {
    const all = `\r\n${this.#buffer}`;
    const end = all.indexOf("\r\n.\r\n");
    if (end < 0) return false;
    this.#message = all.slice(2, end + 2).replaceAll(/(^|\r\n)\./g, "$1");
    this.#buffer = all.slice(end + "\r\n.\r\n".length);
    return await this.#taken();
  }

  async #chunk(size: number): Promise<boolean> {
    if (this.#buffer.length < size) return false;
    this.#message += this.#buffer.slice(0, size);
    this.#buffer = this.#buffer.slice(size);
    this.#mode = "command";
    if (this.#isLast) return await this.#taken();
    await this.#say(this.#answerTo("CHUNK", "") ?? "250 2.0.0 more");
    return true;
  }

  async #taken(): Promise<boolean> {
    this.#mode = "command";
    const recipients = this.#sink.plan.lmtp === true ? this.#rcpt : [this.#rcpt[0] ?? ""];
    const [mail, rcpt, message] = [this.#mail, this.#rcpt, this.#message];
    this.#reset();
    const answers = recipients.map((one) => this.#answerTo("DOT", "", one) ?? "250 2.0.0 taken");
    const isGood = (answer: Answer) =>
      /^2/.test(typeof answer === "string" ? answer : answer.octets);
    if (answers.some(isGood)) {
      this.#sink.taken.push({ mail, rcpt, message, encrypted: this.#isEncrypted });
    }
    for (const answer of answers) await this.#say(answer);
    return true;
  }

  async #say(answer: Answer): Promise<void> {
    const { octets, then } = typeof answer === "string"
      ? { octets: `${answer}\r\n`, then: undefined }
      : answer;
    const socket = this.#socket;
    if (this.#sink.plan.octetwise === true) {
      for (const octet of octets) {
        socket.write(Buffer.from(octet, "latin1"));
        await new Promise((resolve) => setImmediate(resolve));
      }
    } else if (octets !== "") {
      socket.write(octets, "latin1");
    }
    if (then === undefined) return;
    this.#isOver = true;
    if (then === "drop") socket.end();
    if (then === "flood") flood(socket, octets);
  }
}

/** Sends the same again as long as somebody reads. */
function flood(socket: Socket, octets: Octets): void {
  const many = octets.repeat(Math.ceil(65_536 / octets.length));
  const more = () => {
    while (!socket.destroyed && socket.write(many, "latin1")) { /* more */ }
  };
  socket.on("drain", more);
  more();
}

const latin1 = (data: Uint8Array): Octets => Buffer.from(data).toString("latin1");
