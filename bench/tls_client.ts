/**
 * The client of `tls.ts`: the same for every server, so that only the servers differ.
 *
 * @module
 */

/** How a client begins: in clear text, with STARTTLS, or with the handshake. */
export type How = "clear" | "STARTTLS" | "implicit";

/** Where a server listens, and how it is trusted. */
export interface Address {
  /** The port for clear text and STARTTLS. */
  readonly port: number;
  /** The port for implicit TLS. */
  readonly tlsPort: number;
  /** The server's certificate. */
  readonly certificate: string;
}

const HOST = "127.0.0.1", NAME = "bench.test";
const encoder = new TextEncoder(), decoder = new TextDecoder();

/** One SMTP session. */
export class Session implements Disposable {
  #connection: Deno.Conn;
  readonly #buffer = new Uint8Array(1024);

  private constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** Connects, encrypts, and says EHLO. */
  static async open(server: Address, how: How): Promise<Session> {
    const tls = { hostname: NAME, caCerts: [server.certificate] };
    const port = how === "implicit" ? server.tlsPort : server.port;
    const tcp = await Deno.connect({ hostname: HOST, port });
    tcp.setNoDelay();
    const session = new Session(how === "implicit" ? await Deno.startTls(tcp, tls) : tcp);
    await session.#replies("220");
    await session.say(`EHLO ${NAME}`, "250");
    if (how !== "STARTTLS") return session;
    await session.say("STARTTLS", "220");
    session.#connection = await Deno.startTls(tcp, tls);
    await session.say(`EHLO ${NAME}`, "250");
    return session;
  }

  /** AUTH PLAIN (RFC 4954) with the password that all servers know. */
  authenticate(): Promise<void> {
    return this.say(`AUTH PLAIN ${btoa("\0sink\0secret")}`, "235");
  }

  /** Sends a message, which ends with a dot. */
  async send(message: Uint8Array): Promise<void> {
    await this.say("MAIL FROM:<sender@bench.test>", "250");
    await this.say("RCPT TO:<sink@bench.test>", "250");
    await this.say("DATA", "354");
    await this.#write(message);
    await this.#replies("250");
  }

  /** Says a line and waits for the reply. */
  async say(line: string, code: string): Promise<void> {
    await this.#write(encoder.encode(`${line}\r\n`));
    await this.#replies(code);
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  async #write(octets: Uint8Array): Promise<void> {
    for (let sent = 0; sent < octets.length;) {
      sent += await this.#connection.write(octets.subarray(sent));
    }
  }

  async #replies(code: string): Promise<void> {
    let said = "";
    while (!/^\d{3} .*\r\n$/m.test(said)) {
      const n = await this.#connection.read(this.#buffer);
      if (n === null) throw new Error(`the server hung up after: ${said}`);
      said += decoder.decode(this.#buffer.subarray(0, n));
    }
    if (!said.startsWith(code)) throw new Error(`the server said: ${said}`);
  }
}

/** Runs `work` so many times, `atOnce` at a time. */
export async function repeat(times: number, atOnce: number, work: () => Promise<void>) {
  let left = times;
  const worker = async () => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
