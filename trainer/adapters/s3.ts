import { setTimeout as sleep } from "node:timers/promises";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { ConflictError } from "../../shared/errors.ts";
import type { ObjectHead, ObjectStore } from "../../shared/ports/object-store.ts";
import type { S3Options } from "../config.ts";

/** With the client's exponential back-off these span about a minute: longer than a store's usual hiccup. */
const MAX_ATTEMPTS = 8;

/** The client retries a request, not the reading of its answer: a body that breaks off is asked for again this often. */
const BODY_ATTEMPTS = 4;
/** A connection on which nothing has come for so long is dead: without this, a half of an answer is waited for for ever. */
const STALLED_MS = 20_000;
const CONNECT_MS = 10_000;
const FIRST_PAUSE_MS = 200;

/** Any S3-compatible bucket. Requests that fail on the way or with a 5xx are tried again by the client. */
export function createS3Store({
  bucket,
  endpoint,
  region,
  accessKeyId,
  secretAccessKey,
}: S3Options): ObjectStore {
  const client = new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: STALLED_MS },
    // Stores other than Amazon's do not all know the newer checksum headers.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  const at = (key: string) => ({ Bucket: bucket, Key: key });
  const readWhole = async (key: string, { Body, ETag }: GetObjectCommandOutput) => {
    for (let body = Body, attempt = 1; ; attempt++) {
      try {
        return (await body?.transformToByteArray()) ?? new Uint8Array();
      } catch (error) {
        if (attempt === BODY_ATTEMPTS) throw error;
        await sleep(FIRST_PAUSE_MS * 2 ** attempt * Math.random());
        // Of the same version: the caller has been told its etag.
        body = (await client.send(new GetObjectCommand({ ...at(key), IfMatch: ETag }))).Body;
      }
    }
  };
  return {
    async head(key) {
      try {
        const answer = await client.send(new HeadObjectCommand(at(key)));
        return toHead(key, answer.ContentLength, answer.ETag);
      } catch (error) {
        if (error instanceof NotFound) return null;
        throw error;
      }
    },
    async get(key) {
      try {
        const answer = await client.send(new GetObjectCommand(at(key)));
        const body = answer.Body;
        if (!body) return null;
        return {
          ...toHead(key, answer.ContentLength, answer.ETag),
          // The client lets a body be read in one way only: nothing is begun before it is asked for.
          get body() {
            return body.transformToWebStream() as ReadableStream<Uint8Array>;
          },
          bytesBody: () => readWhole(key, answer),
        };
      } catch (error) {
        if (error instanceof NoSuchKey) return null;
        throw error;
      }
    },
    async put(key, body, { ifAbsent = false, contentType } = {}) {
      try {
        const answer = await client.send(
          new PutObjectCommand({
            ...at(key),
            Body: body,
            ...(contentType === undefined ? {} : { ContentType: contentType }),
            ...(ifAbsent ? { IfNoneMatch: "*" } : {}),
          }),
        );
        return unquote(answer.ETag);
      } catch (error) {
        if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412) {
          throw new ConflictError(`Object "${key}" exists already`, { code: "object_exists", cause: error });
        }
        throw error;
      }
    },
    async delete(key) {
      await client.send(new DeleteObjectCommand(at(key)));
    },
    async *list(prefix) {
      let token: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: prefix,
            ...(token ? { ContinuationToken: token } : {}),
          }),
        );
        for (const object of page.Contents ?? []) yield toHead(object.Key ?? "", object.Size, object.ETag);
        token = page.NextContinuationToken;
      } while (token);
    },
  };
}

function toHead(key: string, bytes: number | undefined, etag: string | undefined): ObjectHead {
  return { key, bytes: bytes ?? 0, etag: unquote(etag) };
}

const unquote = (etag: string | undefined) => (etag ?? "").replaceAll('"', "");
