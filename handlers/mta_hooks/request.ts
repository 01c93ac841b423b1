/**
 * What an MTA hook is told of a message.
 * @module
 */
import { Buffer } from "node:buffer";
import { clientName } from "../filters/client_name.ts";
import type { Mail } from "../filters/examine.ts";
import type { Headed } from "../filters/headed.ts";

/** The JSON of a request of the stage `data`, with the body of the message as it is read. */
export async function* request(
  { event, session, signal, size }: Mail,
  { header, rest }: Headed,
): AsyncGenerator<Uint8Array> {
  const { helo, hostname, mailFrom, peer, tls, transaction, user } = session;
  const name = await clientName(session, signal);
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
