// Refusals of the service as one class of errors, with the reason, the violations and the time to wait.
import { Code, ConnectError } from "@connectrpc/connect";

import {
  BadRequestSchema,
  ErrorInfoSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from "./gen/google/rpc/error_details_pb.js";
import type { Status } from "./gen/google/rpc/status_pb.js";

const DOMAIN = "camcover";
const BRAND = Symbol.for("camcover-client/CamcoverError");

/** One field that is wrong: its path (`items[2].tier`), what was found and expected, the reason. */
export interface Violation {
  readonly field: string;
  readonly description: string;
  readonly reason: string;
}

/** Something that does not exist: its kind (`plan`), its id, and what was perhaps meant, in words. */
export interface Missing {
  readonly kind: string;
  readonly name: string;
  readonly suggestion: string;
}

/** A call that failed. `code` and `rawMessage` are those of `ConnectError`. */
export class CamcoverError extends ConnectError {
  readonly [BRAND] = true;
  /** The name of the kind of refusal (docs/api.md); empty where the service did not answer. */
  readonly reason: string;
  readonly violations: readonly Violation[];
  readonly missing: readonly Missing[];
  /** After how many milliseconds to try again; undefined: the service does not say. */
  readonly retryAfterMs: number | undefined;
  /** The number under which the service logged a fault of its own; empty: there is none. */
  readonly incident: string;

  /** `ConnectError` takes every error of its form for one of its own; this class takes only those that it made. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && BRAND in value;
  }

  constructor(error: ConnectError) {
    super(error.rawMessage, error.code, error.metadata, undefined, error.cause);
    this.details = error.details;
    const info = error.findDetails(ErrorInfoSchema).find((each) => each.domain === DOMAIN);
    this.reason = info?.reason ?? "";
    this.incident = info?.metadata["incident"] ?? "";
    this.violations = error
      .findDetails(BadRequestSchema)
      .flatMap((each) => each.fieldViolations)
      .map(({ field, description, reason }) => ({ field, description, reason }));
    this.missing = error
      .findDetails(ResourceInfoSchema)
      .map((each) => ({ kind: each.resourceType, name: each.resourceName, suggestion: each.description }));
    const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
    this.retryAfterMs = delay && Number(delay.seconds) * 1000 + delay.nanos / 1e6;
  }
}

/** The error of a call, as this client throws it. */
export function errorFrom(error: unknown): CamcoverError {
  return error instanceof CamcoverError ? error : new CamcoverError(ConnectError.from(error));
}

/** The error of one request of a batch, a stream or a comparison, which failed while others did not. */
export function errorOf(status: Status): CamcoverError {
  const error = new ConnectError(status.message, status.code as Code);
  error.details = status.details.map((each) => ({
    type: each.typeUrl.slice(each.typeUrl.lastIndexOf("/") + 1),
    value: each.value,
  }));
  return new CamcoverError(error);
}

