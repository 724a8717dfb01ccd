// A thin client of Camcover over gRPC: deadlines, retries with jitter, a request id for each estimate, typed errors.
import { randomUUID } from "node:crypto";
import type { SecureClientSessionOptions } from "node:http2";
import { setTimeout as wait } from "node:timers/promises";

import { clone, isMessage } from "@bufbuild/protobuf";
import { Code, createClient, type Client, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

import { errorFrom } from "./errors.js";
import { CatalogService } from "./gen/camcover/v1/catalog_service_pb.js";
import { BatchEstimatePlansRequestSchema, EstimateService } from "./gen/camcover/v1/estimate_service_pb.js";
import { EstimatePlanRequestSchema } from "./gen/camcover/v1/request_pb.js";
import { RuleService } from "./gen/camcover/v1/rule_service_pb.js";

export { CamcoverError, errorOf, type Missing, type Violation } from "./errors.js";
export * from "./gen/camcover/v1/catalog_service_pb.js";
export * from "./gen/camcover/v1/estimate_pb.js";
export * from "./gen/camcover/v1/estimate_service_pb.js";
export * from "./gen/camcover/v1/impact_pb.js";
export * from "./gen/camcover/v1/request_pb.js";
export * from "./gen/camcover/v1/rule_service_pb.js";

const LOCAL = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Doing these twice is not doing them once. */
const ONCE = new Set(["ActivateRelease", "SwitchFourEyes"]);

export interface Options {
  /** The bearer token, or a function that gives the present one. */
  readonly token?: string | (() => string);
  /** Milliseconds that a call may take with all its tries, unless it has its own `timeoutMs`. Default: 10,000. */
  readonly timeoutMs?: number;
  /** Tries of a call that the service could not take (UNAVAILABLE). Default: 4. */
  readonly attempts?: number;
  /** The longest first wait between two tries, milliseconds; it doubles each time. Default: 100. */
  readonly firstWaitMs?: number;
  /** Bytes of the largest answer. Default: 64 MiB. */
  readonly largestAnswer?: number;
  /** TLS: `ca`, and for a client certificate `cert` and `key`. */
  readonly tls?: SecureClientSessionOptions;
  /** Whether health data may go to another machine in plain text. */
  readonly insecure?: boolean;
}

/** The three services of the contract. */
export class CamcoverClient {
  readonly estimates: Client<typeof EstimateService>;
  readonly catalog: Client<typeof CatalogService>;
  readonly rules: Client<typeof RuleService>;

  /** Calls the service at `baseUrl`, such as `https://camcover.example`. Throws where that is plain text elsewhere. */
  constructor(baseUrl: string, options: Options = {}) {
    const url = new URL(baseUrl);
    if (url.protocol !== "https:" && !LOCAL.has(url.hostname) && !options.insecure) {
      throw new Error(`${baseUrl}: expected https; insecure: true sends health data in plain text`);
    }
    const transport = createGrpcTransport({
      baseUrl,
      defaultTimeoutMs: options.timeoutMs ?? 10_000,
      readMaxBytes: options.largestAnswer ?? 64 * 2 ** 20,
      // The first is the outermost.
      interceptors: [identified, retried(options.attempts ?? 4, options.firstWaitMs ?? 100), known(options.token)],
      ...(options.tls ? { nodeOptions: options.tls } : {}),
    });
    this.estimates = typed(createClient(EstimateService, transport));
    this.catalog = typed(createClient(CatalogService, transport));
    this.rules = typed(createClient(RuleService, transport));
  }
}

/** The same client; it throws each failure as a `CamcoverError`, those in the middle of a stream as well. */
function typed<T extends object>(client: T): T {
  return new Proxy(client, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== "function") {
        return method;
      }
      return (...given: unknown[]) => {
        const answer: unknown = method.apply(target, given);
        if (answer instanceof Promise) {
          return answer.catch((error: unknown) => {
            throw errorFrom(error);
          });
        }
        return typedStream(answer as AsyncIterable<unknown>);
      };
    },
  });
}

async function* typedStream<T>(messages: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    throw errorFrom(error);
  }
}

/** Gives estimates an id that have none, so that another try gets the first answer again. */
const identified: Interceptor = (next) => async (request) => {
  if (request.stream) {
    return next(request);
  }
  const { message } = request;
  if (isMessage(message, EstimatePlanRequestSchema) && !message.requestId) {
    const named = clone(EstimatePlanRequestSchema, message);
    named.requestId = randomUUID();
    return next({ ...request, message: named });
  }
  if (isMessage(message, BatchEstimatePlansRequestSchema)) {
    const named = clone(BatchEstimatePlansRequestSchema, message);
    for (const each of named.requests) {
      each.requestId ||= randomUUID();
    }
    return next({ ...request, message: named });
  }
  return next(request);
};

/** Tries again what the service could not take, after a random wait, until the call's deadline. */
function retried(attempts: number, firstWaitMs: number): Interceptor {
  return (next) => async (request) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await next(request);
      } catch (error) {
        const isOver = request.stream || ONCE.has(request.method.name) || attempt >= attempts;
        if (isOver || errorFrom(error).code !== Code.Unavailable) {
          throw error;
        }
      }
      await wait(firstWaitMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2), undefined, { signal: request.signal });
    }
  };
}

/** Says who calls. */
function known(token: Options["token"]): Interceptor {
  return (next) => async (request) => {
    const said = typeof token === "function" ? token() : token;
    if (said) {
      request.header.set("authorization", `Bearer ${said}`);
    }
    return next(request);
  };
}
