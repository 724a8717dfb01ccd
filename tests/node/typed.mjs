// What the TypeScript client does beyond README's example, as JSON. Usage: node typed.mjs BASE_URL
import http2 from "node:http2";

import { CamcoverClient, CamcoverError } from "../../clients/node/dist/index.js";

const caught = async (call) => {
  try {
    await call;
    return null;
  } catch (error) {
    return error;
  }
};

// A server that is never able to answer: it says UNAVAILABLE to all, and keeps what it was sent.
const sent = [];
const away = http2.createServer();
away.on("stream", (stream) => {
  const parts = [];
  stream.on("data", (part) => parts.push(part));
  stream.on("end", () => {
    sent.push(Buffer.concat(parts).toString("hex"));
    stream.respond({ ":status": 200, "content-type": "application/grpc+proto", "grpc-status": "14" }, { endStream: true });
  });
});
await new Promise((resolve) => away.listen(0, "127.0.0.1", resolve));
const nowhere = new CamcoverClient(`http://127.0.0.1:${away.address().port}`, { firstWaitMs: 1, token: () => "secret" });
const unavailable = await caught(nowhere.estimates.estimatePlan({ planId: "p" }));
const estimates = sent.splice(0);
await caught(nowhere.rules.activateRelease({ rollBack: true, reason: "r" }));

const client = new CamcoverClient(process.argv[2]);
const unknown = await caught(client.catalog.getPlan({ planId: "original-medicare" }));
const late = await caught(client.catalog.listPlans({}, { timeoutMs: 0.001 }));
const watched = [];
for await (const each of client.rules.watchReleases({}, { timeoutMs: 0 })) {
  watched.push(each.release.slice(0, 6));
  break;
}
const plain = await caught((async () => new CamcoverClient("http://camcover.example"))());
console.log(
  JSON.stringify({
    typed: [unavailable, unknown, late].every((each) => each instanceof CamcoverError),
    codes: [unavailable.code, unknown.code, late.code],
    tries: [estimates.length, new Set(estimates).size, sent.length],
    unknown: [unknown.reason, unknown.missing[0].kind, unknown.missing[0].suggestion],
    watched,
    plain: plain.message.includes("expected https"),
  }),
);
process.exit(0);
