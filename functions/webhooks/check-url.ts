import { InvalidRequestError } from "../../shared/errors.ts";

/** IPv4 networks that are nobody's on the open internet, as [address, prefix length]. */
const PRIVATE_IPV4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];
const PRIVATE_NAMES =
  /(^|\.)(localhost|local|internal|intranet|lan|home|corp|private|test|invalid|example|onion|home\.arpa)$/;
const MAX_LENGTH = 2048;

/**
 * Checks where a webhook may go: https, the usual port, no credentials, a public name or address. Checked when it is set and
 * again with each delivery; redirects are never followed. What a public name resolves to is checked where it can be: under
 * Node when the connection is made (scripts/serve-node/send-webhook.ts), while Cloudflare's network has no way to private
 * addresses. Asking a resolver beforehand would prove nothing, since the next answer may be another one. Throws
 * InvalidRequestError (`webhook_url`).
 */
export function checkWebhookUrl(text: string): URL {
  const refuse = (found: string, wanted: string) =>
    new InvalidRequestError(`Webhook URL has ${found}, wanted ${wanted}`, {
      code: "webhook_url",
      param: "url",
    });
  if (text.length > MAX_LENGTH) throw refuse(`${text.length} characters`, `at most ${MAX_LENGTH}`);
  if (!URL.canParse(text)) throw refuse("no valid form", "https://<host>/<path>");
  // The parser also turns every spelling of an IPv4 address (decimal, octal, hex) into the usual one.
  const url = new URL(text);
  if (url.protocol !== "https:") throw refuse(`scheme "${url.protocol}"`, '"https:"');
  if (url.username || url.password) throw refuse("credentials", "none");
  if (url.port !== "") throw refuse(`port "${url.port}"`, '"443"');
  const host = url.hostname.replace(/\.$/, "").toLowerCase();
  if (host.startsWith("[") || /^[\d.]+$/.test(host)) {
    if (isPrivateAddress(host.replaceAll(/[[\]]/g, "")))
      throw refuse(`private address "${host}"`, "a public one");
  } else if (!host.includes(".") || PRIVATE_NAMES.test(host)) {
    throw refuse(`private name "${host}"`, "a public one");
  }
  return url;
}

/** Whether an address, as a resolver or the URL parser writes it, is one that nobody on the open internet has. */
export function isPrivateAddress(address: string): boolean {
  return address.includes(":") ? isPrivateIpv6(address) : isPrivateIpv4(toNumber(address));
}

function isPrivateIpv4(address: number): boolean {
  return PRIVATE_IPV4.some(([network, length]) => {
    const shift = 2 ** (32 - length);
    return Math.floor(address / shift) === Math.floor(toNumber(network) / shift);
  });
}

function toNumber(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** Only global unicast passes, and of that no range that carries an IPv4 address inside. */
function isPrivateIpv6(text: string): boolean {
  const groups = expand(text);
  const [first = 0, second = 0] = groups;
  const globalUnicast = first >= 0x2000 && first <= 0x3fff;
  const documentation = first === 0x2001 && second === 0xdb8;
  const teredo = first === 0x2001 && second === 0;
  const sixToFour = first === 0x2002;
  return !globalUnicast || documentation || teredo || sixToFour;
}

/** The eight groups of an address as the URL parser writes it. */
function expand(text: string): number[] {
  const [head = "", tail] = text.split("::");
  const parse = (part: string) => (part === "" ? [] : part.split(":").map((group) => parseInt(group, 16)));
  const left = parse(head);
  if (tail === undefined) return left;
  const right = parse(tail);
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
}
