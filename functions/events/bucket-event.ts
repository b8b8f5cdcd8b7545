import { z } from "zod";

/** One change in a bucket, whatever store it came from. Etag and size are absent on deletions. */
export const bucketEventSchema = z.object({
  action: z.enum(["put", "delete"]),
  bucket: z.string(),
  key: z.string().max(1024),
  etag: z.string().nullable(),
  /** The API call that it comes from, for following it through the logs. */
  requestId: z.string().optional(),
});
export type BucketEvent = z.infer<typeof bucketEventSchema>;

const r2Actions = [
  "PutObject",
  "CopyObject",
  "CompleteMultipartUpload",
  "DeleteObject",
  "LifecycleDeletion",
] as const;
const r2Schema = z
  .looseObject({
    action: z.enum(r2Actions),
    bucket: z.string(),
    object: z.looseObject({ key: z.string(), eTag: z.string().optional() }),
  })
  .transform(({ action, bucket, object }): BucketEvent[] => [
    {
      action: action === "DeleteObject" || action === "LifecycleDeletion" ? "delete" : "put",
      bucket,
      key: object.key,
      etag: object.eTag ?? null,
    },
  ]);

/** S3 and MinIO: keys are URL-encoded, with + for a space; MinIO puts `s3:` before the event's name. */
const s3RecordsSchema = z
  .looseObject({
    Records: z.array(
      z.looseObject({
        eventName: z.string(),
        s3: z.looseObject({
          bucket: z.looseObject({ name: z.string() }),
          object: z.looseObject({ key: z.string(), eTag: z.string().optional() }),
        }),
      }),
    ),
  })
  .transform(({ Records }, context): BucketEvent[] =>
    Records.flatMap(({ eventName, s3 }) => {
      const kind = eventName.replace(/^s3:/, "").split(":")[0];
      if (kind !== "ObjectCreated" && kind !== "ObjectRemoved") return [];
      const action = kind === "ObjectCreated" ? "put" : "delete";
      const key = decodeKey(s3.object.key);
      if (key === null) {
        context.addIssue({ code: "custom", message: `Key "${s3.object.key}" is not URL-encoded` });
        return [];
      }
      return [{ action, bucket: s3.bucket.name, key, etag: s3.object.eTag ?? null }];
    }),
  );

function decodeKey(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    // A percent sign that begins no UTF-8.
    return null;
  }
}

const eventBridgeSchema = z
  .looseObject({
    "detail-type": z.enum(["Object Created", "Object Deleted"]),
    detail: z.looseObject({
      bucket: z.looseObject({ name: z.string() }),
      object: z.looseObject({ key: z.string(), etag: z.string().optional() }),
    }),
  })
  .transform((event): BucketEvent[] => [
    {
      action: event["detail-type"] === "Object Created" ? "put" : "delete",
      bucket: event.detail.bucket.name,
      key: event.detail.object.key,
      etag: event.detail.object.etag ?? null,
    },
  ]);

/** A notification in any of the shapes that R2, S3, MinIO and EventBridge send; parses to a list of events. */
export const notificationSchema = z.union([r2Schema, s3RecordsSchema, eventBridgeSchema]);
