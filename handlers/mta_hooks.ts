/**
 * MTA hooks: filters that are asked by HTTP and JSON.
 * @module
 */
import { Buffer } from "node:buffer";
import { type HandlerFactory, say } from "postmaster";
import { defineHandler, kinds } from "postmaster/making";
import { Changes } from "./filters/changes.ts";
import { examining, type Judgement, type Mail } from "./filters/examine.ts";
import { FilterFault } from "./filters/failure.ts";
import { type Headed, headed, together } from "./filters/headed.ts";
import { post } from "./filters/http.ts";
import { askingOptions, type FilterOptions } from "./filters/options.ts";
import { request } from "./mta_hooks/request.ts";
import { changeOf, readResponse, rejection } from "./mta_hooks/response.ts";
import { type Aside, QUARANTINE, type Quarantine, quarantine } from "./quarantine.ts";

/** The options of {@linkcode mtaHooks}. */
export interface MtaHooksOptions extends FilterOptions {
  /** Where messages are posted to. */
  readonly url: string;
  /**
   * Where messages go that are to be put aside: a field `X-Quarantine` (`header`), by which mailers can sort; the
   * queue, where an operator decides (`hold`); an address that gets the message instead of its recipients (`{ to:
   * ADDRESS }`); or nothing but a note (`none`).
   */
  readonly quarantine?: Quarantine;
}

const url = kinds.text("a URL such as http://127.0.0.1:8080/hook", (written) => {
  const parsed = URL.parse(written);
  if (parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.username === "") return parsed;
  throw new TypeError(
    `\`${written}\` is no URL of a hook: write http://HOST:PORT/PATH or https://HOST/PATH`,
  );
});

/**
 * Has messages judged by an MTA hook, as Stalwart has them judged: version 1 of its JSON, at the stage `data`. The hook
 * accepts, rejects, discards or puts aside the message, and may change the sender, the recipients, fields and the body.
 *
 * @example
 * ```ts
 * import { mtaHooks } from "postmaster/handlers";
 *
 * export default mtaHooks({ url: "http://127.0.0.1:8080/hook", quarantine: "hold" });
 * ```
 */
export const mtaHooks: HandlerFactory<MtaHooksOptions> = defineHandler({
  name: "mta-hooks",
  summary: "Has messages judged by an MTA hook, by HTTP.",
  options: kinds.options({
    url: url.describe("Where messages are posted to.")
      .meta({ examples: ["http://127.0.0.1:8080/hook"] }),
    quarantine: quarantine.default("header").describe(
      `Where messages go that are to be put aside: ${QUARANTINE}`,
    ),
    ...askingOptions("50 MiB"),
  }),
  create: ({ url, quarantine, ...asking }) =>
    examining("mta-hooks", asking, (mail) => judge(url, quarantine, mail)),
  example: "mta-hooks: { url: http://127.0.0.1:8080/hook }",
  holds: ({ quarantine }) => quarantine === "hold",
});

/** The most octets of an answer, which may have another body. */
const MOST = 16 << 20;

async function judge(url: URL, quarantine: Aside, mail: Mail): Promise<Judgement> {
  const { session, signal } = mail;
  const { hostname, port, pathname, search, protocol } = url;
  const to = {
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port || (protocol === "https:" ? 443 : 80),
    path: pathname + search,
    headers: { Host: url.host, "Content-Type": "application/json" },
  };
  const question = request(mail, await read(mail));
  const tls = protocol === "https:";
  const answer = readResponse(await post({ to, tls, question, most: MOST, signal }));
  const { action } = answer;
  session.log("judged by a hook", { action });
  const verdict = { result: action === "accept" ? "clean" : "spam", says: action } as const;
  if (action === "reject") return { verdict, reply: rejection(answer) };
  if (action === "discard") return { verdict, reply: say(2, 5, 0, "ok", "2.0.0") };
  const { header, rest } = await read(mail);
  const changes = new Changes(header, false, session, mail.size);
  let body = rest;
  for (const one of answer.modifications) {
    const change = changeOf(one);
    if (change !== undefined) await changes.take(change);
    else if (one.type === "replaceContents") body = whole(one.value);
  }
  return {
    verdict,
    change: async (event) => {
      const routes = await changes.routes(event.routes);
      if ("code" in routes) return routes;
      if (!routes.some(({ copy }) => copy !== true)) return say(2, 5, 0, "ok", "2.0.0");
      const { sender = event.sender } = changes;
      const message = together(header.octets(), body);
      return { ...event, routes, body: message, ...sender === undefined ? {} : { sender } };
    },
    ...action === "quarantine" ? { aside: { to: quarantine, reason: "a hook wants it" } } : {},
  };
}

async function read({ body }: Mail): Promise<Headed> {
  const message = await headed(body);
  if (message === undefined) throw new FilterFault("the header is too long for it");
  return message;
}

async function* whole(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text.replace(/\r\n|\r|\n/g, "\r\n"));
}
