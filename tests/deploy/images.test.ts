import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const root = join(import.meta.dirname, "../..");
const commandSchema = z.array(z.string());

interface Instruction {
  readonly name: string;
  readonly value: string;
}

/** The instructions of a Dockerfile, with continued lines joined and comments left out. */
function parseDockerfile(text: string): Instruction[] {
  const lines = text
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .join("\n")
    .replaceAll(/\\\n/g, " ");
  return lines
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [name = "", ...rest] = line.split(" ");
      return { name, value: rest.join(" ").trim() };
    });
}

describe.each(["trainer/Dockerfile", "trainer/Dockerfile.cpu"])("%s", (file) => {
  const instructions = parseDockerfile(readFileSync(join(root, file), "utf8"));
  const named = (name: string) => instructions.filter((one) => one.name === name).map(({ value }) => value);
  const last = (name: string) => named(name).at(-1) ?? "";

  it("pins its bases to exact tags, or to digests", () => {
    expect(named("FROM").length).toBeGreaterThan(0);
    for (const from of named("FROM"))
      expect(from).toMatch(/^[\w./-]+(?::[\w.-]*\d+\.\d+\.\d+[\w.-]*|@sha256:[0-9a-f]{64})(?: AS \w+)?$/);
    expect(named("FROM").join()).not.toContain("latest");
  });

  it("brings Node 24", () => {
    expect(named("FROM").join()).toMatch(/node:24\./);
  });

  it("ends as a user that is not root, given by number", () => {
    expect(last("USER")).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    const position = (name: string) => instructions.findLastIndex((one) => one.name === name);
    expect(position("USER")).toBeLessThan(position("ENTRYPOINT"));
    expect(instructions.slice(position("USER")).map(({ name }) => name)).not.toContain("RUN");
  });

  it("runs and checks files that are there, without a shell", () => {
    const commands = [last("ENTRYPOINT"), last("HEALTHCHECK").replace(/^.*CMD /, "")];
    expect(commands).toHaveLength(2);
    for (const command of commands) {
      const [program, script = ""] = commandSchema.parse(JSON.parse(command));
      expect(program).toBe("node");
      expect(existsSync(join(root, script))).toBe(true);
    }
  });

  it("copies only what is there, and never everything", () => {
    for (const copy of named("COPY").filter((value) => !value.startsWith("--from"))) {
      for (const source of copy.split(" ").slice(0, -1)) {
        expect(source).not.toBe(".");
        expect(existsSync(join(root, source))).toBe(true);
      }
    }
  });

  it("installs what the lock names, and nothing that runs as a script unasked", () => {
    const runs = named("RUN").join("\n");
    expect(runs).toContain("npm ci --omit=dev --ignore-scripts");
    expect(runs).not.toMatch(/curl|wget|sudo|ADD http/);
  });

  it("keeps secrets out: neither arguments nor variables hold any", () => {
    expect(named("ARG")).toEqual([]);
    expect(named("ENV").join()).not.toMatch(/KEY|SECRET|TOKEN|PASSWORD|BUCKET=/);
  });

  it("sends only sources to the builder", () => {
    const ignored = readFileSync(join(root, `${file}.dockerignore`), "utf8")
      .trim()
      .split("\n");
    expect(ignored[0]).toBe("*");
    expect(ignored.slice(1)).toEqual(["!package.json", "!package-lock.json", "!shared", "!trainer"]);
  });
});

it("the GPU image installs onnxruntime with CUDA, and has a runtime base with cuDNN", () => {
  const text = readFileSync(join(root, "trainer/Dockerfile"), "utf8");
  expect(text).toContain("ONNXRUNTIME_NODE_INSTALL=cuda12");
  expect(text).toMatch(/FROM nvidia\/cuda:12\.[\d.]+-cudnn-runtime-/);
});

it("pin-images.ts says for every base how to pin it", () => {
  const output = execFileSync(process.execPath, [join(root, "scripts/pin-images.ts")], { encoding: "utf8" });
  for (const file of ["trainer/Dockerfile", "trainer/Dockerfile.cpu"]) {
    for (const [, image] of readFileSync(join(root, file), "utf8").matchAll(/^FROM ([^\s@]+)/gm)) {
      expect(output).toContain(`inspect ${image} --format`);
      expect(output).toContain(`sed -i "s|^FROM ${image}|&@$digest|" ${file}`);
    }
  }
});
