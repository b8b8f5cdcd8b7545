import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ScaledJob, TriggerAuthentication } from "@kubernetes-models/keda/keda.sh/v1alpha1";
import { Namespace } from "kubernetes-models/v1";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

/** Validates itself by the schema that Kubernetes' or KEDA's own definitions say. Throws. */
type Model = new (data: never) => { validate(): void };

const folder = join(import.meta.dirname, "../../trainer/deploy");
const manifests: readonly { file: string; model: Model }[] = [
  { file: "namespace.yaml", model: Namespace },
  { file: "scaled-job.yaml", model: ScaledJob },
  { file: "trigger-authentication.yaml", model: TriggerAuthentication },
];

describe.each(manifests)("$file", ({ file, model: Manifest }) => {
  const read = () => parse(readFileSync(join(folder, file), "utf8")) as { metadata: Record<string, unknown> };

  it("is what the published schema of its kind says", () => {
    expect(() => new Manifest(read() as never).validate()).not.toThrow();
  });

  it("would be refused with a field of a wrong type", () => {
    const wrong = { ...read(), metadata: { name: 7 } };
    expect(() => new Manifest(wrong as never).validate()).toThrow(/name must be string/);
  });
});

it("the schema of a ScaledJob reaches down to the pod", () => {
  const job = parse(readFileSync(join(folder, "scaled-job.yaml"), "utf8")) as {
    spec: { jobTargetRef: { template: { spec: { containers: Record<string, unknown>[] } } } };
  };
  const [container] = job.spec.jobTargetRef.template.spec.containers;
  if (container) container["image"] = ["not", "text"];
  expect(() => new ScaledJob(job as never).validate()).toThrow(/image/);
});
