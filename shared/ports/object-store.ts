export interface ObjectHead {
  readonly key: string;
  readonly bytes: number;
  readonly etag: string;
}

export interface StoredObject extends ObjectHead {
  readonly body: ReadableStream<Uint8Array>;
  /** Reads the body to its end, into memory of its own. */
  bytesBody(): Promise<Uint8Array>;
}

/** The bucket: R2 by its binding at the edge, any S3 API from the trainer. Keys are built by us, never by callers. */
export interface ObjectStore {
  head(key: string): Promise<ObjectHead | null>;
  get(key: string): Promise<StoredObject | null>;
  /** With `ifAbsent`, throws ConflictError (code `object_exists`) when the key is taken. Returns the new etag. */
  put(
    key: string,
    body: Uint8Array | string,
    options?: { ifAbsent?: boolean; contentType?: string },
  ): Promise<string>;
  delete(key: string): Promise<void>;
  /** Every object under a prefix, in key order. */
  list(prefix: string): AsyncIterable<ObjectHead>;
}
