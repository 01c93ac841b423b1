/**
 * What an MTA hook is told of a message.
 * @module
 */
import { Buffer } from "node:buffer";
import { readHeader } from "postmaster";
import { clientName } from "../filters/client_name.ts";
import type { Mail } from "../filters/examine.ts";
import { FilterFault } from "../filters/failure.ts";
import { LIMIT } from "../held_header.ts";
import { EditableHeader } from "../milter/header.ts";

/** A message whose header is known. */
export interface Headed {
  readonly header: EditableHeader;
  /** The message without its header, to be read once. */
  readonly rest: AsyncIterable<Uint8Array>;
}

/** Reads the header of a message. */
export async function headed({ body }: Pick<Mail, "body">): Promise<Headed> {
  const { header, withHeader } = await readHeader(body, { limit: LIMIT });
  if (!header.complete) throw new FilterFault("the header is too long for it");
  return { header: new EditableHeader(header.without([])), rest: withHeader(new Uint8Array()) };
}

/** The JSON of a request of the stage `data`, with the body of the message as it is read. */
export async function* request(
  { event, session, size }: Mail,
  { header, rest }: Headed,
): AsyncGenerator<Uint8Array> {
  const { helo, hostname, mailFrom, peer, tls, transaction, user } = session;
  const name = await clientName(session);
  const [, ip = "", port = "0"] = /^\[?(.*?)\]?:(\d+)$/.exec(session.listener.address) ?? [];
  const addresses = event.routes.filter(({ copy }) => copy !== true)
    .map(({ original, recipient }) => `${original ?? recipient}`);
  const context = {
    stage: "data",
    client: {
      ip: peer.address,
      port: peer.port,
      ptr: name,
      helo: helo?.name,
      activeConnections: 1,
    },
    ...user === undefined ? {} : { sasl: { login: user } },
    ...tls === undefined ? {} : { tls: { version: tls.protocol, cipher: tls.cipher } },
    server: { name: hostname, port: Number(port), ip },
    queue: { id: transaction?.id ?? "" },
    protocol: { version: 1 },
  };
  const envelope = {
    from: { address: `${event.sender ?? mailFrom ?? ""}` },
    to: [...new Set(addresses)].map((address) => ({ address })),
  };
  const headers = [...header.told(true)]
    .map(([name, value]) => [name, Buffer.from(value, "latin1").toString("utf8")]);
  const beginning = JSON.stringify({ context, envelope, message: { headers, size } });
  yield Buffer.from(`${beginning.slice(0, -2)},"contents":"`);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  for await (const chunk of rest) yield escaped(decoder.decode(chunk, { stream: true }));
  yield escaped(decoder.decode());
  yield Buffer.from('"}}');
}

const escaped = (text: string): Uint8Array => Buffer.from(JSON.stringify(text).slice(1, -1));
