// What `@weir/client` exports. `index.d.ts` has the types; a test keeps the two in step.

export { WeirClient } from "./client.js";
export { ERROR_KINDS, WeirError } from "./errors.js";
export { Pool } from "./pool.js";
export { Tail } from "./tail.js";
export {
  DEFAULT_POOL_SIZE,
  DEFAULT_POOL_SIZE_BYTES,
  Durability,
  ErrorKind,
  Message,
  RemoteClient,
  RemoteError,
  RemotePool,
  parseMessage,
} from "./remote.js";
