/**
 * A server at which clients authenticate in clear text, and what it says to them.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type Directory, Running, type Settings } from "../running.ts";

/** Starts a server with this key `auth`. Clear text, which these machines' own clients may use, saves handshakes. */
export const serveLogins = (auth: (directory: Directory) => Settings): Promise<Running> =>
  Running.start((directory) => ({
    listen: { address: "127.0.0.1:0", kind: "submission" },
    auth: {
      mechanisms: ["PLAIN", "LOGIN"],
      "clear-text": "loopback",
      guesses: { address: 1000, user: 1000, delay: 0 },
      ...auth(directory),
    },
    log: { level: "trace" },
  }));

/** The code of the reply to AUTH in a session of its own. */
export async function logIn(
  server: Running,
  user: string,
  password: string,
  mechanism: "PLAIN" | "LOGIN" = "PLAIN",
): Promise<number> {
  using client = await server.connect();
  await client.command("EHLO client.example.org");
  if (mechanism === "PLAIN") {
    return (await client.command(`AUTH PLAIN ${base64(`\0${user}\0${password}`)}`)).code;
  }
  await client.command("AUTH LOGIN");
  await client.command(base64(user));
  return (await client.command(base64(password))).code;
}

/** A text in Base64. */
export const base64 = (text: string): string => Buffer.from(text).toString("base64");
