import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { Readable } from "node:stream";
import { ConflictError, InvalidRequestError } from "../../shared/errors.ts";
import type { ObjectHead, ObjectStore } from "../../shared/ports/object-store.ts";

/** A bucket in a folder, for a single machine. The etag is the content's MD5, as S3 has it for plain uploads. */
export function createFileStore(folder: string): ObjectStore {
  const root = resolve(folder);
  const pathOf = (key: string) => {
    const path = resolve(root, key);
    if (!path.startsWith(root + sep))
      throw new InvalidRequestError(`Key "${key}" leaves the bucket's folder`);
    return path;
  };
  const head = async (key: string): Promise<ObjectHead | null> => {
    const info = await stat(pathOf(key)).catch(absent);
    if (!info?.isFile()) return null;
    const hash = createHash("md5");
    // Piece by piece: a dataset may be larger than memory.
    for await (const piece of createReadStream(pathOf(key))) hash.update(piece as Uint8Array);
    return { key, bytes: info.size, etag: hash.digest("hex") };
  };
  return {
    head,
    async get(key) {
      const found = await head(key);
      if (!found) return null;
      return {
        ...found,
        get body() {
          return Readable.toWeb(createReadStream(pathOf(key))) as ReadableStream<Uint8Array>;
        },
        bytesBody: () => readFile(pathOf(key)),
      };
    },
    async put(key, body, { ifAbsent = false } = {}) {
      const path = pathOf(key);
      if (ifAbsent && (await head(key))) {
        throw new ConflictError(`Object "${key}" exists already`, { code: "object_exists" });
      }
      await mkdir(dirname(path), { recursive: true });
      // Renamed into place, so that nobody reads half an object.
      await writeFile(`${path}.part`, body);
      await rename(`${path}.part`, path);
      return createHash("md5").update(body).digest("hex");
    },
    delete: (key) => rm(pathOf(key), { force: true }),
    async *list(prefix) {
      const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(absent);
      const keys = (entries ?? [])
        .filter((entry) => entry.isFile())
        .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll(sep, "/"));
      for (const key of keys.toSorted()) {
        const found = key.startsWith(prefix) ? await head(key) : null;
        if (found) yield found;
      }
    },
  };
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
  throw error;
}
