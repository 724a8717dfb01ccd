// A client that is not Python: asks the service at HOST:PORT one good and one bad question, prints the answers as JSON.
// Usage: node client.mjs HOST:PORT REQUEST.json
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";
import protobuf from "protobufjs";

const [address, requestFile] = process.argv.slice(2);
const protos = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "protos");

const definition = protoLoader.loadSync("camcover/v1/estimate_service.proto", {
  includeDirs: [protos],
  keepCase: true,
  longs: Number,
  enums: String,
  defaults: true,
});
const { EstimateService } = grpc.loadPackageDefinition(definition).camcover.v1;

// google.rpc.Status and BadRequest, as far as they are read here.
const { root: details } = protobuf.parse(
  `syntax = "proto3";
   message Any { string type_url = 1; bytes value = 2; }
   message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
   message FieldViolation { string field = 1; string description = 2; }
   message BadRequest { repeated FieldViolation field_violations = 1; }`,
  { keepCase: true },
);

function fieldsOf(error) {
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  const status = details.lookupType("Status").decode(bytes);
  return status.details
    .filter((detail) => detail.type_url.endsWith("google.rpc.BadRequest"))
    .flatMap((detail) => details.lookupType("BadRequest").decode(detail.value).field_violations)
    .map((violation) => violation.field);
}

const client = new EstimateService(address, grpc.credentials.createInsecure());
const ask = (request) =>
  new Promise((resolve, reject) => {
    const deadline = Date.now() + 30_000;
    client.EstimatePlan(request, { deadline }, (error, estimate) => (error ? reject(error) : resolve(estimate)));
  });

const request = JSON.parse(readFileSync(requestFile, "utf8"));
const estimate = await ask(request);
const refused = await ask({ ...request, items: [{ ...request.items[0], tier: "gold", units: 1 }] }).catch((error) => error);
console.log(
  JSON.stringify({
    patient_cents: estimate.totals.patient_cents,
    reasons: estimate.lines.map((line) => line.reason),
    refused: grpc.status[refused.code],
    fields: fieldsOf(refused),
  }),
);
client.close();
