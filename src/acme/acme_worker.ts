/**
 * The thread that orders a certificate (RFC 8555). The library calls the global `fetch`, so in a thread of its own it
 * can be given one that knows the authority's certificates, has deadlines, and says what the authority complains of.
 * @module
 */
import {
  AccountDoesNotExistError,
  type AcmeAccount,
  type AcmeAuthorization,
  type AcmeChallenge,
  AcmeClient,
  type AcmeOrder,
  CryptoKeyUtils,
} from "@fishballpkg/acme";
import { messageOf } from "../base/message_of.ts";
import type { Answer, Order, Said } from "./messages.ts";
import type { Challenge } from "./settings.ts";

/** Milliseconds for one request. */
const REQUEST = 30_000;
/** Milliseconds between two looks at an order, and for all of them. */
const POLL = { interval: 1000, timeout: 180_000 };
/** Complaints that the library deals with itself. */
const EXPECTED = /:(badNonce|accountDoesNotExist)$/;

/** What to do when the authority could not verify a domain. */
const ADVICE = {
  "http-01": "port 80 of that domain must lead to where this server listens for the authority",
  "dns-01": "the record must be on all servers of the zone when the DNS hook ends",
};

const thread = globalThis as unknown as Pick<Worker, "onmessage" | "postMessage">;

const plainFetch = globalThis.fetch;

/** Who gets the answer to what was said last. */
let waiting: PromiseWithResolvers<Answer> | undefined;

thread.onmessage = ({ data }: MessageEvent<Order | Answer>) => {
  if ("directory" in data) return void take(data);
  waiting?.resolve(data);
};
thread.postMessage({ loaded: true } satisfies Said);

/** Makes an order, and says how it has ended. */
async function take(wanted: Order): Promise<void> {
  try {
    globalThis.fetch = fetchFor(wanted);
    thread.postMessage(await order(wanted));
  } catch (error) {
    const [failure = ""] = messageOf(error).split("\n", 1); // the library adds whole objects
    thread.postMessage({ failure } satisfies Said);
  }
}

/** Asks for something, and waits until it is done. */
async function ask(question: Said): Promise<void> {
  waiting = Promise.withResolvers();
  thread.postMessage(question);
  const { error } = await waiting.promise;
  if (error !== undefined) throw new Error(error);
}

/** `fetch` for an authority: it throws for all that has failed, unless the library deals with it. */
function fetchFor({ directory, ca }: Order): typeof fetch {
  const client = Deno.createHttpClient({ ...ca === undefined ? {} : { caCerts: [ca] } });
  return async (input, init) => {
    const { host } = new URL(input instanceof Request ? input.url : input);
    const signal = AbortSignal.timeout(REQUEST);
    const response = await plainFetch(input, { ...init, client, signal }).catch((error) => {
      throw new Error(`cannot reach ${host}: ${reasonOf(error)}`);
    });
    if (response.ok) return response;
    const problem = await response.clone().json().catch(() => ({}));
    if (EXPECTED.test(problem.type)) return response;
    const said = problem.detail ?? `${response.status} ${response.statusText}`;
    throw new Error(`${String(input) === directory ? directory : host} says: ${said}`);
  };
}

/** What has kept `fetch` from reaching the authority: the last part of its error, or of the cause of that. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  const text = cause instanceof Error ? cause.message : message;
  if (text.includes("UnknownIssuer")) {
    return "its certificate is from an authority that is not known: name that one's as `ca`";
  }
  return /(?:tcp connect error|dns error|invalid peer certificate): .*$/s.exec(text)?.[0] ?? text;
}

async function order(wanted: Order): Promise<Said> {
  const client = await AcmeClient.init(wanted.directory);
  if (typeof client.directory?.newOrder !== "string") {
    throw new Error(`${wanted.directory} is no ACME directory: mend \`directory\``);
  }
  const account = await accountAt(client, wanted);
  const order = await account.createOrder({ domains: [...wanted.domains] });
  const added: Challenge[] = [];
  try {
    await prove(order, wanted, added);
    const keys = await order.finalize();
    await order.pollStatus({ ...POLL, pollUntil: "valid" });
    const certificate = await order.getCertificate();
    const { privateKey } = await CryptoKeyUtils.exportKeyPairToPem(keys);
    return { certificate, key: privateKey };
  } finally {
    for (const challenge of added) await ask({ remove: challenge }).catch(() => {});
  }
}

/** The account of the key, or a new one if there is none, or the authority does not know it any more. */
async function accountAt(client: AcmeClient, { account, email }: Order): Promise<AcmeAccount> {
  if (account !== undefined) {
    const keyPair = await CryptoKeyUtils.importKeyPairFromPemPrivateKey(account);
    try {
      return await client.login({ keyPair });
    } catch (error) {
      if (!(error instanceof AccountDoesNotExistError)) throw error;
    }
  }
  const made = await client.createAccount({ emails: [email] });
  const { privateKey } = await CryptoKeyUtils.exportKeyPairToPem(made.keyPair);
  await ask({ account: privateKey, terms: client.directory.meta?.termsOfService });
  return made;
}

/** Proves to the authority that the domains are the server's, except those of which it knows. */
async function prove(order: AcmeOrder, { method }: Order, added: Challenge[]): Promise<void> {
  const challenges = [];
  for (const authorization of order.authorizations) {
    if ((await authorization.fetch()).status === "valid") continue;
    const challenge = authorization.findChallenge(method);
    if (challenge === undefined) {
      throw new Error(`the authority does not offer ${method} for ${authorization.domain}`);
    }
    const { name, content } = await contentOf(challenge);
    const { domain } = authorization;
    added.push({ domain, name: name.replace(/\.$/, ""), value: content });
    await ask({ add: added.at(-1)! });
    challenges.push(challenge);
  }
  for (const challenge of challenges) await challenge.submit();
  try {
    await order.pollStatus({ ...POLL, pollUntil: "ready" });
  } catch (error) {
    const complaint = await complaintOf(order.authorizations);
    throw complaint === undefined ? error : new Error(`${complaint}: ${ADVICE[method]}`);
  }
}

function contentOf(challenge: AcmeChallenge): Promise<{ name: string; content: string }> {
  if (challenge.is("dns-01")) return challenge.getDnsRecordAnswer();
  return (challenge as AcmeChallenge<"http-01">).getHttpResource();
}

/** What the library does not say of a challenge (RFC 8555 section 8). */
interface Complaint {
  readonly error?: { readonly detail?: string };
}

/** What the authority has found wrong with a challenge. */
async function complaintOf(all: readonly AcmeAuthorization[]): Promise<string | undefined> {
  for (const authorization of all) {
    const { challenges } = await authorization.fetch();
    const errors = challenges.map((challenge) => (challenge as Complaint).error);
    const detail = errors.find((error) => error !== undefined)?.detail;
    if (detail !== undefined) {
      return `the authority could not verify ${authorization.domain}: ${detail}`;
    }
  }
  return undefined;
}
