/**
 * A milter that answers whatever a test wants, also what no milter may.
 *
 * @module
 */
import { PacketReader } from "../../../handlers/milter/protocol.ts";
import { Directory } from "../../running.ts";

/** The octets of an answer to a command; nothing, or the end of the connection. */
export type Script = (command: string, data: Uint8Array) => Uint8Array | "close" | undefined;

/** Listens at a Unix socket. */
export class Scripted implements AsyncDisposable {
  readonly #directory = new Directory();
  readonly #listener: Deno.Listener;
  readonly #connections = new Set<Deno.Conn>();
  readonly #done: Promise<void>;
  /** The letters of what came, of all connections. */
  readonly heard: string[] = [];

  constructor(script: Script) {
    this.#listener = Deno.listen({ transport: "unix", path: this.#directory.of("socket") });
    this.#done = this.#serve(script);
  }

  get address(): string {
    return `unix:${this.#directory.of("socket")}`;
  }

  /** Connections that are open. */
  get open(): number {
    return this.#connections.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) connection.close();
    await this.#done;
    this.#directory[Symbol.dispose]();
  }

  async #serve(script: Script): Promise<void> {
    const talks: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      this.#connections.add(connection);
      talks.push(
        this.#talk(connection, script).catch(() => {}).finally(() => {
          if (this.#connections.delete(connection)) connection.close();
        }),
      );
    }
    this.#connections.clear();
    await Promise.all(talks);
  }

  async #talk(connection: Deno.Conn, script: Script): Promise<void> {
    const reader = new PacketReader();
    const buffer = new Uint8Array(65_536);
    for (let length; (length = await connection.read(buffer)) !== null;) {
      reader.add(buffer.slice(0, length));
      for (let packet; (packet = reader.next()) !== undefined;) {
        this.heard.push(packet.letter);
        const answer = script(packet.letter, packet.data);
        if (answer === "close") return;
        if (answer !== undefined) await writeAll(connection, answer);
      }
    }
  }
}

async function writeAll(connection: Deno.Conn, octets: Uint8Array): Promise<void> {
  for (let from = 0; from < octets.length;) from += await connection.write(octets.subarray(from));
}
