import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { readConfig } from "../../trainer/config.ts";

const folder = join(import.meta.dirname, "../../trainer/deploy");
const read = (file: string): unknown => parse(readFileSync(join(folder, file), "utf8"), { merge: true });

const containerSchema = z.object({
  image: z.string(),
  env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })),
  livenessProbe: z.looseObject({ exec: z.object({ command: z.array(z.string()) }) }),
  resources: z.looseObject({ limits: z.record(z.string(), z.string()) }),
  securityContext: z.looseObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.object({ drop: z.tuple([z.literal("ALL")]) }),
  }),
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })),
});
/** As KEDA's reference describes a ScaledJob, as far as we use it. */
const scaledJobSchema = z.strictObject({
  apiVersion: z.literal("keda.sh/v1alpha1"),
  kind: z.literal("ScaledJob"),
  metadata: z.object({ name: z.string() }),
  spec: z.strictObject({
    pollingInterval: z.int(),
    minReplicaCount: z.literal(0),
    maxReplicaCount: z.int().positive(),
    successfulJobsHistoryLimit: z.int(),
    failedJobsHistoryLimit: z.int(),
    rollout: z.object({ strategy: z.enum(["default", "gradual"]) }),
    scalingStrategy: z.object({ strategy: z.enum(["default", "custom", "accurate", "eager"]) }),
    triggers: z.tuple([
      z.strictObject({
        type: z.literal("metrics-api"),
        // KEDA takes text only.
        metadata: z.record(z.string(), z.string()),
        authenticationRef: z.object({ name: z.string() }),
      }),
    ]),
    jobTargetRef: z.strictObject({
      backoffLimit: z.int(),
      activeDeadlineSeconds: z.int(),
      ttlSecondsAfterFinished: z.int(),
      template: z.looseObject({
        spec: z.looseObject({
          restartPolicy: z.enum(["OnFailure", "Never"]),
          securityContext: z.looseObject({ runAsNonRoot: z.literal(true), runAsUser: z.int().positive() }),
          containers: z.tuple([containerSchema]),
          volumes: z.array(z.looseObject({ name: z.string() })),
        }),
      }),
    }),
  }),
});

it.each(readdirSync(folder).filter((name) => name.endsWith(".yaml")))(
  "%s is YAML, and names no latest",
  (name) => {
    expect(read(name)).toBeTypeOf("object");
    expect(readFileSync(join(folder, name), "utf8")).not.toMatch(/:latest/);
  },
);

describe("scaled-job.yaml", () => {
  const job = scaledJobSchema.parse(read("scaled-job.yaml"));
  const [container] = job.spec.jobTargetRef.template.spec.containers;

  it("asks the backlog with the trainer's key", () => {
    const [{ metadata, authenticationRef }] = job.spec.triggers;
    expect(metadata).toMatchObject({ valueLocation: "backlog", targetValue: "1", authMode: "bearer" });
    expect(read("trigger-authentication.yaml")).toMatchObject({
      metadata: { name: authenticationRef.name },
      spec: { secretTargetRef: [{ parameter: "token", name: "foreword-trainer", key: "key" }] },
    });
  });

  it("gives the trainer what its configuration asks for, and ends when there is nothing to do", () => {
    const values = {
      FOREWORD_URL: "https://foreword.example",
      FOREWORD_TRAINER_KEY: "fw_1",
      FOREWORD_BUCKET: "https://id:secret@bucket.example/foreword",
    };
    const given = container.env.map(({ name, value }) => [
      name,
      value ?? values[name as keyof typeof values],
    ]);
    expect(readConfig(Object.fromEntries(given) as Record<string, string>)).toMatchObject({
      exitWhenIdle: true,
    });
  });

  it("may write where the trainer writes, and nowhere else", () => {
    expect(container.volumeMounts).toEqual([{ name: "work", mountPath: "/tmp" }]);
    const dockerfile = readFileSync(join(folder, "..", "Dockerfile"), "utf8");
    expect(dockerfile.match(/=\/tmp\/\S+/g)).toHaveLength(2);
  });

  it("is checked by the same file as the image", () => {
    expect(container.livenessProbe.exec.command).toEqual(["node", "trainer/health-check.ts"]);
  });
});

it("kustomization.yaml names files that are there, an exact tag, and fills in the backlog's address", () => {
  const kustomization = z
    .looseObject({
      resources: z.array(z.string()),
      images: z.tuple([z.object({ name: z.string(), newName: z.string(), newTag: z.string() })]),
      configMapGenerator: z.tuple([z.object({ name: z.string(), literals: z.array(z.string()) })]),
      replacements: z.tuple([
        z.looseObject({ targets: z.tuple([z.looseObject({ fieldPaths: z.array(z.string()) })]) }),
      ]),
    })
    .parse(read("kustomization.yaml"));
  for (const file of kustomization.resources) expect(existsSync(join(folder, file))).toBe(true);
  expect(kustomization.images[0].newTag).toMatch(/^\d+\.\d+\.\d+/);
  const literals = Object.fromEntries(
    kustomization.configMapGenerator[0].literals.map((one) => one.split("=") as [string, string]),
  );
  expect(literals["backlogUrl"]).toBe(`${literals["url"]}/v1/trainer/backlog`);
  expect(kustomization.replacements[0].targets[0].fieldPaths).toEqual(["spec.triggers.0.metadata.url"]);
});

it("compose.yaml builds both images, read-only, with the three variables", () => {
  const service = z.looseObject({
    environment: z.record(z.string(), z.string()),
    read_only: z.literal(true),
    build: z.object({ context: z.string(), dockerfile: z.string() }),
    image: z.string().regex(/:\d+\.\d+\.\d+/),
  });
  const { services } = z
    .looseObject({ services: z.object({ "trainer-gpu": service, "trainer-cpu": service }) })
    .parse(read("compose.yaml"));
  for (const { environment, build } of Object.values(services)) {
    expect(Object.keys(environment)).toEqual(["FOREWORD_URL", "FOREWORD_TRAINER_KEY", "FOREWORD_BUCKET"]);
    expect(existsSync(join(folder, build.context, build.dockerfile))).toBe(true);
  }
});
