/** What a builder says while it works: BuildKit's status messages, as the engine passes them on. */
import protobuf from 'protobufjs';

/** One step of a build, as of its Dockerfile. */
export interface BuildStep {
  digest: string;
  /** `[packages 2/3] RUN python3 -m pip install …`. */
  name: string;
  isCached: boolean;
  /** Milliseconds since the epoch. */
  startedAt?: number;
  endedAt?: number;
  error?: string;
}

export interface BuildUpdate {
  steps: BuildStep[];
  logs: { step: string; text: string }[];
}

/** The fields used here of moby/buildkit, api/services/control/control.proto. */
const STATUS = protobuf
  .parse(`
  syntax = "proto3";
  message StatusResponse { repeated Vertex vertexes = 1; repeated VertexLog logs = 3; }
  message Vertex { string digest = 1; string name = 3; bool cached = 4; Timestamp started = 5; Timestamp completed = 6; string error = 7; }
  message VertexLog { string vertex = 1; bytes msg = 4; }
  message Timestamp { int64 seconds = 1; int32 nanos = 2; }
`)
  .root.lookupType('StatusResponse');

interface Stamp {
  seconds?: number;
  nanos?: number;
}

interface Status {
  vertexes?: { digest: string; name?: string; cached?: boolean; started?: Stamp; completed?: Stamp; error?: string }[];
  logs?: { vertex: string; msg?: Buffer }[];
}

/** Reads the `aux` of an event with id `moby.buildkit.trace`. */
export function readStatus(aux: string): BuildUpdate {
  const status = STATUS.toObject(STATUS.decode(Buffer.from(aux, 'base64')), { longs: Number }) as Status;
  return {
    steps: (status.vertexes ?? []).map(({ digest, name = '', cached, started, completed, error }) => ({
      digest,
      name,
      isCached: cached ?? false,
      ...(started ? { startedAt: epochMs(started) } : {}),
      ...(completed ? { endedAt: epochMs(completed) } : {}),
      ...(error ? { error } : {}),
    })),
    logs: (status.logs ?? []).map(({ vertex, msg }) => ({ step: vertex, text: Buffer.from(msg ?? '').toString() })),
  };
}

function epochMs({ seconds = 0, nanos = 0 }: Stamp): number {
  return seconds * 1000 + nanos / 1e6;
}
