/**
 * RSA signatures by OpenSSL, the library of the system: five times as fast as those of the platform, and in threads.
 * @module
 */
import { encode } from "../smtp/ascii.ts";

/** OpenSSL 3, by its name: the system's linker finds it. */
const LIBCRYPTO = "libcrypto.so.3";

const SYMBOLS = {
  OPENSSL_init_crypto: { parameters: ["u64", "pointer"], result: "i32" },
  BIO_new_mem_buf: { parameters: ["buffer", "i32"], result: "pointer" },
  BIO_free: { parameters: ["pointer"], result: "i32" },
  PEM_read_bio_PrivateKey: {
    parameters: ["pointer", "pointer", "pointer", "buffer"],
    result: "pointer",
  },
  EVP_PKEY_get_base_id: { parameters: ["pointer"], result: "i32" },
  EVP_PKEY_get_size: { parameters: ["pointer"], result: "i32" },
  EVP_PKEY_free: { parameters: ["pointer"], result: "void" },
  EVP_sha256: { parameters: [], result: "pointer" },
  EVP_MD_CTX_new: { parameters: [], result: "pointer" },
  EVP_MD_CTX_free: { parameters: ["pointer"], result: "void" },
  EVP_DigestSignInit: {
    parameters: ["pointer", "pointer", "pointer", "pointer", "pointer"],
    result: "i32",
  },
  EVP_DigestSign: {
    parameters: ["pointer", "buffer", "buffer", "buffer", "usize"],
    result: "i32",
    nonblocking: true,
  },
  ERR_clear_error: { parameters: [], result: "void" },
} as const;

const EVP_PKEY_RSA = 6;
/**
 * `OPENSSL_INIT_NO_ATEXIT`: at the end of the process, OpenSSL frees nothing. Otherwise it would do so while threads that
 * have signed end, which free their own parts of it then.
 */
const NEVER_CLEAN_UP = 0x0008_0000n;

/** OpenSSL. */
export class Libcrypto {
  readonly #symbols: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];
  /** What other threads read: it must not be freed meanwhile. */
  readonly #lent = new Set<Uint8Array>();
  /** Frees keys that nobody has any more. */
  readonly #unused: FinalizationRegistry<Deno.PointerValue>;

  private constructor({ symbols }: Deno.DynamicLibrary<typeof SYMBOLS>) {
    this.#symbols = symbols;
    this.#unused = new FinalizationRegistry((key) => symbols.EVP_PKEY_free(key));
  }

  /**
   * Opens the library; `undefined` if this system has none, or there is no permission, for which the platform does not
   * prompt. It works also after the permission is given up.
   */
  static open(): Libcrypto | undefined {
    if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return undefined;
    try {
      const library = Deno.dlopen(LIBCRYPTO, SYMBOLS);
      library.symbols.OPENSSL_init_crypto(NEVER_CLEAN_UP, null); // before all else: it holds for the first call only
      return new Libcrypto(library);
    } catch {
      return undefined;
    }
  }

  /**
   * What signs with a key, by RSASSA-PKCS1-v1_5 with SHA-256, in another thread.
   *
   * @param pem a private key that is not encrypted
   * @throws {TypeError} if it is no RSA key
   */
  rsa(pem: string): (octets: Uint8Array<ArrayBuffer>) => Promise<Uint8Array> {
    const key = this.#read(pem);
    const sign = (octets: Uint8Array<ArrayBuffer>) => this.#sign(key, octets);
    this.#unused.register(sign, key);
    return sign;
  }

  #read(pem: string): Deno.PointerValue {
    const { BIO_new_mem_buf, BIO_free, PEM_read_bio_PrivateKey, ...symbols } = this.#symbols;
    const octets = Uint8Array.from(encode(pem));
    const bio = BIO_new_mem_buf(octets, octets.length);
    const noPassphrase = Uint8Array.of(0); // without one, OpenSSL would ask for it at the terminal
    const key = PEM_read_bio_PrivateKey(bio, null, null, noPassphrase);
    BIO_free(bio);
    octets.fill(0); // OpenSSL has read them in place: they must not be collected before
    symbols.ERR_clear_error();
    if (key !== null && symbols.EVP_PKEY_get_base_id(key) === EVP_PKEY_RSA) return key;
    symbols.EVP_PKEY_free(key);
    throw new TypeError("it is no RSA key in PEM");
  }

  async #sign(key: Deno.PointerValue, octets: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    const symbols = this.#symbols;
    const signature = new Uint8Array(symbols.EVP_PKEY_get_size(key));
    const length = BigUint64Array.of(BigInt(signature.length));
    const context = symbols.EVP_MD_CTX_new();
    this.#lent.add(octets);
    try {
      const hash = symbols.EVP_sha256();
      const isReady = symbols.EVP_DigestSignInit(context, null, hash, null, key) === 1;
      const done = isReady &&
        await symbols.EVP_DigestSign(context, signature, length, octets, BigInt(octets.length));
      if (done === 1) return signature.subarray(0, Number(length[0]));
      symbols.ERR_clear_error();
      throw new Error("OpenSSL cannot sign with this key");
    } finally {
      this.#lent.delete(octets);
      symbols.EVP_MD_CTX_free(context);
    }
  }
}
