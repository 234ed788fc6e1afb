/** Types of `@weir/client`. Works on what every recent engine has; needs the library "DOM" for `fetch` and `AbortSignal`. */

/** A sequence number or count: a number up to `Number.MAX_SAFE_INTEGER`, above that a bigint. */
export type Count = number | bigint;

export type Kind =
  | "Internal"
  | "Usage"
  | "NotFound"
  | "AlreadyExists"
  | "Busy"
  | "Permission"
  | "Corrupt"
  | "Io"
  | "RetentionGap";

/** The kinds, in the order of their numbers: the first has number 1. */
export const ERROR_KINDS: readonly Kind[];

/** Why an operation did not happen. */
export class WeirError extends Error {
  readonly name: "WeirError";
  /** Stable across versions. */
  readonly kind: Kind;
  /**
   * Where it was found out: before anything was sent, on the way (whether an append happened is then unknown), in an answer
   * that no such server gives, or by the server.
   */
  readonly origin: "arguments" | "connection" | "answer" | "server";
  /** What to do next. Free to change. */
  readonly hint?: string;
  /** The pool, or its file. */
  readonly path?: string;
  /** The message concerned; for RetentionGap the first one that is missing. */
  readonly seq?: Count;
  /** Where in the file the damage is, in bytes. */
  readonly offset?: Count;
  /** What led to it, outermost first. */
  readonly causes?: string[];
  /** The HTTP status, unless there was no answer or the error came inside a stream. */
  readonly status?: number;
  readonly cause?: unknown;
}

export interface WeirClientOptions {
  /** Goes along as `Authorization: Bearer`. Over plain http only to this machine. */
  token?: string | null;
  /** Sends the token over plain http all the same. */
  allowInsecureToken?: boolean;
  /** Used instead of the global one. */
  fetch?: typeof fetch;
  /** How long a request may take; for a tail, how long until it begins. Default 30 000. */
  timeoutMs?: number;
  /** What is read at most of an answer, a line or a document, in bytes. Default 64 MiB. */
  maxResponseBytes?: number;
  /** Gives every integer of `data` that a number cannot hold as a bigint. */
  exactNumbers?: boolean;
}

/** What is known of a pool. */
export interface PoolInfo {
  name: string;
  path: string;
  file_size: number;
  ring_offset: number;
  ring_size: number;
  index_offset: number;
  index_capacity: number;
  index_size_bytes: number;
  /** Without members while the pool is empty. */
  bounds: { oldest?: Count; newest?: Count };
  metrics: {
    message_count: Count;
    seq_span: Count;
    age: {
      oldest_time: string | null;
      newest_time: string | null;
      oldest_age_ms: number | null;
      newest_age_ms: number | null;
    };
    utilization: { used_bytes: number; free_bytes: number; used_percent: number };
  };
}

/** One message, as it goes over the wire. */
export interface WireMessage<Data = any> {
  /** The first message of a pool is 1. */
  seq: Count;
  /** RFC 3339, UTC. */
  time: string;
  meta: { tags: string[] };
  data: Data;
}

/** One message as the document that is stored. */
export interface Frame {
  seq: Count;
  /** Since 1970-01-01 UTC. */
  timestampNs: bigint;
  /** The same, to the millisecond. */
  time: Date;
  payload: Uint8Array;
}

export interface UnreadablePool {
  name: string;
  path: string;
  error: WeirError;
}

export interface Gap {
  /** The first and last number of the messages that are gone. */
  first: Count;
  last: Count;
  count: Count;
}

export interface Reconnect {
  /** 1 for the first failure since a message came. */
  attempt: number;
  /** How long is waited now. */
  delayMs: number;
  error: WeirError;
}

export interface TailOptions {
  /** The first message that is wanted; a number to come is waited for. Without it, the oldest that is retained. */
  sinceSeq?: Count;
  /** Only messages that have all of these tags. */
  tags?: string[];
  /** Ends after so many messages. */
  max?: Count;
  /** What happens when messages are gone before they were read. Default "continue"; "error" throws RetentionGap. */
  gapPolicy?: "continue" | "error";
  /** `false` ends with the message that is the newest at the start. Default true. */
  live?: boolean;
  /** Ends the tail, which then throws the reason. */
  signal?: AbortSignal;
  /** Gives up when the server could not be followed for so long. Default: never. */
  retryForMs?: number;
  /** Connects anew when nothing came for so long. Default 60 000; keep it above the server's time slices. */
  silenceMs?: number;
  /** Called with what is missing, before the message behind it. With it, `tags` are compared here, not at the server. */
  onGap?: (gap: Gap) => void;
  /** Called each time a stream of the server begins. */
  onConnect?: () => void;
  /** Called after a failure, before the wait. Not called where a stream of the server ends properly. */
  onReconnect?: (reconnect: Reconnect) => void;
}

export interface CallOptions {
  signal?: AbortSignal;
}

export interface AppendOptions extends CallOptions {
  tags?: string[];
  /** "flush" answers once the message is on the disk. Default "fast". */
  durability?: "fast" | "flush";
}

/** One server and its pools. Holds no connection of its own and need not be closed. */
export class WeirClient {
  /** @param baseUrl `http(s)://host[:port]` */
  constructor(baseUrl: string | URL, options?: WeirClientOptions);
  readonly baseUrl: string;
  /** A pool by its name, without asking whether it is there. */
  pool(name: string): Pool;
  /** Makes a pool. Without a size the server chooses. */
  createPool(name: string, options?: Count | (CallOptions & { sizeBytes?: Count })): Promise<PoolInfo>;
  /** Asks the server to open a pool, and gives it. */
  openPool(name: string, options?: CallOptions): Promise<Pool>;
  poolInfo(name: string, options?: CallOptions): Promise<PoolInfo>;
  /** Pools that the server cannot open are left out; `onUnreadable` learns of each. */
  listPools(options?: CallOptions & { onUnreadable?: (pool: UnreadablePool) => void }): Promise<PoolInfo[]>;
  deletePool(name: string, options?: CallOptions): Promise<void>;
}

/** A pool by its name: what `WeirClient.pool` and `openPool` give. */
export class Pool {
  private constructor();
  readonly client: WeirClient;
  readonly name: string;
  info(options?: CallOptions): Promise<PoolInfo>;
  /** Appends an object. Nothing is ever sent twice on its own. */
  append<Data extends object>(data: Data, options?: AppendOptions): Promise<WireMessage<Data>>;
  /** Appends an encoded document, which holds both `meta` and `data`. */
  appendLite3(
    document: Uint8Array | ArrayBuffer,
    options?: CallOptions & { durability?: "fast" | "flush" },
  ): Promise<WireMessage>;
  get<Data = any>(seq: Count, options?: CallOptions): Promise<WireMessage<Data>>;
  getLite3<Seq extends Count>(seq: Seq, options?: CallOptions): Promise<{ seq: Seq; payload: Uint8Array }>;
  /**
   * The messages of the pool, oldest first, and then those to come. Survives lost connections and restarts of the server
   * without losing or repeating a message.
   */
  tail<Data = any>(options?: TailOptions): Tail<WireMessage<Data>>;
  /** The same as frames. With `tags`, neither `gapPolicy: "error"` nor `onGap` nor `live: false` can be had. */
  tailLite3(options?: TailOptions): Tail<Frame>;
}

/** What a tail gives: to be read with `for await`. Leaving the loop ends the connection at once. */
export class Tail<Item> implements AsyncIterableIterator<Item> {
  private constructor();
  next(): Promise<IteratorResult<Item, undefined>>;
  /** Ends it, also while `next` waits. */
  return(value?: any): Promise<IteratorResult<Item, any>>;
  throw(error: unknown): Promise<IteratorResult<Item, any>>;
  [Symbol.asyncIterator](): this;
}

// The names of Plasmite's Node package: programs that use its RemoteClient change only the import.

export const ErrorKind: Readonly<Record<Kind, number>>;
export const Durability: Readonly<{ Fast: 0; Flush: 1 }>;
export const DEFAULT_POOL_SIZE: number;
export const DEFAULT_POOL_SIZE_BYTES: number;

/** A WeirError with a number as its kind; `cause` is the original. */
export class RemoteError extends Error {
  private constructor();
  readonly name: "RemoteError";
  /** 0 if there was no answer. */
  readonly status: number;
  readonly kind: number;
  readonly hint?: string;
  readonly path?: string;
  readonly seq?: Count;
  readonly offset?: Count;
  readonly cause: WeirError;
}

export class Message<Data = any> {
  constructor(message: WireMessage<Data>);
  readonly seq: bigint;
  readonly time: Date;
  readonly timeRfc3339: string;
  readonly data: Data;
  readonly meta: { readonly tags: readonly string[] };
  get tags(): readonly string[];
  /** The message as JSON text in UTF-8. */
  get raw(): Uint8Array;
}

/** A message out of its JSON text, or out of the object that such a text is read as. */
export function parseMessage(payload: Uint8Array | string | WireMessage | Message): Message;

export interface RemoteTailOptions {
  sinceSeq?: Count | null;
  maxMessages?: Count | null;
  timeoutMs?: Count | null;
  tags?: string[] | null;
  errorOnGap?: boolean;
}

export class RemoteClient {
  constructor(baseUrl: string | URL, options?: WeirClientOptions);
  readonly baseUrl: URL;
  get token(): string | null;
  /** Uses this token from now on. */
  withToken(token: string): this;
  createPool(name: string, sizeBytes?: Count): Promise<PoolInfo>;
  openPool(name: string): Promise<RemotePool>;
  poolInfo(name: string): Promise<PoolInfo>;
  listPools(): Promise<PoolInfo[]>;
  deletePool(name: string): Promise<void>;
  /** The pool as WeirClient has it: for what these names do not offer. */
  modernPool(name: string): Pool;
}

export class RemotePool {
  constructor(client: RemoteClient, pool: string);
  readonly client: RemoteClient;
  readonly pool: string;
  poolRef(): string;
  append<Data extends object>(
    data: Data,
    tags?: string[],
    durability?: 0 | 1 | "fast" | "flush",
  ): Promise<Message<Data>>;
  get<Data = any>(seq: Count): Promise<Message<Data>>;
  /** One stream of the server: it ends with `timeoutMs`, or when the server ends it. */
  tail<Data = any>(options?: RemoteTailOptions): AsyncGenerator<Message<Data>, void, undefined>;
}
