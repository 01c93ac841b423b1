import { MemoryStore } from "../../src/queue/memory_store.ts";
import { storeContract } from "./store_contract.ts";

storeContract("memory", Promise.resolve(new MemoryStore()));
