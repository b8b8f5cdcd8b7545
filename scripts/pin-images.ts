/**
 * `node scripts/pin-images.ts`: prints how to pin the trainer images' bases by digest. It looks nothing up: a digest is only worth
 * something where it comes from the registry that the build pulls from.
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./dev/paths.ts";

const FROM = /^FROM (?<image>[^\s@]+)(?<digest>@sha256:[0-9a-f]{64})?/gm;

for (const file of globSync("trainer/Dockerfile*", { cwd: root })
  .filter((name) => !name.endsWith("ignore"))
  .toSorted()) {
  const bases = readFileSync(join(root, file), "utf8").matchAll(FROM);
  const images = new Map([...bases].map(({ groups }) => [groups?.["image"] ?? "", groups?.["digest"]]));
  for (const [image, digest] of images) {
    if (digest !== undefined) console.log(`# ${file}: ${image} is pinned to ${digest.slice(1)}`);
    else {
      console.log(`# ${file}: ${image}`);
      console.log(`digest=$(docker buildx imagetools inspect ${image} --format '{{.Manifest.Digest}}') &&`);
      console.log(`  sed -i "s|^FROM ${image}|&@$digest|" ${file}`);
    }
  }
}
