import type { LookupAddress } from "node:dns";
import { expect, test } from "vitest";
import { isPrivateAddress } from "../../functions/webhooks/check-url.ts";
import { createSendWebhook } from "../../scripts/serve-node/send-webhook.ts";

const url = new URL("https://hooks.foreword.dev/x");
const answering = (...addresses: LookupAddress[]) => {
  let asked = 0;
  const send = createSendWebhook((_name, _options, callback) => {
    asked++;
    callback(null, addresses);
  });
  return { send, asked: () => asked };
};
const at = (address: string): LookupAddress => ({ address, family: address.includes(":") ? 6 : 4 });

test.each(["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00::1"])(
  "a public name that resolves to %s is not connected to",
  async (address) => {
    // Beside a public one: the connection could go to either.
    const { send, asked } = answering(at("1.1.1.1"), at(address));
    await expect(send(url, { body: "{}" })).rejects.toMatchObject({ code: "webhook_url" });
    expect(asked()).toBe(1);
  },
);

test("a resolver's failure is the delivery's", async () => {
  const send = createSendWebhook((_name, _options, callback) =>
    callback(Object.assign(new Error("ENOTFOUND"), { code: "ENOTFOUND" }), []),
  );
  await expect(send(url, { body: "{}" })).rejects.toThrow("ENOTFOUND");
});

test("public addresses are told from private ones", () => {
  for (const address of ["1.1.1.1", "172.32.0.1", "2606:4700::1111"])
    expect(isPrivateAddress(address)).toBe(false);
});
