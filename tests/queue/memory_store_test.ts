import { MemoryStore } from "../../src/queue/memory_store.ts";
import { storeContract } from "./store_contract.ts";

storeContract("memory", () => {
  const store = new MemoryStore();
  return Promise.resolve({ store, [Symbol.asyncDispose]: () => store.close() });
});
