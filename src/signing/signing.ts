/**
 * Who signs which mail: that of this server and its users gets their signatures, and mail that came from elsewhere a
 * seal.
 * @module
 */
import { isAmong, type Peers } from "../net/peers.ts";
import { type Signer, signOnce } from "./signer.ts";

/** Where a message comes from. */
export interface Source {
  /** It is of a user who has authenticated, or of the server itself. */
  readonly isOwn?: boolean;
  /** The address of the client that answers for it, if one does. */
  readonly source?: string | undefined;
}

/** Who signs. */
export interface SigningOptions {
  /** Clients whose mail counts as that of users. */
  readonly networks: Peers;
  /** Signs mail of users. */
  readonly own?: Signer | undefined;
  /** Seals mail from elsewhere: a signature of a domain would say that the domain has written it. */
  readonly foreign?: Signer | undefined;
}

/** Knows who signs. */
export class Signing {
  readonly #networks: Peers;
  readonly #own: Signer | undefined;
  readonly #foreign: Signer | undefined;

  constructor({ networks, own, foreign }: SigningOptions) {
    this.#networks = networks;
    this.#own = own && signOnce(own);
    this.#foreign = foreign && signOnce(foreign);
  }

  /** Who signs a message; `undefined` if nobody does. */
  signerFor({ isOwn = false, source }: Source): Signer | undefined {
    const isOfNetworks = source !== undefined && isAmong(source, this.#networks);
    return isOwn || isOfNetworks ? this.#own : this.#foreign;
  }
}
